"""iCalendar texts: made, read and changed."""

from typing import Any

from icalendar import Calendar, Component

LINE_BREAK = "\ufdd0"
"""Stands for a backslash before a capital N, which icalendar 7 writes as a line break; no text has it."""


def new_calendar(component: Component) -> Calendar:
    """A calendar that holds one component."""
    calendar = Calendar()
    calendar.add("PRODID", "-//Scrubjay//EN")
    calendar.add("VERSION", "2.0")
    calendar.add_component(component)
    return calendar


def ical_text(calendar: Calendar) -> str:
    """The calendar as it is written to a file or sent to a server."""
    written: bytes = calendar.to_ical()
    return written.decode().replace(LINE_BREAK, r"\\N")


def on_one_line(value: Any) -> Any:
    """Text, and each text of a list, as iCalendar can carry it; every other value as it is."""
    if isinstance(value, list):
        return [on_one_line(part) for part in value]
    return " ".join(value.split()).replace(r"\N", LINE_BREAK) if isinstance(value, str) else value


def read_calendar(text: str) -> Calendar:
    """The calendar in an iCalendar text. Raises ValueError when it is none."""
    try:
        found = Calendar.from_ical(text)
    except (IndexError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(found, Calendar):
        raise ValueError("there is no calendar in it")
    return found
