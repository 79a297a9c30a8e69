"""Moments and numbers in words."""

from datetime import datetime


def ago(moment: datetime) -> str:
    """When something was, in few words: "today at 14:05", "yesterday at 09:12", "on 3 May 2026"."""
    local = moment.astimezone()
    days = (datetime.now().astimezone().date() - local.date()).days
    if days > 1:
        return f"on {local.day} {local:%B %Y}"
    return f"{'yesterday' if days == 1 else 'today'} at {local:%H:%M}"


def requests(number: int) -> str:
    """So many requests, in words."""
    return "1 request" if number == 1 else f"{number} requests"
