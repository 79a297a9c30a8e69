"""A folder of iCalendar to-dos, one file each, as calendars exchange them; several in one are read too."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from icalendar import Alarm, Todo
from icalendar.prop import vDDDTypes

from .errors import ToolFailed
from .ical import ical_text, new_calendar, on_one_line, read_calendar
from .storage import BrokenFile, files_in, read_file, write_file

SAID = "X-SCRUBJAY-SAID"
"""Property: the due date or time as the person said it."""

_UTC_TIME = "%Y%m%dT%H%M%SZ"
RANG = "X-SCRUBJAY-RANG"
"""Property: until when its alarms have been rung."""

_BEGIN = re.compile(r"^BEGIN:VTODO[ \t]*\r?\n", re.IGNORECASE | re.MULTILINE)
_END = re.compile(r"^END:VTODO", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Item:
    """A to-do as it was read from its file."""

    path: Path
    number: int
    """Which of the file's to-dos it is, from 0."""
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
        found = getattr(self.todo.get("DUE"), "dt", None)
        return found if isinstance(found, date) else None

    @property
    def created(self) -> datetime | None:
        """When it was written down."""
        found = getattr(self.todo.get("CREATED"), "dt", None)
        return found if isinstance(found, datetime) else None

    @property
    def start(self) -> date | datetime | None:
        """When it starts: the first time of an alarm."""
        found = getattr(self.todo.get("DTSTART"), "dt", None)
        return found if isinstance(found, date) else None

    @property
    def completed(self) -> datetime | None:
        """When it was marked as done."""
        found = getattr(self.todo.get("COMPLETED"), "dt", None)
        return found if isinstance(found, datetime) else None

    @property
    def rang(self) -> datetime | None:
        """Until when its alarms have been rung."""
        try:
            return datetime.strptime(str(self.todo.get(RANG, "")), _UTC_TIME).replace(tzinfo=UTC)
        except ValueError:
            return None

    def complete(self, now: datetime) -> None:
        """Mark it as done in its file, where everything else stays as it is to the byte."""
        done = {"STATUS": "COMPLETED", "COMPLETED": f"{now.astimezone(UTC):{_UTC_TIME}}"}
        self._write({**done, "PERCENT-COMPLETE": None})

    def reopen(self) -> None:
        """Mark it as not done."""
        self._write({"STATUS": "NEEDS-ACTION", "COMPLETED": None, "PERCENT-COMPLETE": None})

    @property
    def repeats(self) -> bool:
        """Whether it is due again and again."""
        return "RRULE" in self.todo

    def postpone(self, due: datetime | date) -> None:
        """Make it due later; so it is done for this time when it repeats."""
        prop = vDDDTypes(due)
        value = f"{prop.params.to_ical().decode()}:{prop.to_ical().decode()}"
        value = f";{value}" if prop.params else value
        self._write({"DUE": value, "DTSTART": value})

    def mark_rung(self, until: datetime) -> None:
        """Remember in its file that its alarms until then have been rung."""
        self._write({RANG: f"{until.astimezone(UTC):{_UTC_TIME}}"})

    def _write(self, properties: Mapping[str, str | None]) -> None:
        """Set properties in its file, or take them out; everything else stays as it is to the byte.

        A value that begins with ; or : has its parameters with it.
        """
        text = read_file(self.path)
        line = "\r\n" if "\r\n" in text else "\n"
        before, own, after = _todo_block(text, self.number)
        names = "|".join(map(re.escape, properties))
        alarms = own.upper().find("BEGIN:VALARM")
        head, rest = (own, "") if alarms < 0 else (own[:alarms], own[alarms:])
        head = re.sub(rf"^(?:{names})[;:].*\n(?:[ \t].*\n)*", "", head, flags=re.IGNORECASE | re.MULTILINE)
        lines = {
            name: value if value[0] in ";:" else f":{value}" for name, value in properties.items() if value
        }
        new = "".join(f"{name}{value}{line}" for name, value in lines.items())
        write_file(self.path, before + new + head + rest + after)


def read_items(folder: Path) -> tuple[list[Item], list[BrokenFile]]:
    """All to-dos in `folder`, oldest first, and what could not be read."""
    items: list[Item] = []
    broken: list[BrokenFile] = []
    for path in files_in(folder, ".ics"):
        try:
            todos = read_calendar(read_file(path)).walk("VTODO")
            items += [Item(path, number, todo) for number, todo in enumerate(todos) if isinstance(todo, Todo)]
        except BrokenFile as error:
            broken.append(error)
        except ValueError as error:
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
    alarm: timedelta | None = None,
    properties: Mapping[str, Any],
) -> None:
    """Write a new to-do. With `alarm` it rings so long after `due`, or else after `start`."""
    todo = Todo()
    todo.add("UID", path.stem)
    summary = on_one_line(summary)
    todo.add("SUMMARY", summary)
    todo.add("DTSTAMP", now)
    todo.add("CREATED", now)
    todo.add("STATUS", "NEEDS-ACTION")
    for name, moment in (("DTSTART", start), ("DUE", due)):
        if moment is not None:
            todo.add(name, moment)
    for name, value in properties.items():
        todo.add(name, on_one_line(value))
    if alarm is not None:
        ringing = Alarm()
        ringing.add("ACTION", "DISPLAY")
        ringing.add("DESCRIPTION", summary)
        ringing.add("TRIGGER", alarm, {"RELATED": "END"} if due is not None else {})
        todo.add_component(ringing)
    write_file(path, ical_text(new_calendar(todo)))


def remove_item(folder: Path, name: str) -> None:
    """Delete the file that `write_item` made. Raises ToolFailed when it is not there."""
    path = folder / f"{name}.ics"
    if path.parent != folder or not path.is_file():
        raise ToolFailed("It is not there any more.")
    path.unlink()


def _todo_block(text: str, number: int) -> tuple[str, str, str]:
    """A file's text in three parts: up to a to-do's own lines, these lines, and the rest from its end on."""
    start = [found.end() for found in _BEGIN.finditer(text)][number]
    end = _END.search(text, start)
    assert end is not None  # it was read as a to-do, which has an end
    return text[:start], text[start : end.start()], text[end.start() :]
