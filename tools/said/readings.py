"""What was understood of a date or time, and how it is told to the person."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment, a day or a period. All times are in the user's zone."""

    start: datetime
    end: datetime
    """The first moment after it; for a moment, the moment itself."""
    at: datetime | date | None
    """It as one point: a time, or a day without a time; None for a period that is neither ("next week")."""

    @property
    def is_moment(self) -> bool:
        """Whether it is a time rather than a day or a period."""
        return self.start == self.end


def local(day: date, clock: time, zone: tzinfo | None) -> datetime:
    """A time on a day in a zone. A time that the clock skips in spring is the one it jumps to."""
    moment = datetime.combine(day, clock.replace(tzinfo=None), zone)
    return moment.astimezone(UTC).astimezone(zone)


def in_words(reading: Reading, now: datetime) -> str:
    """ "Tuesday 24 November, 14:00"; the year is told when it isn't this one."""
    if reading.at is not None and (reading.is_moment or not isinstance(reading.at, datetime)):
        return point_in_words(reading.at, now)
    first, last = reading.start, reading.end - timedelta(microseconds=1)
    if first.date() == last.date():
        end = f"{reading.end:%H:%M}" if reading.end.date() == first.date() else "midnight"
        return f"{point_in_words(first.date(), now)}, {first:%H:%M} to {end}"
    if first.time() == time() and reading.end.time() == time():
        return f"{point_in_words(first.date(), now)} to {point_in_words(last.date(), now)}"
    if reading.end.time() == time():
        return f"{point_in_words(first, now)} to the end of {point_in_words(last.date(), now)}"
    return f"{point_in_words(first, now)} to {point_in_words(reading.end, now)}"


def point_in_words(point: datetime | date, now: datetime) -> str:
    """A time or a day in words, such as "Tuesday 24 November, 14:00"."""
    if isinstance(point, datetime) and point.tzinfo is not None and now.tzinfo is not None:
        point = point.astimezone(now.tzinfo)
    year = f" {point.year}" if point.year != now.year else ""
    clock = f", {point:%H:%M}" if isinstance(point, datetime) else ""
    return f"{point:%A} {point.day} {point:%B}{year}{clock}"
