"""iCalendar texts: made, read and changed."""

from typing import Any

from icalendar import Calendar, Component

MOST_A_DAY = 96
"""How often a day an event or a to-do may repeat: every quarter of an hour."""

_TIMES_A_DAY = {"HOURLY": 24, "MINUTELY": 1440, "SECONDLY": 86400}

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
    for component in found.walk():
        for name in ("RRULE", "EXRULE"):
            rules = component.get(name, [])
            for rule in rules if isinstance(rules, list) else [rules]:
                _check_pace(rule)
    return found


def _check_pace(rule: Any) -> None:
    """Raise ValueError for a rule that repeats so often that working it out would never end."""
    interval = max(int(rule.get("INTERVAL", [1])[0]), 1)
    pace = _TIMES_A_DAY.get(str(rule.get("FREQ", [""])[0]).upper(), 1) / interval
    for part, narrows in (("BYHOUR", 24), ("BYMINUTE", 1440), ("BYSECOND", 86400)):
        values = rule.get(part, [])
        count = len(values) if isinstance(values, list) else 1
        # A rule that is finer than the part is narrowed by it, not multiplied.
        pace *= max(count, 1) if pace < narrows else 1
    if pace > MOST_A_DAY:
        raise ValueError(f"something in it repeats {pace:,.0f} times a day; {MOST_A_DAY} are the most")
