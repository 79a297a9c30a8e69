"""Async work for programs that are not async: an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class LoopRunningError(RuntimeError):
    """A blocking call was made where an event loop runs, which it would stop."""


class BackgroundLoop:
    """Runs async work to its end for callers that block, from any number of threads."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon: a program that forgets to close its agent must still end.
        self._thread = threading.Thread(target=self._loop.run_forever, name="scrubjay loop", daemon=True)
        self._thread.start()

    @property
    def is_here(self) -> bool:
        """Whether the caller runs inside this loop."""
        return threading.current_thread() is self._thread

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start `work`; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Awaitable[T]) -> T:
        """What `work` returns or raises. Ctrl-C cancels it, and is raised once it has cleaned up."""
        ended: Future[T] = Future()
        task = self.begin(_told(work, ended))
        try:
            return ended.result()
        except KeyboardInterrupt:
            task.cancel()
            ended.exception()
            raise

    def call(self, function: Callable[[], T]) -> T:
        """What `function` returns or raises, called inside the loop."""

        async def work() -> T:
            return function()

        return self.run(work())

    def iterate(self, stream: AsyncGenerator[T, None]) -> Iterator[T]:
        """What `stream` yields, as it comes; leaving early closes it."""
        try:
            while True:
                try:
                    yield self.run(anext(stream))
                except StopAsyncIteration:
                    return
        finally:
            self.run(stream.aclose())

    def close(self) -> None:
        """End the thread; nothing may run in it any more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _told(work: Awaitable[T], ended: Future[T]) -> None:
    """Run `work` and put into `ended` how it ended, only after it has."""
    try:
        ended.set_result(await work)
    except BaseException as error:  # cancellation, too: somebody waits to hear of it
        ended.set_exception(error)


def refuse_in_loop(call: str, instead: str) -> None:
    """Raise LoopRunningError where an event loop runs: `call` would stop it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise LoopRunningError(f"{call} would stop the event loop that runs here; write `{instead}`")
