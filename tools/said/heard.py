"""The words of a date or time, sorted into what they say about the day and what about the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from .clock_times import ClockTime, in_zone, read_clock
from .date_words import WEEKDAYS, word
from .named_days import Numbers, read_named_day
from .named_spans import read_named_span
from .offsets import Offset, read_offset
from .spans import DAY, Days, Span, days, week_of

PARTS = ("morning", "lunchtime", "afternoon", "evening", "night", "am", "pm", "early")
_MEALS = {
    ("after", "lunch"): ClockTime(13, 30, sure=True),
    ("before", "lunch"): ClockTime(11, 30, sure=True),
    ("after", "breakfast"): ClockTime(9, sure=True),
    ("before", "breakfast"): ClockTime(7, sure=True),
    ("after", "work"): ClockTime(18, sure=True),
    ("after", "dinner"): ClockTime(20, 30, sure=True),
    ("before", "dinner"): ClockTime(18, 30, sure=True),
    ("before", "bed"): ClockTime(21, 30, sure=True),
    ("bedtime",): ClockTime(22, sure=True),
    ("eod",): ClockTime(17, sure=True),
}
_SMALL = frozenset(["on", "at", "the", "in", "of", "for", "by", "around", "from", "please", "just", "then"])
_RELATIONS = ("before", "after", "until", "since")


@dataclass(slots=True)
class Heard:
    """What the words said; `days` and `clock` are None where they said nothing of it."""

    days: Days | None = None
    clock: ClockTime | None = None
    part: str = ""
    """One of PARTS."""
    offset: Offset | None = None
    instant: datetime | None = None
    """A moment counted from now."""
    relation: str = ""
    """before, after, until or since what the rest says."""
    rest: bool = False
    """The rest of a period: it starts now."""
    by_week: bool = False
    """`days` was counted in weeks: a weekday beside it is one of that week."""


def hear(words: Sequence[str], now: datetime, numbers: Numbers) -> Heard | None:
    """What `words` say; None when one of them says nothing that is known here, or says it twice.

    Raises NoSuchDay for a day that the calendar doesn't have.
    """
    heard, at, today = Heard(), 0, now.date()
    while at < len(words):
        after = _part(heard, words, at, today) or _offset(heard, words, at, now, numbers)
        after = after or _day(heard, words, at, today, numbers) or _time(heard, words, at)
        if after is None:
            return None
        at = after
    if heard.days is None and heard.clock is None and not heard.part and heard.instant is None:
        return None
    return heard


def _offset(heard: Heard, words: Sequence[str], at: int, now: datetime, numbers: Numbers) -> int | None:
    """ "in two hours", "a week from now", "two days before the 16th", "now"."""
    if word(words, at) == "now" or words[at : at + 2] == ["right", "now"]:
        heard.instant, heard.part = now, ""
        return at + 1 + (words[at] == "right")
    start = at + (word(words, at) in ("in", "within"))
    found = read_offset(words, start)
    if found is None:
        count = words[start:] if start > at else []
        if len(count) == 1 and (minutes := read_offset([*count, "minute"], 0)):  # "in 20"
            return _count(heard, minutes[0], now, len(words))
        return None
    offset, after = found
    follows = word(words, after)
    if follows in ("from", "after", "before", "on", "*") or follows in ("today", "tomorrow", *WEEKDAYS):
        sign = -1 if follows == "before" else 1
        after += follows in ("from", "after", "before", "on")
        if word(words, after) == "now":
            return _count(heard, offset, now, after + 1)
        after += word(words, after) == "the"
        start_day = read_named_day(words, after, now.date(), numbers)
        if start_day and not offset.is_exact and start == at:
            by = offset if sign > 0 else -offset
            heard.days = days(*(by.from_day(span.first) for span in start_day[0].likely))
            return start_day[1]
        after = found[1]
    if follows == "ago":
        return _count(heard, -offset, now, after + 1)
    if start > at or follows in ("later", "hence", "time"):
        return _count(heard, offset, now, after + (follows in ("later", "hence", "time")))
    return None


def _count(heard: Heard, offset: Offset, now: datetime, after: int) -> int | None:
    if heard.instant is not None or heard.days is not None:
        return None
    if offset.is_exact:
        day = offset.from_day(now.date())
        start = now.replace(year=day.year, month=day.month, day=day.day)
        moved = start.timestamp() + offset.clock.total_seconds()
        heard.instant = datetime.fromtimestamp(moved, now.tzinfo)
    else:
        heard.days = days(offset.from_day(now.date()))
        heard.by_week = bool(offset.days) and offset.days % 7 == 0
    return after


def _day(heard: Heard, words: Sequence[str], at: int, today: date, numbers: Numbers) -> int | None:
    start = at
    while word(words, start) in _SMALL and start + 1 < len(words):
        start += 1
    found = read_named_span(words, start, today, numbers) or read_named_day(words, start, today, numbers)
    if found is None:
        return None
    if words[start] in ("rest", "remainder"):
        heard.rest = True
    if words[start] == "tonight" or words[start : start + 2] == ["last", "night"]:
        heard.part = "night" if heard.part in ("", "night") else heard.part
    both = found[0] if heard.days is None else _together(heard.days, found[0], heard.by_week)
    if both is None:
        return None
    heard.days = both
    return found[1]


def _together(first: Days, second: Days, by_week: bool) -> Days | None:
    """ "next week" and "Tuesday", "Wednesday" and "24 March", "in two weeks" and "Tuesday"."""
    for run, single in ((first, second), (second, first)):
        if single.weekday is None:
            continue
        if all(not span.is_day and (span.after - span.first).days <= 7 for span in run.likely):
            dates = [_weekday_in(span, single.weekday) for span in run.likely]
            return days(*dict.fromkeys(found for found in dates if found)) if all(dates) else None
        if by_week and run is first:
            return days(week_of(run.likely[0].first).first + single.weekday * DAY)
        if run.weekday is None and all(span.is_day for span in run.likely):
            dated = [span for span in run.likely if span.first.weekday() == single.weekday]
            return Days(tuple(dated) or (*run.likely, *single.likely))
    return first if first.likely == second.likely else None


def _weekday_in(span: Span, weekday: int) -> date | None:
    found = span.first + (weekday - span.first.weekday()) % 7 * DAY
    return found if found < span.after else None


def _time(heard: Heard, words: Sequence[str], at: int) -> int | None:
    """A time of day, or a small word."""
    for name, clock in _MEALS.items():
        if tuple(words[at : at + len(name)]) == name and heard.clock is None:
            heard.clock = clock
            return at + len(name)
    clock_found = read_clock(words, at)
    if clock_found and heard.clock is None:
        heard.clock = clock_found[0]
        return clock_found[1]
    if word(words, at) == "in" and (after := _zone(heard, words, at)):
        return after
    if word(words, at) in _RELATIONS and not heard.relation and at + 1 < len(words):
        heard.relation = words[at]
        return at + 1
    if word(words, at) in _SMALL and at + 1 < len(words):
        return at + 1
    return _zone(heard, words, at)


def _zone(heard: Heard, words: Sequence[str], at: int) -> int | None:
    """The zone of a time that was said before: "3pm on Friday, New York time"."""
    if heard.clock is None or heard.clock.zone is not None:
        return None
    zoned, after = in_zone(words, at, heard.clock)
    if zoned.zone is None:
        return None
    heard.clock = zoned
    return after


def _part(heard: Heard, words: Sequence[str], at: int, today: date) -> int | None:
    """ "morning", "this evening", "first thing", "later" today."""
    start = at
    while word(words, start) in ("in", "the", "at", "this", "on"):
        start += 1
    if word(words, start) in ("early", "late") and word(words, start + 1) in PARTS:
        start += 1
    name = word(words, start)
    if words[start : start + 2] == ["first", "thing"]:
        name, start = "early", start + 1
        start += (words[start + 1 : start + 4] == ["in", "the", "morning"]) * 3
    elif name == "later" and "today" in words:
        heard.rest = True
        return start + 1
    elif name == "early" or name not in PARTS:
        return None
    if heard.part not in ("", name) and not (heard.part == "night" and name == "evening"):
        return None
    heard.part = name
    if heard.days is None and "this" in words[at:start]:
        heard.days = days(today)
    return start + 1
