"""How many threads compute a small batch: as many as are quickest just now, which is learned on the way.

A long batch shares its work out well. In one of a few tokens the threads wait for each other hundreds of
times in some milliseconds, and what that costs depends on the processor and on what else runs. A model of
Qwen2.5-0.5B's shape (Q4_0) on two cores takes 20 ms for a token with one thread and 25 with two, 113 and 93
for eight tokens; beside two busy programs 33 and 61, 179 and 286. The numbers are the same with any count.
"""

from __future__ import annotations

from collections import deque
from statistics import median

SMALL_BATCH = 16
"""Tokens; with more, all threads pay."""

_TRIES = 4
"""Steps by which a count is judged; the first of them may have to make threads."""
_CLEARLY = 0.95
"""Another count must take less than this share of the time."""
_SOON, _LATE = 64, 1024
"""After so many steps another count is tried again, later and later while nothing changes."""
_CHANGED = 1.5
"""By so much longer must the last steps have taken than usual, for another count to be tried at once."""


class BatchThreads:
    """Learns for batches of 1, 2, 3-4, 5-8 and 9-16 tokens how many of `most` threads are quickest."""

    def __init__(self, most: int) -> None:
        self.most = most
        counts = [most]
        while counts[-1] > 1:
            counts.append(counts[-1] // 2)
        self._sizes = [_Choice(counts) for _ in range((SMALL_BATCH - 1).bit_length() + 1)]

    def count(self, tokens: int) -> int:
        """With how many threads to compute a batch of so many tokens."""
        return self.most if tokens > SMALL_BATCH else self._size(tokens).count

    def took(self, tokens: int, seconds: float) -> None:
        """Learn from a batch that was computed with `count` threads."""
        if tokens <= SMALL_BATCH:
            self._size(tokens).took(seconds / tokens)

    def _size(self, tokens: int) -> _Choice:
        return self._sizes[(tokens - 1).bit_length()]


class _Choice:
    """Holds on to the quickest count, and tries its neighbours in turn; begins with the first of `counts`."""

    def __init__(self, counts: list[int]) -> None:
        self._counts = counts
        self._best, self._direction = 0, 1
        self._trying: int | None = None
        self._steps, self._wait = 0, _TRIES
        self._usual = 0.0
        self._times: list[deque[float]] = [deque(maxlen=_TRIES) for _ in counts]

    @property
    def count(self) -> int:
        return self._counts[self._best if self._trying is None else self._trying]

    def took(self, seconds: float) -> None:
        place = self._best if self._trying is None else self._trying
        self._times[place].append(seconds)
        self._steps += 1
        if self._trying is None and (self._steps >= self._wait or self._is_slower()):
            self._try()
        elif self._trying is not None and self._steps >= _TRIES:
            self._judge(self._trying)

    def _is_slower(self) -> bool:
        """Whether the machine seems to have become busy since another count was tried."""
        return self._steps >= _TRIES and 0.0 < _CHANGED * self._usual < median(self._times[self._best])

    def _try(self) -> None:
        if len(self._counts) == 1:
            return
        if not 0 <= self._best + self._direction < len(self._counts):
            self._direction = -self._direction
        self._trying, self._steps = self._best + self._direction, 0

    def _judge(self, tried: int) -> None:
        if median(self._times[tried]) < _CLEARLY * median(self._times[self._best]):
            self._best, self._wait = tried, _TRIES  # perhaps more of the same is better still
        else:
            self._direction = -self._direction
            self._wait = min(max(_SOON, 2 * self._wait), _LATE)
        self._trying, self._steps = None, 0
        self._usual = median(self._times[self._best])
