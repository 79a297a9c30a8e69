"""The reminders app: what to be reminded of, as iCalendar to-dos with the due date and as it was said."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal

from icalendar import vRecur
from pydantic import Field

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed, ToolQuestion
from .recurring import starts, zoned
from .said.dates import NotUnderstood, Speaking, read_when
from .said.names import alike, folded, listed, meant
from .said.readings import Reading, in_words, local
from .said.repeats import Repeat
from .said.usual_times import usually
from .storage import new_id
from .times import Times
from .todos import SAID, Item, read_items, remove_item, write_item

When = Annotated[str, Field(json_schema_extra={"format": "date-time"})]

_PRIORITIES = {"high": 1, "medium": 5, "low": 9}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reminders:
    """Reminders as a folder of iCalendar files."""

    folder: Path
    times: Times = field(default_factory=Times)
    day_at: time = time(9)
    """When one rings that has a day but no time."""

    def _understood(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        due, repeat = self._due(arguments.get("text", ""), arguments.get("due"))
        every = f", then {repeat.in_words()}" if repeat else ""
        return {"due": f"{self.times.in_words(due)}{every}"} if due else {}

    def _forgotten(self, arguments: Mapping[str, Any], result: str) -> str:
        remove_item(self.folder, result)
        return f"There is no reminder to {arguments['text']} any more"

    @tool(
        effect=Effect.WRITE,
        state="reminders",
        say="Reminder set: {text}.",
        undo=_forgotten,
        understood=_understood,
    )
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
        moment, repeat = self._due(text, due)
        properties: dict[str, Any] = {}
        if due:
            properties[SAID] = due
        if repeat:
            properties["RRULE"] = vRecur(repeat.rule())
        if list:
            properties["CATEGORIES"] = [self._list(list)]
        if priority:
            properties["PRIORITY"] = _PRIORITIES[priority]
        path = self.folder / f"{new_id('reminder')}.ics"
        write_item(
            path,
            text.strip(),
            self.times.now(),
            start=moment if repeat else None,
            due=moment,
            alarm=None if moment is None else self._after(moment),
            properties=properties,
        )
        return path.stem

    def _due(self, text: str, said: str | None) -> tuple[date | datetime | None, Repeat | None]:
        return self.times.repeating(said, usually=usually(text)) if said else (None, None)

    def _after(self, due: date | datetime) -> timedelta:
        """How long after the due date it rings: a day begins at midnight, which is no time to ring."""
        if isinstance(due, datetime):
            return timedelta(0)
        return timedelta(hours=self.day_at.hour, minutes=self.day_at.minute)

    def _period(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        when = arguments.get("when")
        return {"when": in_words(self.times.period(when), self.times.now())} if when else {}

    @tool(
        effect=Effect.READ,
        state="reminders",
        say="Open reminders: {result}.",
        from_others=True,
        source="a reminder",
        understood=_period,
    )
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
            period = self.times.period(when)
            items = [item for item in items if self._is_due(item, period)]
        return [item.text for item in items]

    def _meant(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        return {"text": self._find(arguments["text"]).text}

    def _reopened(self, arguments: Mapping[str, Any], result: str) -> str:
        text = result.removeprefix("Done: ")
        done = [item for item in read_items(self.folder)[0] if item.done and item.text == text]
        if not done:
            raise ToolFailed(f"{text} is not among the reminders that are done for good.")
        max(done, key=lambda item: item.completed or datetime.min.replace(tzinfo=UTC)).reopen()
        return f"{text} is open again"

    @tool(
        effect=Effect.WRITE,
        state="reminders",
        say="{result}.",
        from_others=True,
        source="a reminder",
        undo=_reopened,
        understood=_meant,
    )
    def complete_reminder(self, text: str) -> str:
        """Mark a reminder as done.

        Args:
            text: Words of the reminder

        Returns:
            Confirmation
        """
        item = self._find(text)
        following = self._next(item)
        if following is None:
            item.complete(self.times.now())
            return f"Done: {item.text}"
        item.postpone(following)
        return f"Done: {item.text}, until {self.times.in_words(following)}"

    def _next(self, item: Item) -> datetime | date | None:
        """When a reminder that repeats is due after this time; None for others, and after its last time."""
        due, now = item.due, self.times.now()
        if due is None or not item.repeats:
            return None
        first = zoned(due, now.tzinfo)
        later = next(
            (start for start in starts(item, first, max(first, now)) if start > max(first, now)), None
        )
        return later if later is None or isinstance(due, datetime) else later.date()

    def _find(self, text: str) -> Item:
        """The one open reminder that `text` means. Raises ToolQuestion or ToolFailed otherwise."""
        items: dict[str, Item] = {}
        for item in self._open():
            items.setdefault(item.text, item)  # of equal ones, the oldest is done first
        names = {name: (name,) for name in items}
        found = meant(text, names, inflected=True)
        if len(found) == 1:
            return items[found[0]]
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

    def _is_due(self, item: Item, period: Reading) -> bool:
        """Whether it is due in the period; one of an older version has only what was said, and when."""
        due, zone = item.due, period.start.tzinfo
        if due is None and item.due_said and item.created:
            try:
                speaking = Speaking(item.created.astimezone(zone), self.times.numbers)
                due = read_when(item.due_said, speaking)[0].at
            except NotUnderstood:
                return False
        if isinstance(due, datetime):
            return period.start <= _in_zone(due, zone) < max(period.end, period.start + timedelta(minutes=1))
        return (
            due is not None
            and period.start < local(due + timedelta(days=1), time(), zone)
            and (local(due, time(), zone) < period.end)
        )

    def _list(self, said: str) -> str:
        """The list's name as it is written on reminders already there, or as it was said."""
        known = {name for item in read_items(self.folder)[0] for name in item.lists}
        return next((name for name in sorted(known) if folded(name) == folded(said)), said.strip())


def _in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """A time without a zone is the user's."""
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
