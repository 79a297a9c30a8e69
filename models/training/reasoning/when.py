"""Days that have to be worked out from today: before and after others, in the month."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta

from .draw import Draw, Worked, ordinal

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
        (True, True): (
            "the day before the {d}",
            "one day before the {d}",
            "the day ahead of the {d}",
            "the evening before the {d}",
            "a day before the {d}",
            "on the eve of the {d}",
            "the day that comes before the {d}",
            "just the day before the {d}",
            "on the day before the {d}",
            "the day right before the {d}",
            "24 hours before the {d}",
        ),
        (True, False): (
            "the day after the {d}",
            "one day after the {d}",
            "a day after the {d}",
            "the day following the {d}",
            "on the day after the {d}",
            "the day that comes after the {d}",
            "the next day after the {d}",
            "just the day after the {d}",
            "the day past the {d}",
            "the day right after the {d}",
            "one day past the {d}",
        ),
        (False, True): (
            "{n} days before the {d}",
            "{n} days ahead of the {d}",
            "{n} days prior to the {d}",
            "{n} full days before the {d}",
            "on the day that is {n} days before the {d}",
            "{n} days in advance of the {d}",
            "exactly {n} days before the {d}",
            "when it is {n} days before the {d}",
            "{n} days earlier than the {d}",
            "{n} whole days ahead of the {d}",
            "at the latest {n} days before the {d}",
        ),
        (False, False): (
            "{n} days after the {d}",
            "{n} days past the {d}",
            "{n} days following the {d}",
            "{n} days later than the {d}",
            "on the day {n} days after the {d}",
            "exactly {n} days after the {d}",
            "{n} days on from the {d}",
            "when it is {n} days after the {d}",
            "{n} full days after the {d}",
            "{n} days beyond the {d}",
            "{n} days counted from the {d}",
        ),
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
    said = (
        (
            "{n} {u} from tomorrow",
            "{n} {u} after tomorrow",
            "{n} {u} counting from tomorrow",
            "tomorrow plus {n} {u}",
            "{n} {u} on from tomorrow",
            "{n} {u} past tomorrow",
            "{n} {u} later than tomorrow",
            "{n} {u} counted from tomorrow",
            "{n} {u} following tomorrow",
            "tomorrow and another {n} {u}",
            "{n} {u} starting from tomorrow",
        )
        if tomorrow
        else (
            "in {n} {u}",
            "{n} {u} from today",
            "{n} {u} from now",
            "in exactly {n} {u}",
            "{n} {u} on from today",
            "when {n} {u} have passed",
            "after {n} {u}",
            "in another {n} {u}",
            "{n} {u} hence",
            "{n} {u} ahead",
            "once {n} {u} are over",
            "{n} {u} later than today",
            "today plus {n} {u}",
        )
    )
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
    said = (
        (
            "on the {p} {w} of next month",
            "the {p} {w} of next month",
            "next month's {p} {w}",
            "the {p} {w} of the coming month",
            "the {p} {w} in the month after this one",
            "on next month's {p} {w}",
            "the {p} {w} in next month",
            "the {p} {w} of the month to come",
            "the {p} {w} of the following month",
            "next month on the {p} {w}",
        )
        if following
        else (
            "on the {p} {w} of the month",
            "the {p} {w} of this month",
            "this month's {p} {w}",
            "the {p} {w} in the month we are in",
            "the {p} {w} of the current month",
            "on this month's {p} {w}",
            "the {p} {w} in this month",
            "this month on the {p} {w}",
            "the {p} {w} of the month we have",
            "on the {p} {w} in the current month",
        )
    )
    words = draw.of(said).format(p=_PLACES[place], w=WEEKDAYS[weekday])
    return Worked(words, iso(answer), _to_nth(today, answer, place), (today, place, following, weekday))


def weeks_from(draw: Draw, today: date) -> Worked:
    """A week from Thursday."""
    while True:
        weekday, weeks = draw.between(0, 6), draw.between(1, 3)
        if draw.owns("weeks from", today.month, today.day, weekday, weeks):
            break
    said = (
        (
            "a week from {w}",
            "a week after {w}",
            "one week from {w}",
            "{w} plus a week",
            "a week on from {w}",
            "seven days after {w}",
            "one week after {w}",
            "a week counted from {w}",
            "a full week from {w}",
            "a week past {w}",
            "a week later than {w}",
        )
        if weeks == 1
        else (
            "{n} weeks from {w}",
            "{n} weeks after {w}",
            "{n} weeks on from {w}",
            "{w} plus {n} weeks",
            "{n} weeks counted from {w}",
            "{n} full weeks from {w}",
            "{n} weeks past {w}",
            "{n} weeks later than {w}",
            "{n} weeks starting from {w}",
            "{n} weeks following {w}",
        )
    )
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
    words = draw.of(
        (
            "{n} {w}s from now",
            "the {o} {w} from now",
            "{n} {w}s from today",
            "on the {o} {w} to come",
            "in {n} {w}s' time",
            "the {o} {w} that comes",
            "the {o} {w} after today",
            "the {o} {w} counting from today",
            "on the {o} {w} that is coming",
            "{n} {w}s on from today",
            "on the {o} {w} from today",
            "{n} {w}s ahead",
        )
    ).format(n=draw.count(count), o={2: "second", 3: "third", 4: "fourth"}[count], w=WEEKDAYS[weekday])
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
