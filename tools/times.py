"""Dates and times of arguments: read as the person said them, in their zone, and asked about when unclear."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tzlocal import get_localzone

from .errors import ToolFailed, ToolQuestion
from .said.dates import NotUnderstood, Speaking, read_when
from .said.named_days import Numbers
from .said.names import listed
from .said.readings import Reading, in_words, local, point_in_words
from .said.repeats import Repeat, split_repeat
from .settings import TimeSettings


def _system_now() -> datetime:
    return datetime.now(get_localzone())


@dataclass(frozen=True, slots=True)
class Times:
    """What time it is for the user, and how they say times."""

    now: Callable[[], datetime] = _system_now
    """Now, with the user's time zone."""
    numbers: Numbers = "ask"

    @classmethod
    def chosen(cls, settings: TimeSettings) -> "Times":
        """As set: the zone that is named there, or else the system's."""
        if not settings.zone:
            return cls(numbers=settings.numbers)
        zone = ZoneInfo(settings.zone)
        return cls(lambda: datetime.now(zone), settings.numbers)

    def point(self, said: str, **circumstances: Any) -> datetime | date:
        """The moment that `said` is, or the day where no time was said.

        `circumstances` are fields of `Speaking` (`on`, `after`, `usually`). Raises ToolQuestion when two are
        likely or when it is a whole period, ToolFailed when it is no date or time.
        """
        return self.reading(said, **circumstances)[1]

    def reading(self, said: str, **circumstances: Any) -> tuple[Reading, datetime | date]:
        """What `said` was understood as, and as one point: `point` with its end."""
        speaking = self._speaking(circumstances)
        found = self._read(said, speaking)
        points = [(reading, reading.at) for reading in found if reading.at is not None]
        if not points:
            raise ToolQuestion(f"{said} is {in_words(found[0], speaking.now)}. Which day, and what time?")
        if len(points) > 1:
            choices = [point_in_words(at, speaking.now) for _, at in points]
            raise ToolQuestion(f"Is {said} {listed(choices)}?", choices)
        return points[0]

    def coming(self, said: str, **circumstances: Any) -> datetime | date:
        """A `point` that has not passed yet. Raises ToolFailed when it has."""
        point, now = self.point(said, **circumstances), self.now()
        passed = point < now if isinstance(point, datetime) else point < now.date()
        if passed:
            raise ToolFailed(f"{said} is {point_in_words(point, now)}, which has passed. Say a later time.")
        return point

    def repeating(self, said: str, **circumstances: Any) -> tuple[datetime | date, Repeat | None]:
        """A `coming` point, and how often it repeats: "every weekday at 9" is the next one and weekly."""
        rest, repeat = split_repeat(said)
        if repeat is None:
            return self.coming(said, **circumstances), None
        now = self.now()
        day = repeat.first_from(now.date())
        if not rest:
            return day, repeat
        try:
            if not repeat.weekdays:
                return self.coming(rest, **circumstances), repeat
            later = repeat.first_from(now.date() + timedelta(days=1))
            point = self.point(rest, **circumstances, on=later)
            if isinstance(point, datetime) and point.date() == later:
                today = local(day, point.time(), point.tzinfo)
                point = today if today > now else point
        except ToolQuestion as question:
            if "in the" in said:
                raise
            choices = [f"{said} in the morning", f"{said} in the evening"]
            raise ToolQuestion(f"Is that {listed(choices)}?", choices) from question
        return point, repeat

    def period(self, said: str) -> Reading:
        """The likeliest period that `said` is. Raises ToolFailed when it is none."""
        return self._read(said, self._speaking({}))[0]

    def in_words(self, point: datetime | date) -> str:
        """A time or day in words, such as "Tuesday 24 November, 14:00"."""
        return point_in_words(point, self.now())

    def _speaking(self, circumstances: dict[str, Any]) -> Speaking:
        return replace(Speaking(self.now(), self.numbers), **circumstances)

    def _read(self, said: str, speaking: Speaking) -> list[Reading]:
        try:
            return read_when(said, speaking)
        except NotUnderstood as error:
            raise ToolFailed(str(error)) from error
