"""The clock app: the time here and elsewhere, timers and alarms.

Timers and alarms are iCalendar to-dos with an alarm each, for whatever watches the folder to ring.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from icalendar import vRecur

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed
from .reminders import When
from .said.durations import duration as read_duration
from .said.moments import iso_moment
from .said.time_zones import zone
from .storage import new_id
from .todos import REPEAT, SAID, write_item

_RULES = {
    "daily": {"FREQ": "DAILY"},
    "weekdays": {"FREQ": "WEEKLY", "BYDAY": ["MO", "TU", "WE", "TH", "FR"]},
    "weekends": {"FREQ": "WEEKLY", "BYDAY": ["SA", "SU"]},
    "weekly": {"FREQ": "WEEKLY"},
}


@dataclass(frozen=True, slots=True)
class Clock:
    """Timers and alarms as a folder of iCalendar files."""

    folder: Path
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()

    @tool(effect=Effect.WRITE, state="clock", say="Timer set for {duration}.")
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
        now = self.now()
        path = self.folder / f"{new_id('timer')}.ics"
        properties = {SAID: duration}
        write_item(
            path, label or "Timer", now, start=now, due=now + length, alarm=True, properties=properties
        )
        return path.stem

    @tool(effect=Effect.WRITE, state="clock", say="Alarm set for {time}.")
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
        if not time.strip():
            raise ToolFailed("An alarm needs a time.")
        now = self.now()
        moment = iso_moment(time, now)
        starts = moment if isinstance(moment, datetime) else None
        path = self.folder / f"{new_id('alarm')}.ics"
        properties: dict[str, Any] = {SAID: time}
        if repeat in _RULES:
            properties[REPEAT] = repeat
            if starts is not None:
                properties["RRULE"] = vRecur(_RULES[repeat])
        rings = starts is not None
        write_item(path, label or "Alarm", now, start=starts, alarm=rings, properties=properties)
        return path.stem

    @tool(effect=Effect.READ, state="clock", say="It is {result}.")
    def current_time(self, timezone: str | None = None) -> str:
        """Tell the current date and time.

        Args:
            timezone: City or time zone; the local one if left out

        Returns:
            Date and time
        """
        now = self.now()
        if timezone:
            try:
                now = now.astimezone(zone(timezone))
            except ValueError as error:
                raise ToolFailed(str(error)) from error
        return f"{now:%A} {now.day} {now:%B %Y, %H:%M}"
