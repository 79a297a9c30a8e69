"""Times of day as people say them: "half past seven", "8 o'clock", "quarter to 5", "9 in the evening"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time, tzinfo

from .date_words import MONTHS, WEEKDAYS, read_count, word
from .time_zones import zone

_TIME = re.compile(r"(\d{1,2})[:.](\d\d)")
_PAST = {"past": 1, "after": 1, "gone": 1, "to": -1, "of": -1, "til": -1, "before": -1}
_MINUTES = {"quarter": 15, "five": 5, "ten": 10, "twenty": 20, "5": 5, "10": 10, "20": 20, "25": 25}
_NO_ZONE = frozenset(
    [*WEEKDAYS, *MONTHS, "in", "on", "at", "today", "tomorrow", "tonight", "the", "mt", "et"]
)
"""Words that are about the day, and what is a word before it is a zone."""


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day. "7:30" may be in the morning or in the evening: then `sure` is False."""

    hour: int
    minute: int = 0
    second: int = 0
    sure: bool = False
    midnight: bool = False
    """The end of a day rather than its beginning."""
    zone: tzinfo | None = None
    """The time zone that was named, if any."""

    def candidates(self) -> tuple[time, ...]:
        """The times that it can mean, the one in the morning first."""
        own = time(self.hour % 24, self.minute, self.second)
        if self.sure:
            return (own,)
        hour = self.hour % 12
        return (own.replace(hour=hour), own.replace(hour=hour + 12))

    def in_part(self, part: str) -> "ClockTime":
        """This time in a part of the day: "nine" in the "evening" is 21:00."""
        if self.sure:
            return self
        hour = self.hour % 12
        if part in ("morning", "am") or (part == "night" and 0 < hour < 5):
            return replace(self, hour=hour, sure=True)
        if part == "night" and hour == 0:
            return replace(self, hour=0, sure=True, midnight=True)
        if part == "lunchtime" and hour == 11:
            return replace(self, hour=11, sure=True)
        return replace(self, hour=hour + 12, sure=True)


def read_clock(words: Sequence[str], at: int) -> tuple[ClockTime, int] | None:
    """The time of day that starts at `words[at]`, and where it ends."""
    found = _named(words, at) or _relative(words, at) or _written(words, at) or _spoken(words, at)
    if found is None:
        return None
    clock, at = found
    while True:
        if word(words, at) in ("am", "pm") and not clock.midnight:
            clock, at = _meridiem(clock, words[at]), at + 1
        elif word(words, at) in ("sharp", "ish", "oclock", "hour" if clock.sure else "sharp"):
            at += 1
        elif words[at : at + 3] in (["on", "the", "dot"], ["or", "so", ""]):
            at += 3
        else:
            break
    return in_zone(words, at, clock)


def _meridiem(clock: ClockTime, said: str) -> ClockTime:
    """17:30 pm is 17:30; 5:30 pm as well."""
    return clock if clock.sure else clock.in_part("morning" if said == "am" else "evening")


def _named(words: Sequence[str], at: int) -> tuple[ClockTime, int] | None:
    if word(words, at) == "12" and word(words, at + 1) in ("noon", "midnight"):
        at += 1
    if word(words, at) == "noon":
        return ClockTime(12, sure=True), at + 1
    if word(words, at) == "midnight":
        return ClockTime(0, sure=True, midnight=True), at + 1
    return None


