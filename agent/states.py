"""Keeps steps that touch the same state apart: written order within a plan, one writer at a time overall."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class WrittenOrder:
    """Which earlier steps of a plan a step must wait for because both touch the same state.

    Readers wait for the last writer before them; a writer waits for that one and for the readers since.
    """

    def __init__(self) -> None:
        self._writer: dict[str, int] = {}
        self._readers: dict[str, list[int]] = {}

    def add(self, step_id: int, state: str, reads: bool) -> list[int]:
        """Take in the next step as written; returns the ids of the steps that must end before it starts."""
        before = [self._writer[state]] if state in self._writer else []
        readers = self._readers.setdefault(state, [])
        if reads:
            readers.append(step_id)
            return before
        before += readers
        self._writer[state] = step_id
        self._readers[state] = []
        return before


class StateLocks:
    """Locks by name for all requests of an agent: many readers or one writer, first come, first served."""

    def __init__(self) -> None:
        self._locks: dict[str, _Lock] = {}

    @asynccontextmanager
    async def held(self, state: str | None, reads: bool) -> AsyncIterator[None]:
        """Hold the lock of `state` (None: nothing to hold), waiting for whoever has it."""
        if state is None:
            yield
            return
        lock = self._locks.setdefault(state, _Lock())
        await lock.acquire(reads)
        try:
            yield
        finally:
            lock.release(reads)
            if lock.free:
                self._locks.pop(state, None)


class _Lock:
    def __init__(self) -> None:
        self._readers = 0
        self._writing = False
        self._queue: deque[tuple[bool, asyncio.Future[None]]] = deque()

    @property
    def free(self) -> bool:
        return not (self._readers or self._writing or self._queue)

    async def acquire(self, reads: bool) -> None:
        if not self._queue and self._admits(reads):
            self._enter(reads)
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append((reads, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(reads)
            else:
                self._queue.remove((reads, turn))
                self._admit()
            raise

    def release(self, reads: bool) -> None:
        if reads:
            self._readers -= 1
        else:
            self._writing = False
        self._admit()

    def _admits(self, reads: bool) -> bool:
        return not self._writing and (reads or not self._readers)

    def _enter(self, reads: bool) -> None:
        if reads:
            self._readers += 1
        else:
            self._writing = True

    def _admit(self) -> None:
        while self._queue and self._admits(self._queue[0][0]):
            reads, turn = self._queue.popleft()
            self._enter(reads)
            turn.set_result(None)
