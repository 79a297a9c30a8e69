"""Days that have to be worked out from today: before and after others, in the month."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta

from ...sums import WEEKDAYS
from .draw import Draw, Worked, ordinal, worked
from .wordings import days, weekdays

_PLACES = ("first", "second", "third", "last")


def day(draw: Draw, now: datetime) -> Worked:
    """A single day; its thought starts from today as the facts tell it."""
    kinds = (beside_the, beside_the, in_some_time, weekday_of_month, weeks_from, nth_weekday)
    return draw.any(kinds)(draw, now.date())


def beside_the(draw: Draw, today: date) -> Worked:
    """Two days before the 3rd."""
    while True:
        number, count, before = draw.between(1, 28), draw.between(1, 6), draw.chance(0.6)
        if number != today.day and draw.owns("beside", today.month, number, count, before):
            break
    year, month = (today.year, today.month) if number > today.day else _month_after(today)
    base = date(year, month, number)
    answer = base + timedelta(days=-count if before else count)
    said = {
        (True, True): days.DAY_BEFORE,
        (True, False): days.DAY_AFTER,
        (False, True): days.DAYS_BEFORE,
        (False, False): days.DAYS_AFTER,
    }[count == 1, before]
    words = draw.of(said).format(n=draw.count(count), d=ordinal(number))
    lines = (worked(f"{today}>{number}"), worked(f"{base}{'-' if before else '+'}{count}"))
    return Worked(words, iso(answer), lines, (today, number, count))


def in_some_time(draw: Draw, today: date) -> Worked:
    """In ten days; three weeks from today."""
    while True:
        weeks = draw.chance(0.5)
        count = draw.between(2, 6) if weeks else draw.between(3, 25)
        tomorrow = draw.chance(0.3)
        if draw.owns("in", today.month, today.day, weeks, count, tomorrow):
            break
    unit = "weeks" if weeks else "days"
    said = days.AFTER_TOMORROW if tomorrow else days.IN_SOME_TIME
    words = draw.of(said).format(n=draw.count(count), u=unit)
    total = (7 * count if weeks else count) + tomorrow
    line = worked(f"{today}+{count}" + ("*7" if weeks else "") + ("+1" if tomorrow else ""))
    return Worked(words, iso(today + timedelta(days=total)), (line,), (today, total))


def weekday_of_month(draw: Draw, today: date) -> Worked:
    """The last Friday of the month; the second Tuesday of next month."""
    while True:
        place, following, weekday = draw.between(0, 3), draw.chance(0.5), draw.between(0, 6)
        year, month = _month_after(today) if following else (today.year, today.month)
        answer = _nth(year, month, weekday, place)
        if answer > today and draw.owns("month", today.month, today.day, place, following, weekday):
            break
    said = weekdays.OF_NEXT_MONTH if following else weekdays.OF_THIS_MONTH
    words = draw.of(said).format(p=_PLACES[place], w=WEEKDAYS[weekday])
    this = f"{today:%Y-%m}"
    nth = "last" if place == 3 else str(place + 1)
    lines = [worked(f"{this}+1")] if following else []
    lines.append(worked(f"{nth} {WEEKDAYS[weekday]} {answer:%Y-%m}"))
    return Worked(words, iso(answer), tuple(lines), (today, place, following, weekday))


def weeks_from(draw: Draw, today: date) -> Worked:
    """A week from Thursday."""
    while True:
        weekday, weeks = draw.between(0, 6), draw.between(1, 3)
        if draw.owns("weeks from", today.month, today.day, weekday, weeks):
            break
    said = weekdays.WEEK_FROM if weeks == 1 else weekdays.WEEKS_FROM
    words = draw.of(said).format(n=draw.count(weeks), w=WEEKDAYS[weekday])
    ahead = (weekday - today.weekday() - 1) % 7 + 1
    answer = today + timedelta(days=ahead + 7 * weeks)
    lines = _from_next(today, ahead, weekday, f"+{weeks}*7")
    return Worked(words, iso(answer), lines, (today, weekday, weeks))


def nth_weekday(draw: Draw, today: date) -> Worked:
    """Three Fridays from now: the third one that comes."""
    while True:
        weekday, count = draw.between(0, 6), draw.between(2, 4)
        if draw.owns("nth", today.month, today.day, weekday, count):
            break
    words = draw.of(weekdays.NTH_WEEKDAY).format(
        n=draw.count(count), o={2: "second", 3: "third", 4: "fourth"}[count], w=WEEKDAYS[weekday]
    )
    ahead = (weekday - today.weekday() - 1) % 7 + 1
    answer = today + timedelta(days=ahead + 7 * (count - 1))
    lines = _from_next(today, ahead, weekday, f"+{count}*7-7")
    return Worked(words, iso(answer), lines, (today, weekday, count))


def iso(value: date) -> str:
    """`2026-11-27`"""
    return value.isoformat()


def _from_next(today: date, ahead: int, weekday: int, later: str) -> tuple[str, ...]:
    """The next such weekday, and from there to a later one."""
    return (
        worked(f"{today}>{WEEKDAYS[weekday]}"),
        worked(f"{today + timedelta(days=ahead)}{later}"),
    )


def _nth(year: int, month: int, weekday: int, place: int) -> date:
    days = [
        date(year, month, number)
        for number in range(1, monthrange(year, month)[1] + 1)
        if date(year, month, number).weekday() == weekday
    ]
    return days[-1 if place == 3 else place]


def _month_after(today: date) -> tuple[int, int]:
    return (today.year, today.month + 1) if today.month < 12 else (today.year + 1, 1)
