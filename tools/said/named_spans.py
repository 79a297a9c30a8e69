"""Runs of days that are named: "next week", "the weekend", "in June", "the rest of the month", "Q2"."""

from collections.abc import Sequence
from datetime import date

from .date_words import MONTHS, read_count, read_ordinal, word
from .named_days import Numbers, read_named_day, read_year
from .spans import DAY, WEEK, Days, Span, day, month_of, months_later, week_of

_WHICH = {"this": 0, "": 0, "next": 1, "last": -1, "following": 1}
_FEW = {"few": 3, "couple": 2, "several": 5}


def read_named_span(words: Sequence[str], at: int, today: date, numbers: Numbers) -> tuple[Days, int] | None:
    """The days that start at `words[at]`, and where the words end; None when they name no such run."""
    return (
        _part_of(words, at, today)
        or _week_of(words, at, today, numbers)
        or _counted(words, at, today)
        or _unit(words, at, today)
        or _month(words, at, today)
    )


def _one(span: Span, after: int) -> tuple[Days, int]:
    return Days((span,)), after


def _unit(words: Sequence[str], at: int, today: date) -> tuple[Days, int] | None:
    """ "this week", "next weekend", "last month", "the coming week", "next quarter", "Q2 2027"."""
    if words[at : at + 3] == ["week", "after", "next"]:
        return _one(week_of(today + 2 * WEEK), at + 3)
    if words[at : at + 2] == ["week", "after"] and at + 2 == len(words):
        return _one(week_of(today + 2 * WEEK), at + 2)  # it follows a question about next week
    if word(words, at) == "q" and (count := read_count(words, at + 1)) and 1 <= count[0] <= 4:
        return _quarter(words, count, today)
    which = word(words, at) if word(words, at) in _WHICH else ""
    after = at + bool(which)
    if which == "this" and word(words, after) in ("coming", "current"):
        after += 1
    coming = word(words, after) in ("coming", "upcoming")
    after += coming
    unit, offset = word(words, after), _WHICH[which]
    if coming and unit == "week":
        return _one(Span(today, today + WEEK), after + 1)
    if unit == "week":
        return _one(week_of(today + offset * WEEK), after + 1)
    if unit == "weekend":
        return _weekend(today, which), after + 1
    if unit == "month":
        return _one(month_of(today.year, today.month + offset), after + 1)
    if unit == "quarter" and which:
        return _one(month_of(today.year, (today.month - 1) // 3 * 3 + 1 + 3 * offset, 3), after + 1)
    if unit == "year" and which:
        return _one(month_of(today.year + offset, 1, 12), after + 1)
    return None


def _quarter(words: Sequence[str], count: tuple[int, int], today: date) -> tuple[Days, int]:
    number, after = count
    year = read_year(words, after)
    first = month_of(year[0] if year else today.year, number * 3 - 2, 3)
    if not year and first.after <= today:
        first = month_of(today.year + 1, number * 3 - 2, 3)
    return _one(first, year[1] if year else after)


def _weekend(today: date, which: str) -> Days:
    saturday = week_of(today).first + 5 * DAY
    this, next_one = (Span(first, first + 2 * DAY) for first in (saturday, saturday + WEEK))
    if which == "last":
        return Days((Span(saturday - WEEK, saturday - WEEK + 2 * DAY),))
    if which != "next":
        return Days((this,))
    # On a Sunday or Saturday this weekend is now; on a Friday it is tomorrow.
    return Days((next_one,) if today.weekday() >= 4 else (next_one, this))


def _month(words: Sequence[str], at: int, today: date) -> tuple[Days, int] | None:
    """ "April", "next May", "June 2027"; not the month of "April 4th"."""
    which = word(words, at) if word(words, at) in ("this", "next", "last") else ""
    name = at + bool(which)
    if word(words, name) not in MONTHS:
        return None
    number, after = MONTHS.index(words[name]) + 1, name + 1
    year = read_year(words, after)
    if year:
        return _one(month_of(year[0], number), year[1])
    following = word(words, after)
    if not which and (read_ordinal(words, after) or (following.isdigit() and len(following) < 3)):
        return None
    if not which and following == "the" and read_ordinal(words, after + 1):
        return None
    later = number < today.month or (number == today.month and which == "next")
    month = month_of(today.year + later, number)
    return _one(month if which != "last" else month_of(month.first.year - 1, number), after)


def _part_of(words: Sequence[str], at: int, today: date) -> tuple[Days, int] | None:
    """ "rest of the week", "first half of July", "end of the month", "start of next week"."""
    part, after = word(words, at), at + 1
    if part in ("first", "second") and word(words, after) == "half":
        part, after = f"{part} half", after + 1
    if part not in ("rest", "remainder", "end", "start", "beginning", "first half", "second half"):
        return None
    if word(words, after) != "of":
        return None
    after += 1 + (word(words, after + 1) == "the")
    if word(words, after) in ("day", "today"):
        return _one(day(today), after + 1) if part in ("rest", "remainder") else None
    found = _unit(words, after, today) or _month(words, after, today)
    if found is None:
        return None
    return Days(tuple(_cut(part, span, today) for span in found[0].likely)), found[1]


def _cut(part: str, whole: Span, today: date) -> Span:
    middle = whole.first + (whole.after - whole.first) // 2
    if part in ("rest", "remainder"):
        return Span(max(whole.first, today), max(whole.after, today + DAY))
    if part == "first half":
        return Span(whole.first, middle)
    if part == "second half":
        return Span(middle, whole.after)
    if part == "end":
        last = whole.after - (3 if whole.is_week else 1) * DAY  # a week of work ends on Friday
        return day(max(last, today)) if last >= today or whole.after <= today else Span(today, whole.after)
    return day(whole.first)


def _week_of(words: Sequence[str], at: int, today: date, numbers: Numbers) -> tuple[Days, int] | None:
    """ "week of the 20th"."""
    if word(words, at) != "week" or word(words, at + 1) not in ("of", "commencing", "beginning"):
        return None
    start = at + 2 + (word(words, at + 2) == "the")
    found = read_named_day(words, start, today, numbers)
    return (Days(tuple(week_of(span.first) for span in found[0].likely)), found[1]) if found else None


def _counted(words: Sequence[str], at: int, today: date) -> tuple[Days, int] | None:
    """ "next 3 days", "next few days", "coming two weeks", "last 10 days"."""
    which = word(words, at)
    if which not in ("next", "coming", "following", "last", "past"):
        return None
    after = at + 1 + (word(words, at + 1) == "a")
    few = _FEW.get(word(words, after))
    count = (few, after + 1 + (word(words, after + 1) == "of")) if few else read_count(words, after)
    if count is None or not 0 < count[0] <= 400:
        return None
    unit = word(words, count[1])
    if unit in ("day", "week"):
        length = count[0] * (DAY if unit == "day" else WEEK)
    elif unit == "month":
        length = months_later(today, count[0]) - today
    else:
        return None
    past = which in ("last", "past")
    return _one(Span(today - length, today) if past else Span(today, today + length), count[1] + 1)