def _relative(words: Sequence[str], at: int) -> tuple[ClockTime, int] | None:
    """ "half past seven", "half 8", "a quarter to nine", "ten past noon", "twenty five to six"."""
    start = at + (word(words, at) == "a")
    if word(words, start) == "half":
        after = start + 1 + (word(words, start + 1) in ("past", "after", "gone"))
        hour = _hour(words, after)
        return (_shifted(hour[0], 30), hour[1]) if hour else None
    minutes, after = _MINUTES.get(word(words, start), 0), start + 1
    if minutes == 20 and word(words, after) in ("five", "5"):
        minutes, after = 25, after + 1
    if not minutes:
        count = read_count(words, start)
        if count is None or word(words, count[1]) != "minute" or not 0 < count[0] < 60:
            return None
        minutes, after = count
    after += word(words, after) == "minute"
    direction = _PAST.get(word(words, after))
    hour = _hour(words, after + 1) if direction else None
    return (_shifted(hour[0], minutes * (direction or 0)), hour[1]) if hour else None


def _shifted(clock: ClockTime, minutes: int) -> ClockTime:
    total = clock.hour * 60 + clock.minute + minutes
    if not clock.sure and total < 60:  # "quarter to one"
        total += 12 * 60
    return replace(
        clock,
        hour=total // 60 % 24 if clock.sure else (total // 60 - 1) % 12 + 1,
        minute=total % 60,
        midnight=clock.midnight and minutes < 0,
    )


def _hour(words: Sequence[str], at: int) -> tuple[ClockTime, int] | None:
    """The hour in "half past _"."""
    named = _named(words, at)
    if named:
        return named
    count = read_count(words, at)
    if count is None or not 0 < count[0] < 24:
        return None
    return ClockTime(count[0], sure=count[0] > 12), count[1]


def _written(words: Sequence[str], at: int) -> tuple[ClockTime, int] | None:
    """ "7:30", "19.30", "06:10", "23:59:59" or "1430 hours"."""
    text = word(words, at)
    if text.isdigit() and len(text) == 4 and word(words, at + 1) == "hour":
        text, at = f"{text[:2]}:{text[2:]}", at + 1
    if re.fullmatch(r"\d{1,2}:\d\d:\d\d", text):
        hour, minute, second = map(int, text.split(":"))
    else:
        found = _TIME.fullmatch(text)
        if not found:
            return None
        hour, minute, second = int(found[1]), int(found[2]), 0
    if (hour, minute, second) == (24, 0, 0):
        return ClockTime(0, sure=True, midnight=True), at + 1
    if hour > 23 or minute > 59 or second > 59:
        return None
    sure = hour > 12 or text.startswith("0")
    return ClockTime(hour, minute, second, sure), at + 1


def _spoken(words: Sequence[str], at: int) -> tuple[ClockTime, int] | None:
    """ "seven", "7 pm", "eight forty five", "six oh five", "7 30"."""
    if word(words, at).isdigit() and len(words[at]) > 2:
        return None
    hour = read_count(words, at)
    if hour is None or not 0 <= hour[0] < 24:
        return None
    value, at = hour
    minute = 0
    if word(words, at) in ("oh", "o") and (count := read_count(words, at + 1)) and count[0] < 10:
        minute, at = count
    elif count := read_count(words, at):
        digits = word(words, at).isdigit()
        if 10 <= count[0] < 60 and (not digits or len(words[at]) == 2) and not _is_day_or_hour(words, count):
            minute, at = count
    return ClockTime(value, minute, sure=value > 12 or value == 0), at


def _is_day_or_hour(words: Sequence[str], count: tuple[int, int]) -> bool:
    """Whether a number goes with what follows rather than being minutes."""
    return word(words, count[1]) in ("past", "to", "oclock", "minute", "hour", "of")


def in_zone(words: Sequence[str], at: int, clock: ClockTime) -> tuple[ClockTime, int]:
    """The time with the zone at `words[at]`, as in "3pm in Tokyo" or "10 am Pacific time", and its end.

    Without one it is the time as it was.
    """
    start = at + (word(words, at) == "in")
    for length in (4, 3, 2, 1):
        name = words[start : start + length]
        if len(name) < length or not _NO_ZONE.isdisjoint(name):
            continue
        try:
            return replace(clock, zone=zone(" ".join(name))), start + length
        except ValueError:
            continue
    return clock, at
