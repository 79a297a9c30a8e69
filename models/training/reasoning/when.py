"""Days that have to be worked out from today: before and after others, in the month."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta

from .draw import Draw, Worked, ordinal
from .wordings import days, weekdays

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PLACES = ("first", "second", "third", "last")


def day(draw: Draw, now: datetime) -> Worked:
    """A single day; its thought starts with today as the facts tell it."""
    kinds = (beside_the, beside_the, in_some_time, weekday_of_month, weeks_from, nth_weekday)
    return draw.any(kinds)(draw, now.date())


def beside_the(draw: Draw, today: date) -> Worked:
    """Two days before the 3rd."""
    while True:
        number, count, before = draw.between(1, 28), draw.between(1, 6), draw.chance(0.6)
        if number != today.day and draw.owns("beside", today.month, number, count, before):
            break
    base, lines = _the(today, number)
    answer = base + timedelta(days=-count if before else count)
    said = {
        (True, True): days.DAY_BEFORE,
        (True, False): days.DAY_AFTER,
        (False, True): days.DAYS_BEFORE,
        (False, False): days.DAYS_AFTER,
    }[count == 1, before]
    words = draw.of(said).format(n=draw.count(count), d=ordinal(number))
    return Worked(
        words, iso(answer), (*lines, *steps_to(base, -count if before else count)), (today, number, count)
    )


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
    lines = [today_line(today)]
    if weeks:
        lines.append(f"{count}*7={7 * count}")
    if tomorrow:
        lines.append(f"{total - 1}+1={total}")
    return Worked(
        words, iso(today + timedelta(days=total)), (*lines, *steps_to(today, total)), (today, total)
    )


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
    return Worked(words, iso(answer), _to_nth(today, answer, place), (today, place, following, weekday))


def weeks_from(draw: Draw, today: date) -> Worked:
    """A week from Thursday."""
    while True:
        weekday, weeks = draw.between(0, 6), draw.between(1, 3)
        if draw.owns("weeks from", today.month, today.day, weekday, weeks):
            break
    said = weekdays.WEEK_FROM if weeks == 1 else weekdays.WEEKS_FROM
    words = draw.of(said).format(n=draw.count(weeks), w=WEEKDAYS[weekday])
    ahead = (weekday - today.weekday() - 1) % 7 + 1
    total = ahead + 7 * weeks
    lines = (today_line(today), ahead_line(today, weekday), f"{ahead}+{7 * weeks}={total}")
    return Worked(
        words, iso(today + timedelta(days=total)), (*lines, *steps_to(today, total)), (today, weekday, weeks)
    )


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
    total = ahead + 7 * (count - 1)
    lines = (today_line(today), ahead_line(today, weekday), f"{ahead}+{7 * (count - 1)}={total}")
    return Worked(
        words, iso(today + timedelta(days=total)), (*lines, *steps_to(today, total)), (today, weekday, count)
    )


def iso(value: date) -> str:
    """`2026-11-27`"""
    return value.isoformat()


def today_line(today: date) -> str:
    return f"{WEEKDAYS[today.weekday()]} {iso(today)}"


def _the(today: date, number: int) -> tuple[date, tuple[str, ...]]:
    """The 3rd that comes next, and the lines that find it."""
    year, month = (today.year, today.month) if number > today.day else _month_after(today)
    sign = ">" if number > today.day else "<"
    base = date(year, month, number)
    return base, (today_line(today), f"{number}{sign}{today.day} {iso(base)}")


def steps_to(base: date, days: int) -> list[str]:
    """The lines from one day to another one: the sum, the turn of the month where there is one, the day."""
    lines = []
    current, left = base, base.day + days
    lines.append(f"{base.day}{days:+d}={left}")
    while left < 1 or left > monthrange(current.year, current.month)[1]:
        if left < 1:
            year, month = (current.year, current.month - 1) if current.month > 1 else (current.year - 1, 12)
            length = monthrange(year, month)[1]
            lines.append(f"{length}{left:+d}={length + left}" if left else f"{length}-0={length}")
            left += length
        else:
            length = monthrange(current.year, current.month)[1]
            year, month = _month_after(current)
            lines.append(f"{left}-{length}={left - length}")
            left -= length
        current = date(year, month, 1)
    answer = base + timedelta(days=days)
    assert (current.month, left) == (answer.month, answer.day)
    return [*lines, iso(answer)]


def ahead_line(base: date, weekday: int) -> str:
    """How far it is to the next such weekday."""
    ahead = (weekday - base.weekday() - 1) % 7 + 1
    return f"{WEEKDAYS[base.weekday()]} to {WEEKDAYS[weekday]} {ahead}"


def _to_nth(today: date, answer: date, place: int) -> tuple[str, ...]:
    """From today to the next such weekday, and from there in weeks to the one that is meant."""
    lines = [today_line(today), ahead_line(today, answer.weekday())]
    ahead = (answer.weekday() - today.weekday() - 1) % 7 + 1
    found = today.day + ahead
    lines.append(f"{today.day}+{ahead}={found}")
    length = monthrange(today.year, today.month)[1]
    same = (answer.year, answer.month) == (today.year, today.month)
    if not same:
        row = [found]
        while row[-1] <= length:
            row.append(row[-1] + 7)
        if len(row) > 1:
            lines.append(" ".join(map(str, row)))
        lines.append(f"{row[-1]}-{length}={row[-1] - length}")
        found, length = row[-1] - length, monthrange(answer.year, answer.month)[1]
    if place == 3:
        row = [found]
        while row[-1] <= length:
            row.append(row[-1] + 7)
        lines.append(" ".join(map(str, row)) + f">{length}")
    elif same:
        lines.append(" ".join(str(number) for number in range(answer.day % 7 or 7, answer.day + 1, 7)))
    else:
        lines.append(" ".join(str(number) for number in range(found, answer.day + 1, 7)))
    return (*lines, iso(answer))


def _nth(year: int, month: int, weekday: int, place: int) -> date:
    days = [
        date(year, month, number)
        for number in range(1, monthrange(year, month)[1] + 1)
        if date(year, month, number).weekday() == weekday
    ]
    return days[-1 if place == 3 else place]


def _month_after(today: date) -> tuple[int, int]:
    return (today.year, today.month + 1) if today.month < 12 else (today.year + 1, 1)
