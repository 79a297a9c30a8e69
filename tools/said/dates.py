"""Dates, times and periods as people say them, turned into times in the user's zone.

"tomorrow at 2pm", "next Friday", "the 16th at 9:30", "in two hours", "the last Friday of the month", "from 3
to 4". Where two readings are likely, both are given: the person is asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Literal

from .clock_times import ClockTime
from .date_words import date_words
from .heard import Heard, hear
from .moments import iso_moment
from .named_days import NoSuchDay, Numbers
from .readings import Reading, in_words, local
from .spans import DAY, Days, Span

_PARTS = {
    "morning": (time(5), time(12), time(9)),
    "early": (time(7), time(9), time(8)),
    "am": (time(0), time(12), time(9)),
    "lunchtime": (time(12), time(14), time(12, 30)),
    "afternoon": (time(12), time(18), time(15)),
    "pm": (time(12), time(0), time(15)),
    "evening": (time(17), time(0), time(19)),
    "night": (time(18), time(0), time(20)),
}
"""When a part of the day begins and ends, and which time it is where one is needed."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
"""Nobody's calendar goes further, and Python's ends where it could be counted on from."""
_WAKING = (time(7), time(22))
_EARLIEST = time(4)
"""Of what is usually in the morning: nobody gets up at "two"."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """The circumstances in which something is said."""

    now: datetime
    """With the user's zone."""
    numbers: Numbers = "ask"
    on: date | None = None
    """The day that a time without a day is on: that of the event which is moved."""
    after: datetime | None = None
    """What it comes after: an end comes after its start."""
    usually: Literal["", "morning", "evening"] = ""
    """When the thing that is spoken of usually is: alarms in the morning, dinner in the evening."""


class NotUnderstood(ValueError):
    """The words name no date or time; the message is a sentence for the person."""


def read_when(said: str, speaking: Speaking) -> list[Reading]:
    """The likely readings of `said`, the likeliest first; several where the person should be asked.

    Raises NotUnderstood when it names no date or time, or one that does not exist.
    """
    try:
        iso, words = _iso(said, speaking), date_words(said)
        found = [iso] if iso else _read(words, speaking) or _range(words, speaking)
    except NoSuchDay as error:
        raise NotUnderstood(str(error)) from error
    except (OverflowError, ValueError) as error:  # beyond the years that Python's calendar has
        raise NotUnderstood(_no_time(said)) from error
    found = [one for one in found if one.start.year >= _FIRST_YEAR and one.end.year <= _LAST_YEAR]
    if not found:
        raise NotUnderstood(_no_time(said))
    return list({in_words(reading, speaking.now): reading for reading in reversed(found)}.values())[::-1]


def _no_time(said: str) -> str:
    return f"{said!r} is no date or time that I know. Say it like 'tomorrow at 2pm' or '16 March at 9:30'."


def _iso(said: str, speaking: Speaking) -> Reading | None:
    """A full ISO 8601 date or date and time; without an offset it is the user's time."""
    moment = iso_moment(said, speaking.now) if "-" in said else None
    zone = speaking.now.tzinfo
    if isinstance(moment, datetime):
        moment = moment.astimezone(zone) if moment.tzinfo else local(moment.date(), moment.time(), zone)
        return Reading(moment, moment, moment)
    return _whole(Span(moment, moment + DAY), speaking) if moment else None


def _read(words: Sequence[str], speaking: Speaking) -> list[Reading]:
    """The readings of words that are no range."""
    heard = hear(words, speaking.now, speaking.numbers)
    if heard is None:
        return []
    found = list(_readings(heard, speaking))
    if heard.relation:
        return [_related(heard.relation, reading, speaking.now) for reading in found]
    if heard.rest:
        return [replace(one, start=max(one.start, min(speaking.now, one.end))) for one in found]
    return found


def _readings(heard: Heard, speaking: Speaking) -> Iterator[Reading]:
    if heard.instant is not None:
        if heard.days is None and heard.clock is None:
            yield Reading(heard.instant, heard.instant, heard.instant)
        return
    clock = heard.clock
    if clock is not None and heard.part:
        clock = clock.in_part("morning" if heard.part == "early" else heard.part)
    if clock is not None and heard.days is None:
        yield from _undated(clock, heard, speaking)
    elif clock is not None and heard.days is not None:
        yield from _dated(clock, heard.days, heard.part, speaking)
    elif heard.part:
        yield from _part(heard.part, heard.days, speaking)
    elif heard.days is not None:
        yield from _days(heard.days, speaking)


