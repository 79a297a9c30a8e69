"""Days that are named: "tomorrow", "next Friday", "the 16th", "March 3rd", "the last Friday of the month"."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

from dateutil.easter import easter

from .date_words import MONTHS, WEEKDAYS, read_ordinal, word
from .spans import (
    DAY,
    WEEK,
    Days,
    Span,
    days,
    month_of,
    next_date,
    next_day_of_month,
    nth_weekday,
    week_of,
    weekday_on_or_after,
)

Numbers = Literal["ask", "day first", "month first"]
"""How dates in numbers are read: 3/4 is 3 April or March 4."""

_NUMBERS = re.compile(r"(\d{1,4})[/.](\d{1,2})(?:[/.](\d{2,4}))?")
_FIXED = {
    "today": 0,
    "tonight": 0,
    "tomorrow": 1,
    "yesterday": -1,
}


class NoSuchDay(ValueError):
    """The calendar has no such day; the message is a sentence for the person."""


def read_named_day(words: Sequence[str], at: int, today: date, numbers: Numbers) -> tuple[Days, int] | None:
    """The day that starts at `words[at]`, and where it ends. Raises NoSuchDay for the like of 31 June."""
    found = (
        _relative(words, at, today)
        or _of_month(words, at, today)
        or _weekday(words, at, today)
        or _easter(words, at, today)
        or _in_numbers(words, at, today, numbers)
        or _date(words, at, today)
    )
    return found


def _relative(words: Sequence[str], at: int, today: date) -> tuple[Days, int] | None:
    if word(words, at) in _FIXED:
        return days(today + _FIXED[words[at]] * DAY), at + 1
    if words[at : at + 3] == ["day", "after", "tomorrow"]:
        return days(today + 2 * DAY), at + 3
    if words[at : at + 3] == ["day", "before", "yesterday"]:
        return days(today - 2 * DAY), at + 3
    if words[at : at + 2] == ["last", "night"]:
        return days(today - DAY), at + 1
    return None


def _weekday(words: Sequence[str], at: int, today: date) -> tuple[Days, int] | None:
    """ "Friday", "this Friday", "next Friday", "last Friday", "Friday week"."""
    modifier = word(words, at) if word(words, at) in ("this", "next", "last", "coming") else ""
    name = at + bool(modifier)
    if modifier == "this" and word(words, name) in ("coming", "next"):
        modifier, name = "coming", name + 1
    if word(words, name) not in WEEKDAYS:
        return None
    wanted, after = WEEKDAYS.index(words[name]), name + 1
    ahead = weekday_on_or_after(today + DAY, wanted)
    if word(words, after) == "week" and not modifier:
        return days(ahead + WEEK, weekday=wanted), after + 1
    if modifier == "next":
        return replace(_next_weekday(today, ahead), weekday=wanted), after
    if modifier == "last":
        return days(ahead - (2 * WEEK if ahead - WEEK == today else WEEK), weekday=wanted), after
    if wanted != today.weekday():
        return days(ahead, weekday=wanted), after
    if modifier == "this":
        return days(today, weekday=wanted), after
    dates = (ahead,) if modifier else (today, ahead)
    return days(*dates, otherwise=ahead, weekday=wanted), after


def _next_weekday(today: date, ahead: date) -> Days:
    """ "Next Friday" on a Tuesday is this week's for some, next week's for more; tomorrow it never is."""
    if week_of(ahead) != week_of(today):
        return days(ahead)
    return days(ahead + WEEK, ahead) if ahead - today > DAY else days(ahead + WEEK)


def _of_month(words: Sequence[str], at: int, today: date) -> tuple[Days, int] | None:
    """ "last Friday of the month", "first Monday in May", "last day of June"."""
    ordinal = read_ordinal(words, at)
    number, after = (-1, at + 1) if word(words, at) == "last" else ordinal or (0, at)
    name = word(words, after)
    if not number or name not in (*WEEKDAYS, "day") or word(words, after + 1) not in ("of", "in"):
        return None
    month = _which_month(words, after + 2, today)
    if month is None:
        return None
    for later in range(12):
        this = month[0][later] if later < len(month[0]) else None
        if this is None:
            break
        if name == "day":
            found: date | None = this.after - DAY if number < 0 else this.first + (number - 1) * DAY
        else:
            found = nth_weekday(this, WEEKDAYS.index(name), number)
        if found is not None and this.first <= found < this.after and found >= today:
            return days(found), month[1]
    raise NoSuchDay(f"There is no such day in that month: {' '.join(words[at : month[1]])}.")


def _which_month(words: Sequence[str], at: int, today: date) -> tuple[list[Span], int] | None:
    """The months that "the month", "next month", "May" or "May 2027" may be, the nearest first."""
    at += word(words, at) == "the"
    if word(words, at) in ("month", "this", "next", "each", "every"):
        offset = 1 if words[at] == "next" else 0
        at += words[at] != "month"
        if word(words, at) != "month":
            return None
        return [
            month_of(today.year, today.month + offset + later) for later in (range(2) if not offset else (0,))
        ], at + 1
    if word(words, at) not in MONTHS:
        return None
    month = MONTHS.index(words[at]) + 1
    year = read_year(words, at + 1)
    if year:
        return [month_of(year[0], month)], year[1]
    return [month_of(today.year + later, month) for later in range(9)], at + 1


def _easter(words: Sequence[str], at: int, today: date) -> tuple[Days, int] | None:
    names = {("easter", "sunday"): 0, ("easter", "monday"): 1, ("good", "friday"): -2, ("easter",): 0}
    for name, offset in names.items():
        if tuple(words[at : at + len(name)]) == name:
            found = (easter(year) + timedelta(days=offset) for year in (today.year, today.year + 1))
            return days(next(day for day in found if day >= today)), at + len(name)
    return None


def _in_numbers(words: Sequence[str], at: int, today: date, numbers: Numbers) -> tuple[Days, int] | None:
    """ "3/4", "3/4/2027", "2027/04/03", "24.12.2026"."""
    found = _NUMBERS.fullmatch(word(words, at))
    if not found or ("." in found[0] and not found[3]):
        return None
    first, second, third = int(found[1]), int(found[2]), int(found[3]) if found[3] else None
    if first > 31:
        return days(_day(first, second, third or 1)), at + 1
    if third is not None and third < 100:
        third += 2000
    orders = {"day first": [(second, first)], "month first": [(first, second)]}.get(numbers)
    if orders is None:
        orders = [(second, first), (first, second)] if "/" in found[0] else [(second, first)]
    if len(orders) == 1 and orders[0][0] > 12:
        orders = [(orders[0][1], orders[0][0])]  # 12/24 has one reading, whatever was set
    dates = []
    for month, number in dict.fromkeys(orders):
        if month <= 12 and number <= 31:
            if third is not None:
                dates.append(_day(third, month, number))
            elif (next_one := next_date(today, month, number)) is not None:
                dates.append(next_one)
    if not dates:
        raise NoSuchDay(f"There is no day {found[0]}.")
    return days(*dates), at + 1


def _date(words: Sequence[str], at: int, today: date) -> tuple[Days, int] | None:
    """ "March 3rd", "3 March 2027", "the third of March", "the 16th"."""
    month_first = word(words, at) in MONTHS
    if month_first:
        found = read_ordinal(words, at + 1 + (word(words, at + 1) == "the")) or _digits(words, at + 1)
        if found is None:
            return None
        month, number, after = MONTHS.index(words[at]) + 1, found[0], found[1]
    else:
        ordinal = read_ordinal(words, at)
        found = ordinal or _digits(words, at)
        if found is None:
            return None
        number, after = found
        after += word(words, after) == "of"
        if word(words, after) not in MONTHS:
            return _of_any_month(words, at, number, found[1], today) if ordinal else None
        month, after = MONTHS.index(words[after]) + 1, after + 1
    year = read_year(words, after)
    if year:
        return days(_day(year[0], month, number)), year[1]
    nearest = next_date(today, month, number)
    if nearest is None:
        raise NoSuchDay(f"{MONTHS[month - 1].capitalize()} has no day {number}.")
    return days(nearest, otherwise=next_date(today, month, number, after=True)), after


def _of_any_month(
    words: Sequence[str], at: int, number: int, after: int, today: date
) -> tuple[Days, int] | None:
    """ "the 16th", also "the 16th of next month"."""
    if word(words, after) in ("of", "next", "this"):
        month = _which_month(words, after + (words[after] == "of"), today)
        if month is not None:
            first = month[0][0].first
            return days(_day(first.year, first.month, number)), month[1]
    if word(words, after) == "of":
        return None
    nearest = next_day_of_month(today, number)
    if nearest is None:
        raise NoSuchDay(f"No month has a day {number}.")
    return days(nearest, otherwise=next_day_of_month(today, number, after=True)), after


def _digits(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """A day of the month in digits: not the hour of "March 3 pm", nor a word."""
    text = word(words, at)
    if text.isdigit() and len(text) <= 2 and word(words, at + 1) not in ("am", "pm", "oclock"):
        return int(text), at + 1
    return None


def read_year(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """A year from 1900 to 2199, in digits."""
    text = word(words, at)
    if len(text) == 4 and text.isdigit() and 1900 <= int(text) < 2200 and word(words, at + 1) != "hour":
        return int(text), at + 1
    return None


def _day(year: int, month: int, number: int) -> date:
    try:
        return date(year, month, number)
    except ValueError as error:
        name = MONTHS[month - 1].capitalize() if 0 < month <= 12 else f"month {month}"
        raise NoSuchDay(f"{name} {year} has no day {number}.") from error
