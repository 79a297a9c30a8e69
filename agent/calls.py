"""Calls tools for all requests of an agent: in turn, within time, tried again where that can do no harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from ..tools.effect import Effect
from ..tools.errors import ToolError, ToolFailed, ToolQuestion, ToolResultError
from ..tools.tool import Tool
from .outcome import Failure
from .plan import Json
from .states import StateLocks
from .threads import Threads, TooManyHangingCalls

T = TypeVar("T")

DEFAULT_TIMEOUT_S = 60.0
"""For tools that declare no time-out of their own."""
RETRY_AFTER_S = 0.1
"""The pause before a second attempt; it doubles with each further one."""
MAX_PROBLEM = 500
"""Characters of an error's text that are kept."""
MAX_ANSWER = 4_000
"""Characters of what a tool says to the person when it fails or asks."""
MAX_RESULT = 10_000_000
"""Characters of a result: a tool that returns more has failed, and fills nobody's memory further."""


class CallFailed(Exception):
    """The tool gave no result. The message is for the person; failure says of what kind it is.

    may_have_happened: the tool had begun and did not itself say that it failed.
    """

    def __init__(self, failure: Failure, problem: str, may_have_happened: bool) -> None:
        super().__init__(problem)
        self.failure = failure
        self.may_have_happened = may_have_happened


class Calls:
    """Runs async tools on the event loop and blocking ones in threads, at most `at_once` at a time.

    Blocking calls that hang are given up and never give their threads back; when as many hang as may run at
    once, blocking calls may begin to fail.
    """

    def __init__(self, at_once: int = 64) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._states = StateLocks()
        self._threads = Threads(2 * at_once)

    @asynccontextmanager
    async def turn(self, tool: Tool) -> AsyncIterator[None]:
        """Wait until `tool` may run: nothing else changes its state, and fewer than `at_once` run."""
        async with self._states.held(tool.state, reads=tool.effect is Effect.READ), self._slots:
            yield

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> Json:
        """The tool's checked result. arguments: from `tool.validate_arguments`. Raises CallFailed."""
        for attempt in range(tool.retries + 1):
            try:
                return await self._attempt(tool, arguments)
            except CallFailed as failed:
                if attempt == tool.retries or not _may_try_again(tool, failed):
                    raise
                await asyncio.sleep(RETRY_AFTER_S * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    async def beside(self, tool: Tool, function: Callable[[], T], *, reads: bool) -> T:
        """What another function of the tool (`undo`, `understood`) returns; in a thread, within its time.

        reads: it changes nothing. Raises CallFailed.
        """
        async with self._states.held(tool.state, reads=reads), self._slots:
            return await self._beside(tool, function)

    async def _beside(self, tool: Tool, function: Callable[[], T]) -> T:
        with _told(tool) as clock:
            async with clock:
                return await self._threads.run(function)

    def close(self) -> None:
        """Let the threads end. Waits for nothing."""
        self._threads.close()

    async def _attempt(self, tool: Tool, arguments: Mapping[str, Any]) -> Json:
        with _told(tool) as clock:
            async with clock:
                if tool.is_async:
                    return _plain(tool, await tool.call(arguments))
                return await self._threads.run(lambda: _plain(tool, tool.call(arguments)))


@contextmanager
def _told(tool: Tool) -> Iterator[asyncio.Timeout]:
    """Gives the clock that the tool has to keep to; whatever it raises becomes a CallFailed."""
    limit = DEFAULT_TIMEOUT_S if tool.timeout_s is None else tool.timeout_s
    clock = asyncio.timeout(limit)
    try:
        yield clock
    except ToolQuestion as error:
        raise CallFailed(Failure.QUESTION, str(error)[:MAX_ANSWER], False) from error
    except ToolFailed as error:
        raise CallFailed(Failure.REFUSED, str(error)[:MAX_ANSWER], False) from error
    except ToolError as error:
        raise CallFailed(Failure.BROKEN, str(error), isinstance(error, ToolResultError)) from error
    except TooManyHangingCalls as error:
        raise CallFailed(Failure.BROKEN, str(error), False) from error
    except asyncio.CancelledError as error:
        if _cancelled_from_outside():
            raise
        raise CallFailed(Failure.BROKEN, f"{tool.name} cancelled itself", True) from error
    except (Exception, SystemExit) as error:
        if clock.expired():
            problem = f"{tool.name} took longer than {limit:g} s and was given up"
            raise CallFailed(Failure.TIMED_OUT, problem, True) from error
        problem = f"{tool.name} broke: {type(error).__name__}: {error}".rstrip(": ")
        raise CallFailed(Failure.BROKEN, problem[:MAX_PROBLEM], True) from error


def _plain(tool: Tool, value: Any) -> Json:
    result: Json = tool.validate_result(value)
    if _longer(result, MAX_RESULT) < 0:
        raise ToolResultError(f"{tool.name} returned more than {MAX_RESULT:,} characters; ask for less")
    return result


def _longer(value: Json, room: int) -> int:
    """The room that is left after `value`; below 0 as soon as it doesn't fit."""
    if isinstance(value, str):
        return room - len(value) - 1
    if isinstance(value, list | dict):
        for item in value if isinstance(value, list) else value.values():
            room = _longer(item, room - 1)
            if room < 0:
                return room
    return room - 1


def _may_try_again(tool: Tool, failed: CallFailed) -> bool:
    if isinstance(failed.__cause__, ToolError):
        return False  # by its contract the same call gives the same error
    if tool.effect is Effect.READ or not failed.may_have_happened:
        return True
    # After a time-out the first attempt may still be writing.
    return tool.effect is Effect.WRITE and failed.failure is Failure.BROKEN


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
