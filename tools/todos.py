"""A folder of iCalendar to-dos, one file each, as calendars exchange them; several in one are read too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from icalendar import Alarm, Calendar, Todo

from .files import BrokenFile, files_in, read_file, write_file

SAID = "X-SCRUBJAY-SAID"
"""Property: the due date or time as the person said it."""
REPEAT = "X-SCRUBJAY-REPEAT"
"""Property: how often an alarm repeats, in a word. RRULE says it too where the first time is known."""


@dataclass(frozen=True, slots=True)
class Item:
    """A to-do and the calendar (one file) that it is part of."""

    path: Path
    calendar: Calendar
    todo: Todo

    @property
    def text(self) -> str:
        """What is to be done, on one line."""
        return " ".join(str(self.todo.get("SUMMARY", "")).split())

    @property
    def lists(self) -> list[str]:
        """The names of the lists that it is on (CATEGORIES)."""
        found = self.todo.get("CATEGORIES")
        groups = found if isinstance(found, list) else [found] if found else []
        return [str(name) for group in groups for name in group.cats]

    @property
    def done(self) -> bool:
        """Whether it is completed or cancelled."""
        return (
            str(self.todo.get("STATUS", "")).upper() in ("COMPLETED", "CANCELLED") or "COMPLETED" in self.todo
        )

    @property
    def due_said(self) -> str:
        """The due date or time as it was said; empty when it has none."""
        return str(self.todo.get(SAID, ""))

    @property
    def due(self) -> date | datetime | None:
        """The due date or time where it is known."""
        return self.todo.get("DUE").dt if "DUE" in self.todo else None

    @property
    def created(self) -> datetime | None:
        """When it was written down."""
        return self.todo.get("CREATED").dt if "CREATED" in self.todo else None

    def complete(self, now: datetime) -> None:
        """Mark it as done, in its file."""
        for name in ("STATUS", "COMPLETED", "PERCENT-COMPLETE"):
            self.todo.pop(name, None)
        self.todo.add("STATUS", "COMPLETED")
        self.todo.add("COMPLETED", now)
        write_file(self.path, self.calendar.to_ical().decode())


def read_items(folder: Path) -> tuple[list[Item], list[BrokenFile]]:
    """All to-dos in `folder`, oldest first, and what could not be read."""
    items: list[Item] = []
    broken: list[BrokenFile] = []
    for path in files_in(folder, ".ics"):
        try:
            calendar = Calendar.from_ical(read_file(path))
            items += [Item(path, calendar, todo) for todo in calendar.walk("VTODO") if isinstance(todo, Todo)]
        except BrokenFile as error:
            broken.append(error)
        except (ValueError, IndexError, KeyError) as error:
            broken.append(BrokenFile(path, f"it is not an iCalendar file ({error})"))
    return sorted(items, key=_age), broken


def _age(item: Item) -> tuple[str, int]:
    """Sorts to-dos by when they were written down; within a second, by their files."""
    written = item.created
    return (written.isoformat() if written else "", item.path.stat().st_mtime_ns)


def write_item(
    path: Path,
    summary: str,
    now: datetime,
    *,
    start: date | datetime | None = None,
    due: date | datetime | None = None,
    alarm: bool = False,
    properties: Mapping[str, Any],
) -> None:
    """Write a new to-do. With `alarm` it rings at `due`, or else at `start`, which must be a time then."""
    todo = Todo()
    todo.add("UID", path.stem)
    todo.add("SUMMARY", summary)
    todo.add("DTSTAMP", now)
    todo.add("CREATED", now)
    todo.add("STATUS", "NEEDS-ACTION")
    for name, moment in (("DTSTART", start), ("DUE", due)):
        if moment is not None:
            todo.add(name, moment)
    for name, value in properties.items():
        todo.add(name, value)
    if alarm:
        ringing = Alarm()
        ringing.add("ACTION", "DISPLAY")
        ringing.add("DESCRIPTION", summary)
        ringing.add("TRIGGER", timedelta(0), {"RELATED": "END"} if due is not None else {})
        todo.add_component(ringing)
    calendar = Calendar()
    calendar.add("PRODID", "-//Scrubjay//EN")
    calendar.add("VERSION", "2.0")
    calendar.add_component(todo)
    write_file(path, calendar.to_ical().decode())