def _days(days: Days, speaking: Speaking) -> Iterator[Reading]:
    for span in days.likely:
        yield _whole(span, speaking)


def _whole(span: Span, speaking: Speaking) -> Reading:
    zone = speaking.now.tzinfo
    start, end = local(span.first, time(), zone), local(span.after, time(), zone)
    return Reading(start, end, span.first if span.is_day else None)


def _part(part: str, days: Days | None, speaking: Speaking) -> Iterator[Reading]:
    """A part of the day: of the days said, or of the next one of which something is left."""
    if days is None:
        today = speaking.now.date()
        start = speaking.on or today
        spans: tuple[Span, ...] = (Span(start, start + DAY),)
        otherwise = Span(today + DAY, today + 2 * DAY)
    else:
        spans, otherwise = days.likely, days.otherwise or days.likely[-1]
    if not all(span.is_day for span in spans):
        return
    found = [_part_of(part, span.first, speaking) for span in spans]
    left = [reading for reading in found if reading.end > speaking.now]
    yield from left or ([_part_of(part, otherwise.first, speaking)] if days is None else found)


def _part_of(part: str, day: date, speaking: Speaking) -> Reading:
    first, last, usual = _PARTS[part]
    zone = speaking.now.tzinfo
    start, end = local(day, first, zone), local(day + (last == time()) * DAY, last, zone)
    at = local(day, usual, zone)
    if at <= speaking.now < end:  # "this evening", said at ten
        at = min(speaking.now + timedelta(hours=1), end)
    return Reading(start, end, at)


def _dated(clock: ClockTime, days: Days, part: str, speaking: Speaking) -> Iterator[Reading]:
    """A time on a day that was said."""
    if not all(span.is_day for span in days.likely):
        return
    found = [moment for span in days.likely for moment in _on_day(clock, span.first, part, speaking)]
    left = [moment for moment in found if moment > speaking.now]
    if not left and days.otherwise is not None:
        left = list(_on_day(clock, days.otherwise.first, part, speaking))
    yield from (Reading(moment, moment, moment) for moment in left or found)


def _on_day(clock: ClockTime, day: date, part: str, speaking: Speaking) -> list[datetime]:
    """The moments on a day that a time can be, the likeliest first."""
    moments = _moments(clock, day, speaking)
    if clock.midnight:
        # The night of Friday ends with it; on the clock it is where Friday begins.
        end = [moment + DAY if moment.date() == day else moment for moment in moments]
        return end if part or day == speaking.now.date() else [*end, *moments]
    if clock.sure:
        return moments
    if speaking.after is not None:
        return [moment for moment in moments if moment > speaking.after][:1] or moments[-1:]
    if day == speaking.now.date():
        return _waking([moment for moment in moments if moment > speaking.now])[:1] or moments[-1:]
    morning, evening = moments
    if speaking.usually:
        early = speaking.usually == "morning" and morning.time() >= _EARLIEST
        return [morning if early else evening]
    if (clock.hour == 7 and clock.minute % 15 == 0) or (clock.hour == 8 and clock.minute % 30 == 0):
        return [morning, evening]
    return [morning if _WAKING[0] <= morning.time() else evening]


def _waking(moments: list[datetime]) -> list[datetime]:
    waking = [moment for moment in moments if _WAKING[0] <= moment.time() < _WAKING[1]]
    return waking or moments


def _moments(clock: ClockTime, day: date, speaking: Speaking) -> list[datetime]:
    zone = speaking.now.tzinfo
    found = [local(day, candidate, clock.zone or zone) for candidate in clock.candidates()]
    return [moment.astimezone(zone) for moment in found]


def _undated(clock: ClockTime, heard: Heard, speaking: Speaking) -> Iterator[Reading]:
    """A time without a day: the next one, or both where the next one is in the night."""
    if speaking.on is not None:
        moments = _on_day(clock, speaking.on, heard.part, speaking)
        yield from (Reading(moment, moment, moment) for moment in moments)
        return
    earliest = speaking.after or speaking.now
    days = (earliest.date() - DAY, earliest.date(), earliest.date() + DAY)
    coming = sorted(moment for day in days for moment in _moments(clock, day, speaking) if moment > earliest)
    first, *later = coming[: 1 if clock.sure or speaking.after else 2]
    moments = [first]
    if later:
        moments = _likely(first, later[0], speaking)
    yield from (Reading(moment, moment, moment) for moment in moments)


