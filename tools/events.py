"""Calendar events in iCalendar texts: made, found by time, moved and taken out."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from icalendar import Calendar, Event
from icalendar.prop import vCalAddress, vRecur

from .collection import Kept
from .ical import LINE_BREAK, ical_text, new_calendar, on_one_line, read_calendar
from .said.readings import Reading
from .storage import BrokenFile

_SERIES = ("RRULE", "RDATE", "EXDATE", "EXRULE")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event at one of its times: a series has many, every other event one."""

    kept: Kept
    uid: str
    title: str
    location: str
    start: datetime | date
    """A day when it is the whole day."""
    end: datetime | date
    original: datetime | date
    """Its start in the series, before it was moved out of it."""
    repeats: bool

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        if isinstance(self.start, datetime) and isinstance(self.end, datetime):
            return self.end - self.start
        return date(self.end.year, self.end.month, self.end.day) - date(
            self.start.year, self.start.month, self.start.day
        )


def event_text(
    uid: str,
    title: str,
    start: datetime | date,
    end: datetime | date,
    now: datetime,
    *,
    attendees: Sequence[str] = (),
    location: str = "",
    notes: str = "",
    rule: Mapping[str, object] | None = None,
) -> str:
    """A new event as an iCalendar text. An end that is a day is the first day after it.

    `rule` is how it repeats, in iCalendar's words ({"FREQ": "DAILY"}).
    """
    event = Event()
    event.add("UID", uid)
    event.add("SUMMARY", on_one_line(title))
    event.add("DTSTART", start)
    event.add("DTEND", end)
    event.add("DTSTAMP", now)
    event.add("CREATED", now)
    for address in attendees:
        event.add("ATTENDEE", vCalAddress(f"mailto:{address}"))
    if rule:
        event.add("RRULE", vRecur(rule))
    if location:
        event.add("LOCATION", on_one_line(location))
    if notes:
        event.add("DESCRIPTION", notes.replace(r"\N", LINE_BREAK))
    return _text(new_calendar(event), start)


def occurrences(kept: Kept, period: Reading) -> list[Occurrence]:
    """What happens in a period, in no order. Raises BrokenFile."""
    zone = period.start.tzinfo
    found = _expanded(kept).between(period.start, period.end)
    series = _series(kept)
    return [_occurrence(kept, event, zone, series) for event in found if _counts(event)]


def next_occurrences(kept: Kept, now: datetime) -> list[Occurrence]:
    """The next time of each event in a text, from the beginning of today on. Raises BrokenFile."""
    first: dict[str, Occurrence] = {}
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    expanded, series = _expanded(kept), _series(kept)
    for number, event in enumerate(expanded.after(today)):
        if _counts(event):
            first.setdefault(str(event.get("UID", "")), _occurrence(kept, event, now.tzinfo, series))
        if number > 100:  # a series that goes on for ever
            break
    return list(first.values())


def moved(event: Occurrence, start: datetime | date, end: datetime | date, now: datetime) -> str:
    """The text with this event at another time; of a series, only this one moves."""
    calendar = read_calendar(event.kept.text)
    component = _own(calendar, event)
    if component is None:
        component = _taken_out(calendar, event)
    for name in ("DTSTART", "DTEND", "DURATION", "DTSTAMP", "LAST-MODIFIED"):
        component.pop(name, None)
    component.add("DTSTART", start)
    component.add("DTEND", end)
    component.add("DTSTAMP", now)
    component.add("LAST-MODIFIED", now)
    sequence = int(component.pop("SEQUENCE", 0)) + 1
    component.add("SEQUENCE", sequence)
    return _text(calendar, start)


def without(event: Occurrence) -> str | None:
    """The text without this event; None when nothing else is in it. A series goes on without this time."""
    calendar = read_calendar(event.kept.text)
    own = _own(calendar, event)
    if own is not None:
        calendar.subcomponents.remove(own)
    if event.repeats:
        for master in _events(calendar, event.uid):
            if "RECURRENCE-ID" not in master:
                master.add("EXDATE", event.original)
    return ical_text(calendar) if calendar.walk("VEVENT") else None


def uids(text: str) -> set[str]:
    """The ids of the events in a text."""
    return {str(event.get("UID", "")) for event in read_calendar(text).walk("VEVENT")}


def _expanded(kept: Kept) -> Any:
    # A tenth of a second to import, which no start without a calendar should wait for.
    import recurring_ical_events  # type: ignore[import-untyped]

    try:
        return recurring_ical_events.of(read_calendar(kept.text), skip_bad_series=True)
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise BrokenFile(Path(kept.name), f"it is not an iCalendar file ({error})") from error


def _counts(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() != "CANCELLED"


def _series(kept: Kept) -> frozenset[str]:
    """The ids of the events that repeat."""
    events = read_calendar(kept.text).walk("VEVENT")
    repeat = (event for event in events if "RRULE" in event or "RDATE" in event)
    return frozenset(str(event.get("UID", "")) for event in repeat)


def _occurrence(kept: Kept, event: Any, zone: Any, series: frozenset[str]) -> Occurrence:
    start, end = event.start, event.end
    if isinstance(start, datetime) and isinstance(end, datetime):
        start, end = (
            moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
            for moment in (start, end)
        )
    uid = str(event.get("UID", ""))
    return Occurrence(
        kept,
        uid,
        " ".join(str(event.get("SUMMARY", "")).split()) or "without a title",
        " ".join(str(event.get("LOCATION", "")).split()),
        start,
        end,
        getattr(event.get("RECURRENCE-ID"), "dt", start),
        uid in series,
    )


def _events(calendar: Calendar, uid: str) -> list[Any]:
    return [event for event in calendar.walk("VEVENT") if str(event.get("UID", "")) == uid]


def _own(calendar: Calendar, event: Occurrence) -> Any:
    """The component that is this occurrence alone; None when it is one of a series."""
    for component in _events(calendar, event.uid):
        if not event.repeats:
            return component
        own = getattr(component.get("RECURRENCE-ID"), "dt", None)
        if own == event.original:
            return component
    return None


def _taken_out(calendar: Calendar, event: Occurrence) -> Any:
    """A new component for one occurrence of a series, put into the calendar."""
    master = next(event_ for event_ in _events(calendar, event.uid) if "RECURRENCE-ID" not in event_)
    single = copy.deepcopy(master)
    for name in _SERIES:
        single.pop(name, None)
    single.add("RECURRENCE-ID", event.original)
    calendar.add_component(single)
    return single


def _text(calendar: Calendar, start: datetime | date) -> str:
    """The calendar's text, with the time zones that it names described for programs that don't know them."""
    calendar.add_missing_timezones(
        first_date=date(start.year - 1, 1, 1), last_date=date(start.year + 10, 1, 1)
    )
    return ical_text(calendar)
