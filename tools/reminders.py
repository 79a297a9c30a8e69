"""The reminders app: what to be reminded of, as iCalendar to-dos.

A due date stays as it was said. Where it is plain ISO 8601 it is also kept as a date, with an alarm for a
time.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed, ToolQuestion
from .said.moments import iso_moment
from .said.names import alike, folded, listed, meant
from .storage import new_id
from .todos import SAID, Item, read_items, write_item

When = Annotated[str, Field(json_schema_extra={"format": "date-time"})]

_PRIORITIES = {"high": 1, "medium": 5, "low": 9}
_CHANGING = frozenset(["today", "tonight", "tomorrow", "this", "now", "next", "in"])
"""Words that mean another day tomorrow."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reminders:
    """Reminders as a folder of iCalendar files."""

    folder: Path
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()

    @tool(effect=Effect.WRITE, state="reminders", say="Reminder set: {text}.")
    def create_reminder(
        self,
        text: str,
        due: When | None = None,
        list: str | None = None,
        priority: Literal["low", "medium", "high"] | None = None,
    ) -> str:
        """Set a reminder.

        Args:
            text: What to be reminded of
            due: When to remind (a date or time as said, or ISO 8601)
            list: Name of the reminder list
            priority: How important it is

        Returns:
            Id of the reminder
        """
        if not text.strip():
            raise ToolFailed("A reminder needs a text.")
        now = self.now()
        moment = iso_moment(due, now) if due else None
        properties: dict[str, Any] = {}
        if due:
            properties[SAID] = due
        if list:
            properties["CATEGORIES"] = [self._list(list)]
        if priority:
            properties["PRIORITY"] = _PRIORITIES[priority]
        path = self.folder / f"{new_id('reminder')}.ics"
        rings = isinstance(moment, datetime)
        write_item(path, text.strip(), now, due=moment, alarm=rings, properties=properties)
        return path.stem

    @tool(effect=Effect.READ, state="reminders", say="Open reminders: {result}.")
    def list_reminders(self, list: str | None = None, when: str | None = None) -> list[Any]:
        """List open reminders.

        Args:
            list: Name of the reminder list
            when: Only those due in this period, as said

        Returns:
            Open reminders
        """
        items = self._open()
        if list:
            names = {name: (name,) for item in items for name in item.lists}
            chosen = {folded(name) for name in meant(list, names, inflected=True)}
            items = [item for item in items if chosen & {folded(name) for name in item.lists}]
        if when:
            items = [item for item in items if _is_due(item, when, self.now())]
        return [item.text for item in items]

    @tool(effect=Effect.WRITE, state="reminders", say="{result}.")
    def complete_reminder(self, text: str) -> str:
        """Mark a reminder as done.

        Args:
            text: Words of the reminder

        Returns:
            Confirmation
        """
        items: dict[str, Item] = {}
        for item in self._open():
            items.setdefault(item.text, item)  # of equal ones, the oldest is done first
        names = {name: (name,) for name in items}
        found = meant(text, names, inflected=True)
        if len(found) == 1:
            items[found[0]].complete(self.now())
            return f"Done: {found[0]}"
        if found:
            raise ToolQuestion(f"{len(found)} reminders match {text}: {listed(found)}. Which one?", found)
        close = alike(text, names)
        if close:
            raise ToolQuestion(f"No open reminder says {text}. Did you mean {listed(close)}?", close)
        raise ToolFailed(f"No open reminder says {text}. List the reminders to see what there is.")

    def _open(self) -> list[Item]:
        items, broken = read_items(self.folder)
        for error in broken:
            _log.warning("%s", error)
        if broken and not items:
            raise broken[0]
        return [item for item in items if not item.done and item.text]

    def _list(self, said: str) -> str:
        """The list's name as it is written on reminders already there, or as it was said."""
        known = {name for item in read_items(self.folder)[0] for name in item.lists}
        return next((name for name in sorted(known) if folded(name) == folded(said)), said.strip())


def _is_due(item: Item, when: str, now: datetime) -> bool:
    """Whether a reminder is due on the ISO date `when`, or was given these very words as its due date.

    "tomorrow" on a reminder of last week is another day: such words count only on the day on which they were
    said.
    """
    wanted = iso_moment(when, now)
    if wanted is not None and item.due is not None:
        return _day(wanted) == _day(item.due)
    words = folded(when).split()
    if {*words} & _CHANGING and (
        item.created is None or _day(item.created.astimezone(now.tzinfo)) != now.date()
    ):
        return False
    return bool(words) and {*words} - {"on", "at"} <= {*folded(item.due_said).split()}


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
