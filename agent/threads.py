"""Threads for blocking tools, which nothing has to wait for: not a request that ends, not the interpreter.

concurrent.futures is no help here: its threads are joined when Python exits, so that one hung tool would keep
the process alive for ever.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class TooManyHangingCalls(RuntimeError):
    """So many calls of tools hang that no more threads are started for new ones."""


class Threads:
    """A pool that grows to `most` threads and keeps them for the next call. Use it from one event loop.

    A call that is given up (timed out or cancelled) keeps its thread until it returns by itself, if ever.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._idle: list[_Thread] = []
        self._alive = 0
        self._closed = False

    async def run(self, function: Callable[[], T]) -> T:
        """What `function` returns or raises, run in a thread with the caller's context variables.

        Cancelling gives the call up: one that has begun goes on unheard, any other never begins.
        Raises TooManyHangingCalls instead of queueing.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        thread = self._idle.pop() if self._idle else self._another()
        context = contextvars.copy_context()
        begun = threading.Lock()  # held by whoever was first: the thread that begins, or we who give up

        def job() -> None:
            result, error = None, None
            if begun.acquire(blocking=False):
                result, error = _try(partial(context.run, function))
            try:
                loop.call_soon_threadsafe(self._ended, thread, future, result, error)
            except RuntimeError:  # the loop is closed: nobody waits for the result
                thread.jobs.put(None)

        thread.jobs.put(job)
        try:
            return await future
        except asyncio.CancelledError:
            begun.acquire(blocking=False)
            raise

    def close(self) -> None:
        """Let idle threads end, and busy ones when their calls return. Waits for nothing."""
        self._closed = True
        for thread in self._idle:
            thread.jobs.put(None)
        self._idle.clear()

    def _another(self) -> _Thread:
        if self._alive >= self._most:
            raise TooManyHangingCalls(
                f"{self._alive} calls of tools hang, so no more are started; restart the program"
            )
        self._alive += 1
        return _Thread()

    def _ended(
        self, thread: _Thread, future: asyncio.Future[Any], result: Any, error: Exception | None
    ) -> None:
        if self._closed:
            thread.jobs.put(None)
        else:
            self._idle.append(thread)
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


class _Thread:
    """A daemon thread that runs jobs one after the other until it is given None."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._work, name="scrubjay-tool", daemon=True).start()

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            job()


def _try(function: Callable[[], T]) -> tuple[T | None, Exception | None]:
    try:
        return function(), None
    except Exception as error:
        # A future refuses to carry StopIteration.
        return None, RuntimeError("StopIteration") if isinstance(error, StopIteration) else error
    except BaseException as error:  # SystemExit and the like must not end the program from a tool's thread
        return None, RuntimeError(f"it raised {type(error).__name__}")