def _likely(first: datetime, second: datetime, speaking: Speaking) -> list[datetime]:
    """Of the next two moments, twelve hours apart, the one that is meant, or both."""
    if speaking.usually == "morning":
        in_morning = [moment for moment in (first, second) if _EARLIEST <= moment.time() < time(12)]
        if in_morning == [second] and first - speaking.now < timedelta(hours=3):
            return [first, second]
        return in_morning or _waking([first, second])[:1]
    if speaking.usually == "evening":
        return [moment for moment in (first, second) if moment.hour >= 12][:1]
    if _WAKING[0] <= first.time() < _WAKING[1]:
        return [first]
    return [first, second] if first - speaking.now < timedelta(hours=10) and first.hour >= 22 else [second]


def _related(relation: str, reading: Reading, now: datetime) -> Reading:
    """ "before Wednesday", "after six", "until Friday"."""
    at = reading.at
    if relation == "after":
        end = local(reading.start.date() + DAY, time(), now.tzinfo)
        return Reading(reading.end, max(end, reading.end + timedelta(seconds=1)), at)
    if relation == "since":
        return Reading(min(reading.start, now), max(now, reading.start), at)
    end = reading.start if relation == "before" else max(reading.end, reading.start)
    if relation == "until":
        return Reading(reading.start, reading.end, at) if reading.is_moment else Reading(now, end, at)
    if isinstance(at, datetime):
        at = at - timedelta(minutes=30)
    elif at is not None:
        at = max(at - DAY, now.date())
    return Reading(min(now, end), max(now, end), at)


def _range(words: Sequence[str], speaking: Speaking) -> list[Reading]:
    """ "from 3 to 4", "3-4pm", "Monday to Wednesday", "tomorrow between 9 and 10:30"."""
    words = [word for word in words if word not in ("from", "between")]
    for at, word in enumerate(words):
        if word not in ("to", "until", "-", "\N{EN DASH}", "through", "and") or not 0 < at < len(words) - 1:
            continue
        left, right = words[:at], words[at + 1 :]
        found = _between(left, right, speaking)
        if found:
            return found
    return []


def _between(left: Sequence[str], right: Sequence[str], speaking: Speaking) -> list[Reading]:
    now, numbers = speaking.now, speaking.numbers
    first, last = hear(left, now, numbers), hear(right, now, numbers)
    if first is None or last is None:
        return []
    if first.clock is not None and last.clock is not None:
        if first.days is None and last.days is not None:
            first.days, last.days = last.days, None
        if first.part and not last.part:
            last.part = first.part
        return [found for one in (_sided(first, last, speaking)) for found in _ending(one, last, speaking)]
    if first.clock is not None or last.clock is not None:
        return []
    starts = list(_readings(first, speaking))
    later = replace(speaking, now=starts[0].start) if starts and starts[0].start > now else speaking
    ends = [
        one for reading in [hear(right, later.now, numbers)] if reading for one in _readings(reading, later)
    ]
    pairs = product(starts[:1], ends[:1])
    return [Reading(one.start, two.end, None) for one, two in pairs if two.end > one.start]


def _sided(first: Heard, last: Heard, speaking: Speaking) -> list[Reading]:
    """The start of a range of times: "3" in "3-4pm" is in the afternoon too."""
    assert first.clock is not None
    assert last.clock is not None
    if not first.clock.sure and last.clock.sure and not first.part:
        end = last.clock.candidates()[0]
        before = [one for one in first.clock.candidates() if one < end or last.clock.midnight]
        hour = (before or list(first.clock.candidates()))[-1].hour
        first.clock = replace(first.clock, hour=hour, sure=True)
    return list(_readings(first, speaking))


def _ending(start: Reading, last: Heard, speaking: Speaking) -> list[Reading]:
    if not start.is_moment:
        return []
    after = replace(speaking, after=start.start, on=None)
    return [Reading(start.start, one.start, start.start) for one in _readings(last, after) if one.is_moment][
        :1
    ]
