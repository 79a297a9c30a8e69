"""Lengths of time as people say them: "10 minutes", "1h30", "an hour and a half", "half an hour"."""

import re
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction

from .numbers import read_number

LONGEST = timedelta(days=366)

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_SHORT = {
    "s": "second",
    "sec": "second",
    "m": "minute",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "d": "day",
}
_UNITS = {word: _SECONDS[_SHORT.get(word, word)] for word in (*_SECONDS, *_SHORT)}
_UNITS |= {f"{word}s": size for word, size in _UNITS.items() if len(word) > 1}
_NEXT_SMALLER = {604800: 86400, 86400: 3600, 3600: 60, 60: 1}
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[a-z]+|:")
_CLOCK = re.compile(r"(\d+):([0-5]\d)(?::([0-5]\d))?(?:\s*(hours?|hrs?|h|minutes?|mins?|m))?")


def duration(said: str) -> timedelta:
    """How long `said` is. Raises ValueError with a sentence for the person when it is no length of time."""
    text = re.sub(r"(?<=\w)-(?=[a-z])", " ", said.lower()).strip().rstrip(".")
    clock = _CLOCK.fullmatch(text)
    seconds = _clock_seconds(clock) if clock else _spoken_seconds(_TOKEN.findall(text))
    if not seconds or set(re.sub(r"\d+(?:\.\d+)?|[a-z:]", "", text)) - set(" ,"):
        raise ValueError(
            f"{said!r} is not a length of time. Say it like '10 minutes' or 'an hour and a half'."
        )
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"{said!r} is longer than a year.")
    return timedelta(seconds=float(seconds))


def _clock_seconds(found: re.Match[str]) -> int:
    """1:30 is a minute and a half, unless hours are named; 1:30:00 is always hours."""
    first, second, third, unit = found.groups()
    if third is not None:
        return int(first) * 3600 + int(second) * 60 + int(third)
    big = 3600 if unit and unit.startswith("h") else 60
    return int(first) * big + int(second) * big // 60


def _spoken_seconds(words: Sequence[str]) -> Fraction | None:
    """The sum of all "number unit" pairs; None when anything is left over."""
    total, last_unit, at = Fraction(0), 0, 0
    while at < len(words):
        if words[at] == "and" and last_unit:
            at += 1
        amount, after = _amount(words, at)
        if amount is None:
            return None
        at = after
        if at < len(words) and words[at] == "of":
            at += 1
        if at + 1 < len(words) and words[at] in ("a", "an") and words[at + 1] in _UNITS:
            at += 1
        if at < len(words) and words[at] in _UNITS:
            last_unit = _UNITS[words[at]]
            total, at = total + amount * last_unit, at + 1
        elif at == len(words) and last_unit:
            # "an hour and a half" is half an hour more; "1 hr 15" goes on in the next unit
            unit = last_unit if amount < 1 else _NEXT_SMALLER.get(last_unit, 0)
            return total + amount * unit if unit else None
        else:
            return None
    return total


def _amount(words: Sequence[str], at: int) -> tuple[Fraction | None, int]:
    found = read_number(words, at)
    if found is not None:
        return found
    if at < len(words) and words[at] in ("a", "an"):
        return Fraction(1), at + 1
    return None, at
