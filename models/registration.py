"""Segments that are computed ahead of any request for them, while nobody waits for text."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from .prompt import Segment
from .segment_key import SegmentKey


class Registration:
    """A list of segments to be made ready, one after the other.

    `wait` and `cancelled` are for the event loop that it was made in, the rest is for the engine's thread.
    """

    def __init__(
        self, segments: Sequence[Segment], pinned: bool, progress: Callable[[int, int], None] | None
    ) -> None:
        """`progress` is told, in the event loop, how many segments are ready, and of how many."""
        self.segments = segments
        self.pinned = pinned
        self.computed = 0
        """How many had to be computed."""
        self.cancelled = False
        """Nobody wants it any more."""
        self.left: deque[SegmentKey] = deque()
        """What is not ready yet."""
        self._total = 0
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()

    async def wait(self) -> None:
        """Return when all segments are ready. Raises what keeps them from it."""
        await self._ended

    def begin(self, keys: Iterable[SegmentKey]) -> None:
        """Learn what the segments are known by."""
        self.left.extend(keys)
        self._total = len(self.left)

    def advance(self, computed: bool) -> None:
        """The first of those that are left is ready."""
        self.left.popleft()
        self.computed += computed
        if self._progress is not None:
            self._call(partial(self._progress, self._total - len(self.left), self._total))

    def end(self, error: Exception | None = None) -> None:
        """All are ready, or will not be."""
        self._call(partial(self._settle, error))

    def _settle(self, error: Exception | None) -> None:
        if self._ended.done():
            return
        if error is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(error)

    def _call(self, function: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:  # the event loop is closed: nobody waits any more
            self.cancelled = True
