"""When to-dos are that repeat."""

import logging
from collections.abc import Iterator
from datetime import date, datetime, time, tzinfo

from dateutil.rrule import rrulestr

from .said.readings import local
from .todos import Item

_log = logging.getLogger(__name__)


def starts(item: Item, first: datetime, after: datetime | None) -> Iterator[datetime]:
    """Its first time, and those at which it repeats; the clock's time stays when summer time begins."""
    rule = item.todo.get("RRULE")
    if rule is None:
        yield first
        return
    text = rule.to_ical().decode()
    try:
        times = rrulestr(text, dtstart=first.replace(tzinfo=None), ignoretz=True)
    except ValueError as error:
        _log.warning("%s repeats in a way that is not known (%s)", item.path, error)
        yield first
        return
    from_then = times if after is None else times.xafter(after.replace(tzinfo=None), inc=True)
    for moment in from_then:
        yield local(moment.date(), moment.time(), first.tzinfo)


def zoned(moment: date | datetime, zone: tzinfo | None) -> datetime:
    """A moment in the user's zone; a day is its midnight, a time without a zone is the user's."""
    if not isinstance(moment, datetime):
        return local(moment, time(), zone)
    return moment.astimezone(zone) if moment.tzinfo else local(moment.date(), moment.time(), zone)
