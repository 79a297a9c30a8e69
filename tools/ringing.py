"""What rings: reminders, alarms and timers whose time has come, each once, also across restarts.

What has been rung is written into the to-do's own file, after it was shown: a crash between the two shows it
again, it is never lost. What came due while nothing was running is told at the next start as missed; of a
series, the last time only.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from .notifications import Notifier
from .recurring import starts, zoned
from .said.readings import point_in_words
from .times import Times
from .todos import Item, read_items

_LATE = timedelta(minutes=2)
"""A ring that comes later than this was missed."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ring:
    """Something to tell the person now."""

    item: Item
    kind: str
    """reminder, alarm or timer."""
    at: datetime
    missed: bool
    """It should have rung a while ago."""

    @property
    def title(self) -> str:
        """What it is, in a word or two."""
        return f"Missed {self.kind}" if self.missed else self.kind.capitalize()

    def text(self, now: datetime) -> str:
        """What to tell: the words of the reminder, and when it was due if that has passed."""
        return f"{self.item.text} ({point_in_words(self.at, now)})" if self.missed else self.item.text


Show = Callable[[Ring], Awaitable[None]]
"""Tells the person; an exception means that they were not told, and the ring stays due."""


def shown_by(notifier: Notifier, times: Times) -> Show:
    """Tells the person through `notifier`; alarms and timers stay until they are clicked away."""

    async def show(ring: Ring) -> None:
        await notifier.show(ring.title, ring.text(times.now()), urgent=ring.kind != "reminder")

    return show


@dataclass(frozen=True, slots=True)
class Ringer:
    """Rings what is in the folders of reminders and of the clock."""

    folders: Sequence[Path]
    times: Times = field(default_factory=Times)

    def due(self) -> list[Ring]:
        """What should ring now and has not been rung, the earliest first."""
        now = self.times.now()
        rings = []
        for folder in self.folders:
            items, broken = read_items(folder)
            for error in broken:
                _log.warning("%s", error)
            for item in items:
                moment = None if item.done else _last_ring(item, now)
                if moment is not None:
                    rings.append(Ring(item, _kind(item), moment, now - moment > _LATE))
        return sorted(rings, key=lambda ring: ring.at)

    async def ring(self, show: Show) -> list[Ring]:
        """Show what is due now, mark it as rung, and return it. Only one process does so at a time."""
        with _alone(self.folders) as alone:
            rings = self.due() if alone else []
            for ring in rings:
                await show(ring)
                ring.item.mark_rung(self.times.now())
                if ring.kind == "timer":
                    ring.item.complete(self.times.now())
        return rings

    async def run(self, show: Show, every_s: float = 1.0) -> None:
        """Ring what comes due until cancelled; what was missed comes first.

        `every_s` is how often it looks, in seconds. The files are read again only when they have changed or
        something comes due.
        """
        seen: object = None
        upcoming: datetime | None = None
        while True:
            present = _state(self.folders)
            now = self.times.now()
            if present != seen or (upcoming is not None and upcoming <= now):
                await self.ring(show)
                seen, upcoming = _state(self.folders), self.next_at()
            await asyncio.sleep(every_s)

    def next_at(self) -> datetime | None:
        """When the next one rings; None when nothing is waiting."""
        now = self.times.now()
        waiting = [
            moment
            for folder in self.folders
            for item in read_items(folder)[0]
            if not item.done and (moment := next(_rings(item, now.tzinfo, now), None)) is not None
        ]
        return min(waiting, default=None)


def _last_ring(item: Item, now: datetime) -> datetime | None:
    """The last time up to now at which it should have rung and has not."""
    last = None
    since = item.rang.astimezone(now.tzinfo) if item.rang else None
    for moment in _rings(item, now.tzinfo, since):
        if moment > now:
            break
        last = moment
    return last


def _rings(item: Item, zone: tzinfo | None, after: datetime | None) -> Iterator[datetime]:
    """The times at which it rings, in order, from the first after `after` on."""
    triggers = [alarm.get("TRIGGER") for alarm in item.todo.walk("VALARM")]
    base = item.due if item.due is not None else item.start
    absolute = [trigger.dt for trigger in triggers if isinstance(getattr(trigger, "dt", None), datetime)]
    offsets = [trigger.dt for trigger in triggers if isinstance(getattr(trigger, "dt", None), timedelta)]
    fixed = sorted(zoned(moment, zone) for moment in absolute)
    if base is None or not offsets:
        yield from (moment for moment in fixed if after is None or moment > after)
        return
    first = zoned(base, zone)
    for start in starts(item, first, None if after is None else after - max(offsets)):
        for moment in sorted({*(start + offset for offset in offsets), *fixed}):
            if after is None or moment > after:
                yield moment


def _kind(item: Item) -> str:
    name = item.path.name.split("-")[0]
    return name if name in ("alarm", "timer") else "reminder"


def _state(folders: Sequence[Path]) -> object:
    """What changes whenever a file is written, added or deleted."""
    return [
        (entry.path, entry.stat().st_mtime_ns)
        for folder in folders
        if folder.is_dir()
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.path)
        if entry.name.endswith(".ics")
    ]


@contextmanager
def _alone(folders: Sequence[Path]) -> Iterator[bool]:
    """Whether no other process rings from these folders meanwhile."""
    present = [folder for folder in folders if folder.is_dir()]
    if not present:
        yield True
        return
    with open(present[0] / ".ringing", "wb") as lock:
        yield _locked(lock)


def _locked(lock: Any) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows has no flock; its users run one at a time
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
