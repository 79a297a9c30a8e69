"""Dates and times in ISO 8601. What is said in words ("tomorrow at 2pm") is kept as it was said."""

import re
from datetime import date, datetime, time, timedelta

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
_TIME = re.compile(r"\d\d:\d\d(?::\d\d)?")


def iso_moment(said: str, now: datetime) -> datetime | date | None:
    """The moment that `said` is: a date, a date and time, or a time: the next one after the local `now`.

    Without an offset it is local time wherever the clock is read. None when it is not plain ISO 8601 or no
    such day or hour exists.
    """
    text = said.strip()
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _DATE_TIME.fullmatch(text):
            return datetime.fromisoformat(text)
        if _TIME.fullmatch(text):
            moment = datetime.combine(now.date(), time.fromisoformat(text))
            return moment if moment > now.replace(tzinfo=None) else moment + timedelta(days=1)
    except ValueError:
        pass
    return None
