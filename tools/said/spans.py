"""Days and runs of days on the calendar, as readings of what was said."""

from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `first` up to, and without, `after`."""

    first: date
    after: date

    @property
    def is_day(self) -> bool:
        """Whether it is one day."""
        return self.after - self.first == DAY

    @property
    def is_week(self) -> bool:
        """Whether it is a week from Monday to Sunday."""
        return self.after - self.first == WEEK and self.first.weekday() == 0


@dataclass(frozen=True, slots=True)
class Days:
    """What words about days can mean."""

    likely: tuple[Span, ...]
    """The readings, the likeliest first."""
    otherwise: Span | None = None
    """What they mean when all of `likely` has passed: "the 24th at 9" in the evening of the 24th."""
    weekday: int | None = None
    """The weekday that was named (0 is Monday), where nothing else was."""


def day(date: date) -> Span:
    """One day."""
    return Span(date, date + DAY)


def days(*dates: date, otherwise: date | None = None, weekday: int | None = None) -> Days:
    """Readings that are one day each."""
    return Days(tuple(map(day, dates)), None if otherwise is None else day(otherwise), weekday)


def week_of(date: date) -> Span:
    """The week from Monday to Sunday that `date` is in."""
    monday = date - date.weekday() * DAY
    return Span(monday, monday + WEEK)


def month_of(year: int, month: int, count: int = 1) -> Span:
    """`count` months from a month on; a month above 12 or below 1 is in another year."""
    return Span(_first_of(year, month), _first_of(year, month + count))


def _first_of(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def months_later(start: date, months: int) -> date:
    """The same day some months later, or the last of that month where it is shorter."""
    month = month_of(start.year, start.month + months)
    return min(month.first + (start.day - 1) * DAY, month.after - DAY)


def weekday_on_or_after(start: date, weekday: int) -> date:
    """The first such weekday (0 is Monday) from `start` on."""
    return start + (weekday - start.weekday()) % 7 * DAY


def next_day_of_month(today: date, number: int, after: bool = False) -> date | None:
    """The next day with that number, `today` or later (`after`: later); months without it are left out."""
    for count in range(13):
        month = month_of(today.year, today.month + count)
        if 0 < number <= (month.after - month.first).days:
            found = month.first + (number - 1) * DAY
            if found > today or (found == today and not after):
                return found
    return None


def next_date(today: date, month: int, number: int, after: bool = False) -> date | None:
    """The next day of that name, `today` or later (`after`: later); 29 February may be years away."""
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, number)
        except ValueError:
            continue
        if found > today or (found == today and not after):
            return found
    return None


def nth_weekday(month: Span, weekday: int, number: int) -> date | None:
    """The first (1), second, ... or last (-1) such weekday of a month; None when there is none."""
    if number < 0:
        last = month.after - DAY
        return last - (last.weekday() - weekday) % 7 * DAY
    found = weekday_on_or_after(month.first, weekday) + (number - 1) * WEEK
    return found if found < month.after else None
