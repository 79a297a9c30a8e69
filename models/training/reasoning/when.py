"""Days that have to be worked out from today: before and after others, in the month, in a row."""

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
        ),
        (True, False): (
            "the day after the {d}",
            "one day after the {d}",
            "a day after the {d}",
            "the day following the {d}",
            "on the day after the {d}",
        ),
        (False, True): (
            "{n} days before the {d}",
            "{n} days ahead of the {d}",
            "{n} days prior to the {d}",
            "{n} full days before the {d}",
            "on the day that is {n} days before the {d}",
        ),
        (False, False): (
            "{n} days after the {d}",
            "{n} days past the {d}",
            "{n} days following the {d}",
            "{n} days later than the {d}",
            "on the day {n} days after the {d}",
        ),
    }[count == 1, before]
    words = draw.of(said).format(n=draw.count(count), d=ordinal(number))
    return Worked(
        words, iso(answer), (*lines, *_steps(base, -count if before else count)), (today, number, count)
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
        )
        if tomorrow
        else (
            "in {n} {u}",
            "{n} {u} from today",
            "{n} {u} from now",
            "in exactly {n} {u}",
            "{n} {u} on from today",
            "when {n} {u} have passed",
        )
    )
    words = draw.of(said).format(n=draw.count(count), u=unit)
    total = (7 * count if weeks else count) + tomorrow
    lines = [_today(today)]
    if weeks:
        lines.append(f"{count}*7={7 * count}")
    if tomorrow:
        lines.append(f"{total - 1}+1={total}")
    return Worked(words, iso(today + timedelta(days=total)), (*lines, *_steps(today, total)), (today, total))


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
        )
        if following
        else (
            "on the {p} {w} of the month",
            "the {p} {w} of this month",
            "this month's {p} {w}",
            "the {p} {w} in the month we are in",
            "the {p} {w} of the current month",
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
        )
        if weeks == 1
        else (
            "{n} weeks from {w}",
            "{n} weeks after {w}",
            "{n} weeks on from {w}",
            "{w} plus {n} weeks",
            "{n} weeks counted from {w}",
        )
    )
    words = draw.of(said).format(n=draw.count(weeks), w=WEEKDAYS[weekday])
    ahead = (weekday - today.weekday() - 1) % 7 + 1
    total = ahead + 7 * weeks
    lines = (_today(today), _ahead(today, weekday), f"{ahead}+{7 * weeks}={total}")
    return Worked(
        words, iso(today + timedelta(days=total)), (*lines, *_steps(today, total)), (today, weekday, weeks)
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
        )
    ).format(n=draw.count(count), o={2: "second", 3: "third", 4: "fourth"}[count], w=WEEKDAYS[weekday])
    ahead = (weekday - today.weekday() - 1) % 7 + 1
    total = ahead + 7 * (count - 1)
    lines = (_today(today), _ahead(today, weekday), f"{ahead}+{7 * (count - 1)}={total}")
    return Worked(
        words, iso(today + timedelta(days=total)), (*lines, *_steps(today, total)), (today, weekday, count)
    )


def several_days(draw: Draw, now: datetime) -> Worked:
    """Every other day for two weeks: a list, from today or tomorrow on, or the next Fridays."""
    today = now.date()
    while True:
        style = draw.any(("step", "step", "weekday"))
        if style == "step":
            step, span, tomorrow = draw.between(1, 4), draw.any((4, 5, 6, 7, 8, 10, 12, 14)), draw.chance(0.5)
            if (step == 1 and span > 7) or span < 2 * step:
                continue
            offsets = list(range(int(tomorrow), int(tomorrow) + span, step))
            numbers: tuple[object, ...] = ("every", today.month, today.day, step, span, tomorrow)
        else:
            weekday, count = draw.between(0, 6), draw.between(2, 4)
            ahead = (weekday - today.weekday() - 1) % 7 + 1
            offsets = [ahead + 7 * number for number in range(count)]
            numbers = ("next weekdays", today.month, today.day, weekday, count)
        if draw.owns(*numbers):
            break
    days = [today + timedelta(days=offset) for offset in offsets]
    lines = [_today(today)]
    if style == "step":
        how = {
            1: ("every day", "each day", "daily", "every single day", "day by day"),
            2: (
                "every other day",
                "every second day",
                "every two days",
                "on every other day",
                "each second day",
            ),
            3: (
                "every third day",
                "every three days",
                "each third day",
                "once every three days",
                "on every third day",
            ),
            4: (
                "every fourth day",
                "every four days",
                "each fourth day",
                "once every four days",
                "on every fourth day",
            ),
        }[step]
        long = {7: "a week", 14: "two weeks"}.get(span, f"{draw.count(span)} days")
        start = "tomorrow" if tomorrow else "today"
        words = draw.of(
            (
                "{h} for {l} starting {s}",
                "{h} for {l} from {s}",
                "{h} for the {l} from {s} on",
                "{h} for {l} beginning {s}",
                "starting {s}, {h} for {l}",
                "{h}, {l} long, from {s}",
            )
        ).format(h=draw.of(how), l=long, s=start)
        if "the a week" in words:
            words = words.replace("the a week", "the week")
        if tomorrow:
            lines += _steps(today, 1)[:-1]
        lines.append(f"{span}/{step}={len(days)}" if span % step == 0 else f"{span}/{step}+1={len(days)}")
    else:
        words = draw.of(
            (
                "on the next {n} {w}s",
                "the next {n} {w}s",
                "on the coming {n} {w}s",
                "for the next {n} {w}s",
                "on each of the next {n} {w}s",
                "the {n} {w}s ahead",
            )
        ).format(n=draw.count(len(days)), w=WEEKDAYS[weekday])
        lines += [_ahead(today, weekday), *_steps(today, offsets[0])[:-1]]
    lines.append(" ".join(f"{one:%m-%d}" for one in days))
    return Worked(words, [iso(one) for one in days], tuple(lines), numbers)


def iso(value: date) -> str:
    """`2026-11-27`"""
    return value.isoformat()


def _today(today: date) -> str:
    return f"{WEEKDAYS[today.weekday()]} {iso(today)}"


def _the(today: date, number: int) -> tuple[date, tuple[str, ...]]:
    """The 3rd that comes next, and the lines that find it."""
    year, month = (today.year, today.month) if number > today.day else _month_after(today)
    sign = ">" if number > today.day else "<"
    base = date(year, month, number)
    return base, (_today(today), f"{number}{sign}{today.day} {iso(base)}")


def _steps(base: date, days: int) -> list[str]:
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


def _ahead(base: date, weekday: int) -> str:
    """How far it is to the next such weekday."""
    ahead = (weekday - base.weekday() - 1) % 7 + 1
    return f"{WEEKDAYS[base.weekday()]} to {WEEKDAYS[weekday]} {ahead}"


def _to_nth(today: date, answer: date, place: int) -> tuple[str, ...]:
    """From today to the next such weekday, and from there in weeks to the one that is meant."""
    lines = [_today(today), _ahead(today, answer.weekday())]
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
