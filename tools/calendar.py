"""The calendar app: events as iCalendar, in a folder (as vdirsyncer and khal keep them) or on a server."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from .collection import Collection, Kept, Trash
from .decorator import tool
from .effect import Effect
from .errors import ToolFailed, ToolQuestion
from .events import Occurrence, event_text, moved, next_occurrences, occurrences, uids, without
from .said.durations import duration
from .said.names import alike, folded, listed, meant
from .said.phones import email_address
from .said.readings import Reading, in_words
from .said.repeats import split_repeat
from .said.usual_times import usually
from .storage import BrokenFile, file_name, new_id
from .times import Times

When = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Addresses = list[str]

MOST_LISTED = 300
"""Events that are listed at once."""

_DAY = timedelta(days=1)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Events in a collection of iCalendar texts, one an event."""

    events: Collection
    trash: Trash
    times: Times = field(default_factory=Times)
    minutes: int = 60
    """How long an event is whose end was not said."""

    def _understood(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        start, end = self._start_and_end(arguments["title"], arguments["start"], arguments.get("end"))
        every = split_repeat(arguments["start"])[1]
        told = {"start": self.times.in_words(start) + (f", then {every.in_words()}" if every else "")}
        return told | ({"end": self._end_in_words(start, end)} if arguments.get("end") else {})

    def _uncreated(self, arguments: Mapping[str, Any], result: str) -> str:
        kept = self._with_uids({result})
        if kept is None:
            raise ToolFailed(f"{arguments['title']} is not in your calendar any more.")
        self.trash.keep(file_name(result, "event"), kept.text)
        self.events.remove(kept)
        return f"{arguments['title']} is out of your calendar again"

    @tool(
        effect=Effect.WRITE,
        state="calendar",
        say="{title} is in your calendar: {start}.",
        undo=_uncreated,
        understood=_understood,
    )
    def create_event(
        self,
        title: str,
        start: When,
        end: When | None = None,
        attendees: Addresses | None = None,
        location: str | None = None,
        notes: str | None = None,
    ) -> str:
        """Add an event to the calendar.

        Args:
            title: Title of the event
            start: When it starts (a date or time as said, or ISO 8601)
            end: When it ends (a date or time as said, or ISO 8601)
            attendees: Email addresses of the people to invite
            location: Place, or a meeting link
            notes: Notes

        Returns:
            Id of the new event
        """
        if not title.strip():
            raise ToolFailed("An event needs a title.")
        begins, ends = self._start_and_end(title, start, end)
        try:
            invited = [email_address(address) for address in attendees or ()]
        except ValueError as error:
            raise ToolFailed(f"{error} {title} is not in your calendar.") from error
        uid, now = new_id("event"), self.times.now()
        repeat = split_repeat(start)[1]
        text = event_text(
            uid,
            title,
            begins,
            ends,
            now,
            attendees=invited,
            location=location or "",
            notes=notes or "",
            rule=repeat.rule() if repeat else None,
        )
        self.events.add(uid, text)
        return uid

    def _period_understood(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        return {"when": in_words(self.times.period(arguments["when"]), self.times.now())}

    @tool(
        effect=Effect.READ,
        state="calendar",
        say="{when}: {result}.",
        from_others=True,
        source="an event in your calendar",
        understood=_period_understood,
    )
    def list_events(self, when: str, query: str | None = None) -> list[Any]:
        """List calendar events in a period.

        Args:
            when: Day or period, as said
            query: Only events about this

        Returns:
            Events in order of time
        """
        period = self.times.period(when)
        found = self._in(period)
        if query:
            about = {str(number): (f"{one.title} {one.location}",) for number, one in enumerate(found)}
            found = [found[int(key)] for key in meant(query, about, inflected=True)]
        one_day = period.end - period.start <= _DAY
        lines = [self._line(event, one_day) for event in sorted(found, key=self._order)]
        more = [f"and {len(lines) - MOST_LISTED} more"] if len(lines) > MOST_LISTED else []
        return lines[:MOST_LISTED] + more

    def _move_understood(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        event = self._find(arguments["title"], None)
        start, _ = self._new_time(event, arguments["start"])
        return {"title": self._label(event), "start": self.times.in_words(start)}

    def _restored(self, arguments: Mapping[str, Any], result: str) -> str:
        before = self.trash.latest(file_name(result, "event"))
        if before is None:
            raise ToolFailed(f"{arguments['title']} as it was before is not in the trash any more.")
        now = self._with_uids(uids(before))
        if now is not None:
            self.events.replace(now, before)
        else:
            self.events.add(min(uids(before)), before)
        return f"{arguments['title']} is in your calendar as it was before"

    @tool(
        effect=Effect.WRITE,
        state="calendar",
        say="{result}.",
        from_others=True,
        source="an event in your calendar",
        undo=_restored,
        understood=_move_understood,
    )
    def move_event(self, title: str, start: When) -> str:
        """Move a calendar event to another time.

        Args:
            title: Title of the event
            start: New start (a date or time as said, or ISO 8601)

        Returns:
            The event with its new time
        """
        event = self._find(title, None)
        begins, ends = self._new_time(event, start)
        result = f"{event.title} is on {self.times.in_words(begins)}"
        self.trash.keep(file_name(result, "event"), event.kept.text)
        self.events.replace(event.kept, moved(event, begins, ends, self.times.now()))
        return result

    def _cancel_understood(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        return {"title": self._label(self._find(arguments["title"], arguments.get("when")))}

    @tool(
        effect=Effect.DESTROY,
        state="calendar",
        say="{result}.",
        from_others=True,
        source="an event in your calendar",
        undo=_restored,
        understood=_cancel_understood,
    )
    def cancel_event(self, title: str, when: str | None = None) -> str:
        """Remove an event from the calendar.

        Args:
            title: Title of the event
            when: Day of the event, as said

        Returns:
            Confirmation
        """
        event = self._find(title, when)
        result = f"{self._label(event)} is cancelled"
        self.trash.keep(file_name(result, "event"), event.kept.text)
        rest = without(event)
        if rest is None:
            self.events.remove(event.kept)
        else:
            self.events.replace(event.kept, rest)
        return result

    def _start_and_end(
        self, title: str, start: str, end: str | None
    ) -> tuple[datetime | date, datetime | date]:
        """When an event is; the end of whole days is the day after the last."""
        if split_repeat(start)[1]:
            begins, range_end = self.times.repeating(start, usually=usually(title))[0], None
        else:
            reading, begins = self.times.reading(start, usually=usually(title))
            range_end = reading.end if reading.start == begins < reading.end else None
        if end:
            return begins, self._end(begins, end)
        if not isinstance(begins, datetime):
            return begins, begins + _DAY
        return begins, range_end or begins + timedelta(minutes=self.minutes)

    def _end(self, begins: datetime | date, said: str) -> datetime | date:
        if not isinstance(begins, datetime):
            last = self.times.point(said)
            if isinstance(last, datetime):
                raise ToolQuestion(f"It ends at {last:%H:%M}. At what time does it start?")
            if last < begins:
                raise ToolFailed(f"{said} is before it starts.")
            return last + _DAY
        try:
            ends = self.times.point(said, after=begins)
        except ToolQuestion:
            raise
        except ToolFailed:
            try:
                return begins + duration(said)
            except ValueError:
                pass
            raise
        if not isinstance(ends, datetime):
            raise ToolQuestion(f"It ends on {self.times.in_words(ends)}. At what time?")
        if ends <= begins:
            raise ToolFailed(
                f"It would end on {self.times.in_words(ends)}, before it starts on "
                f"{self.times.in_words(begins)}. Say a later end."
            )
        return ends

    def _end_in_words(self, start: datetime | date, end: datetime | date) -> str:
        if not isinstance(end, datetime):
            return self.times.in_words(end - _DAY)
        same_day = isinstance(start, datetime) and start.date() == end.date()
        return f"{end:%H:%M}" if same_day else self.times.in_words(end)

    def _new_time(self, event: Occurrence, said: str) -> tuple[datetime | date, datetime | date]:
        """Where an event is moved: a day keeps its time of day, a time keeps its day; the length stays."""
        old = event.start
        day = old.date() if isinstance(old, datetime) else old
        new = self.times.point(said, on=day, usually=usually(event.title))
        if isinstance(old, datetime) and not isinstance(new, datetime):
            new = datetime.combine(new, old.time(), old.tzinfo)
        length = event.length
        if isinstance(new, datetime) and not isinstance(old, datetime):
            length = timedelta(minutes=self.minutes)
        return new, new + length

    def _in(self, period: Reading) -> list[Occurrence]:
        return self._gathered(lambda kept: occurrences(kept, period))

    def _gathered(self, read: Any) -> list[Occurrence]:
        """What `read` finds in all texts; what is broken is left out, unless there is nothing else."""
        kept, broken = self.events.read()
        found: list[Occurrence] = []
        for one in kept:
            try:
                found += read(one)
            except BrokenFile as error:
                broken.append(error)
        for problem in broken:
            _log.warning("%s", problem)
        if broken and len(broken) >= len(kept):
            raise broken[0]
        return found

    def _find(self, said: str, when: str | None) -> Occurrence:
        """The one event that is meant: in that period, or else the next one of that title."""
        if when:
            found = self._in(self.times.period(when))
        else:
            now = self.times.now()
            found = self._gathered(lambda kept: next_occurrences(kept, now))
        by_label = {self._label(event): event for event in sorted(found, key=self._order)}
        names = {label: (event.title, label) for label, event in by_label.items()}
        labels = meant(said, names, inflected=True)
        if len(labels) == 1:
            return by_label[labels[0]]
        if labels:
            raise ToolQuestion(f"Which one: {listed(labels)}?", labels)
        place = f" {when}" if when else " from today on"
        close = alike(said, names)
        if close:
            raise ToolQuestion(f"No event{place} is called {said}. Did you mean {listed(close)}?", close)
        raise ToolFailed(f"No event{place} is called {said}. List the events to see what there is.")

    def _with_uids(self, wanted: set[str]) -> Kept | None:
        for kept in self.events.read()[0]:
            try:
                if uids(kept.text) & wanted:
                    return kept
            except ValueError:
                continue
        return None

    def _label(self, event: Occurrence) -> str:
        return f"{event.title} on {self.times.in_words(event.start)}"

    def _line(self, event: Occurrence, one_day: bool) -> str:
        """An event in a list: "14:00 Sync at the office", with its day where the list has several."""
        start = event.start
        day = "" if one_day else f"{self.times.in_words(start).split(',')[0]} "
        clock = f"{start:%H:%M} " if isinstance(start, datetime) else ""
        place = f" at {event.location}" if event.location else ""
        return f"{day}{clock}{event.title}{place}"

    def _order(self, event: Occurrence) -> tuple[datetime, str]:
        start, zone = event.start, self.times.now().tzinfo
        moment = start if isinstance(start, datetime) else datetime(start.year, start.month, start.day)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)), folded(event.title)
