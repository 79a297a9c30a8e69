"""Times counted from now or from a day: "in two hours", "3 days from now", "a week on Friday"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from .date_words import word
from .numbers import read_number
from .spans import DAY, months_later

_SECONDS = {"second": 1, "seconds": 1, "minute": 60, "hour": 3600}
_DAYS = {"day": 1, "week": 7, "fortnight": 14}
_MONTHS = {"month": 1, "year": 12, "quarter": 3}
_FEW = {"few": 3, "couple": 2, "several": 5}
_MOST = 40 * 366
"""Days that an offset may have; more is no date that anyone plans for."""


@dataclass(frozen=True, slots=True)
class Offset:
    """A length of time as the calendar counts it: months, days, and seconds of the clock."""

    months: int = 0
    days: int = 0
    seconds: Fraction = Fraction(0)

    @property
    def is_exact(self) -> bool:
        """Whether it is counted on the clock, so that it leads to a moment rather than to a day."""
        return bool(self.seconds)

    def from_day(self, start: date) -> date:
        """The day that is this far from another."""
        return months_later(start, self.months) + self.days * DAY

    @property
    def clock(self) -> timedelta:
        """What is counted on the clock."""
        return timedelta(seconds=float(self.seconds))

    def __neg__(self) -> "Offset":
        return Offset(-self.months, -self.days, -self.seconds)


def read_offset(words: Sequence[str], at: int) -> tuple[Offset, int] | None:
    """The length of time that starts at `words[at]`, and where it ends; None when there is none."""
    months, days, seconds, last = 0, Fraction(0), Fraction(0), ""
    start = at
    while True:
        next_at = at + (word(words, at) == "and" and at > start)
        amount = _amount(words, next_at)
        unit = word(words, amount[1]) if amount else ""
        if amount is None or unit not in (*_SECONDS, *_DAYS, *_MONTHS):
            break
        number, at, last = amount[0], amount[1] + 1, unit
        if unit in _SECONDS:
            seconds += number * _SECONDS[unit]
        elif unit in _DAYS:
            days += number * _DAYS[unit]
        elif (number * _MONTHS[unit]).denominator == 1:
            months += int(number * _MONTHS[unit])
        else:
            return None
    if not last:
        return None
    if word(words, at) == "and" and last == "hour":  # "an hour and a half"
        part = read_number(words, at + 1)
        if part and part[0] < 1 and word(words, part[1]) not in _SECONDS:
            seconds, at = seconds + part[0] * 3600, part[1]
    whole = days.numerator // days.denominator
    seconds += (days - whole) * 86400
    if abs(months) * 31 + whole + seconds / 86400 > _MOST:
        return None
    return Offset(months, whole, seconds), at


def _amount(words: Sequence[str], at: int) -> tuple[Fraction, int] | None:
    """ "two", "a", "half an", "a couple of", "three quarters of an"."""
    start = at + (word(words, at) == "a" and word(words, at + 1) in _FEW)
    few = _FEW.get(word(words, start))
    if few:
        return Fraction(few), start + 1 + (word(words, start + 1) == "of")
    start = at + (words[at : at + 2] in (["a", "half"], ["a", "quarter"]))
    if number := read_number(words, start):
        after = number[1]
        after += word(words, after) == "of"
        return number[0], after + (word(words, after) in ("a", "an") and number[0] < 1)
    return (Fraction(1), at + 1) if word(words, at) in ("a", "an", "another", "one") else None
