"""Times of day and days as they stand in a request: enough to know that one was said, not what it means."""

from __future__ import annotations

import re

_CLOCK = r"\d{1,2}(?::\d\d)? ?(?:[ap]m|[ap]\.m\.)|\d{1,2}:\d\d|noon|midnight"
_DAY = r"today|tonight|tomorrow|yesterday|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_TIME = re.compile(rf"(?<!\w)(?:(?:on|at|next|this) )*(?:{_CLOCK}|{_DAY})(?!\w)", re.IGNORECASE)


def says_time(text: str) -> bool:
    """Whether `text` names a time of day or a day: "4pm", "16:30", "at noon", "next Friday"."""
    return _TIME.search(text) is not None


def without_times(text: str) -> list[str]:
    """What is left of `text` on both sides of each time that it names."""
    return [piece for piece in _TIME.split(text) if piece.strip()]
