"""The clock app: the time here and elsewhere, timers and alarms.

Timers and alarms are iCalendar to-dos with an alarm each, which `ringing.py` rings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from icalendar import vRecur

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed, ToolQuestion
from .reminders import When
from .said.durations import duration as read_duration
from .said.readings import local
from .said.repeats import Repeat
from .said.time_zones import zone
from .storage import new_id
from .times import Times
from .todos import SAID, remove_item, write_item

_RULES = {
    "daily": {"FREQ": "DAILY"},
    "weekdays": {"FREQ": "WEEKLY", "BYDAY": ["MO", "TU", "WE", "TH", "FR"]},
    "weekends": {"FREQ": "WEEKLY", "BYDAY": ["SA", "SU"]},
    "weekly": {"FREQ": "WEEKLY"},
}
_DAYS = {"weekdays": range(5), "weekends": range(5, 7)}
"""The weekdays on which it rings, Monday being 0."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Timers and alarms as a folder of iCalendar files."""

    folder: Path
    times: Times = field(default_factory=Times)

    def _taken_off(self, arguments: Mapping[str, Any], result: str) -> str:
        remove_item(self.folder, result)
        return f"The {result.split('-')[0]} is off"

    @tool(effect=Effect.WRITE, state="clock", say="Timer set for {duration}.", undo=_taken_off)
    def set_timer(self, duration: str, label: str | None = None) -> str:
        """Start a countdown timer.

        Args:
            duration: Length as said, such as '10 minutes'
            label: What the timer is for

        Returns:
            Id of the timer
        """
        try:
            length = read_duration(duration)
        except ValueError as error:
            raise ToolFailed(str(error)) from error
        now = self.times.now()
        path = self.folder / f"{new_id('timer')}.ics"
        properties = {SAID: duration}
        write_item(
            path,
            label or "Timer",
            now,
            start=now,
            due=now + length,
            alarm=timedelta(0),
            properties=properties,
        )
        return path.stem

    def _understood(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        first, every = self._first(arguments["time"], arguments.get("repeat"))
        return {"time": self.times.in_words(first) + (f", then {every.in_words()}" if every else "")}

    @tool(
        effect=Effect.WRITE,
        state="clock",
        say="Alarm set for {time}.",
        undo=_taken_off,
        understood=_understood,
    )
    def set_alarm(
        self,
        time: When,
        label: str | None = None,
        repeat: Literal["once", "daily", "weekdays", "weekends", "weekly"] | None = None,
    ) -> str:
        """Set an alarm.

        Args:
            time: When it rings (a date or time as said, or ISO 8601)
            label: What the alarm is for
            repeat: How often it repeats

        Returns:
            Id of the alarm
        """
        first, every = self._first(time, repeat)
        path = self.folder / f"{new_id('alarm')}.ics"
        properties: dict[str, Any] = {SAID: time}
        if rule := _RULES.get(repeat or "") or (every and every.rule()):
            properties["RRULE"] = vRecur(rule)
        write_item(
            path,
            label or "Alarm",
            self.times.now(),
            start=first,
            alarm=timedelta(0),
            properties=properties,
        )
        return path.stem

    def _first(self, said: str, repeat: str | None) -> tuple[datetime, Repeat | None]:
        """When an alarm rings first, and how often if that was said with it.

        Raises ToolQuestion when a day or a period was said, but no time.
        """
        moment, every = self.times.repeating(said, usually="morning")
        if not isinstance(moment, datetime):
            raise ToolQuestion(f"At what time on {self.times.in_words(moment)}?")
        days = _DAYS.get(repeat or "", range(7))
        while moment.weekday() not in days:
            moment = local(moment.date() + timedelta(days=1), moment.time(), moment.tzinfo)
        return moment, every

    @tool(effect=Effect.READ, state="clock", say="It is {result}.")
    def current_time(self, timezone: str | None = None) -> str:
        """Tell the current date and time.

        Args:
            timezone: City or time zone; the local one if left out

        Returns:
            Date and time
        """
        now = self.times.now()
        if timezone:
            try:
                now = now.astimezone(zone(timezone))
            except ValueError as error:
                raise ToolFailed(str(error)) from error
        return f"{now:%A} {now.day} {now:%B %Y, %H:%M}"
