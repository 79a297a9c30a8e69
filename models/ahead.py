"""What is done while nobody waits for text: registered tools are computed, and segments go to the disk."""

from collections import deque

from .batch import Batch
from .context import Context
from .errors import NativeError
from .layout import Layout, segment_keys
from .registration import Registration
from .store import CachedSegment, KVStore


class Ahead:
    """Moves registrations on by a batch at a time. Shares the context with a scheduler, which calls `pause`
    before it uses it, and takes every adapter off before `step`."""

    def __init__(
        self, context: Context, store: KVStore, layout: Layout, batch: Batch, positions: int
    ) -> None:
        self._context = context
        self._store = store
        self._layout = layout
        self._batch = batch
        self._longest = min(positions, context.cells) - 1
        self._registrations: deque[Registration] = deque()
        self._acquired: list[CachedSegment] = []  # the next segment and what it sees, while they are computed

    @property
    def busy(self) -> bool:
        """Whether `step` has something to do."""
        return bool(self._registrations) or self._store.has_work

    def register(self, registration: Registration) -> None:
        """Queue tools, and the system segment that they see."""
        tokens = self._layout.segments(registration.segments)
        registration.begin(segment_keys(tokens, adapter=""))
        self._registrations.append(registration)

    def step(self) -> None:
        """Do a piece of work. Raises `NativeError`."""
        if not self._registrations:
            self._store.work()
            return
        registration = self._registrations[0]
        if registration.cancelled or not registration.left:
            self.pause()
            self._registrations.popleft().end()
            return
        try:
            self._move_on(registration)
        except NativeError as error:
            self._registrations.popleft().end(error)
            raise

    def pause(self) -> None:
        """Take what is being computed out of the context."""
        self._store.release(self._acquired)
        self._acquired = []

    def close(self, error: Exception) -> None:
        """End all registrations with `error`."""
        self.pause()
        for registration in self._registrations:
            registration.end(error)
        self._registrations.clear()

    def _move_on(self, registration: Registration) -> None:
        key = registration.left[0]
        if not self._acquired:
            if key.end > self._longest or self._store.copies.ready(key):
                registration.advance(computed=False)
                return
            self._acquired = self._store.acquire([key.seen, key] if key.before else [key], self._longest)
        missing = next((segment for segment in self._acquired if not segment.complete), None)
        if missing is not None:
            self._compute(missing, registration.pinned)
        if all(segment.complete for segment in self._acquired):
            self.pause()
            registration.advance(computed=True)

    def _compute(self, segment: CachedSegment, pinned: bool) -> None:
        self._batch.clear()
        self._store.read(segment, self._batch, alone=True)
        self._context.decode(self._batch)
        if segment.complete:
            self._store.completed(segment, pinned)
