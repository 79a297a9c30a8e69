"""Has an engine read the tools of a registry ahead of requests, while nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, runtime_checkable

from ..models.dialects import tool_text
from ..models.errors import ModelError
from ..models.prompt import Segment
from ..tools.registry import ToolRegistry
from ..tools.tool import Tool
from .plannable import split_plannable
from .planner import Engine, Planner

_log = logging.getLogger(__name__)


@runtime_checkable
class Reads(Engine, Protocol):
    """An engine that keeps what it read; `models.engine.LlamaEngine` is one."""

    async def register(
        self,
        segments: Sequence[Segment],
        *,
        pinned: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Make segments ready; see `LlamaEngine.register`."""
        ...


class ToolsAhead:
    """Tools that are being made ready in the background. Call `aclose` in the end."""

    def __init__(self) -> None:
        self.ready = 0
        """How many segments, or tools where they are read as one, are ready; `total` were asked for."""
        self.total = 0
        self._tools: tuple[Tool, ...] = ()
        self._tasks: list[asyncio.Task[None]] = []
        self._gives_way: asyncio.Task[None] | None = None

    def update(self, engine: Engine, tools: ToolRegistry, most: int) -> None:
        """Start with the tools that are registered now, unless that was done. Does nothing for engines that
        keep nothing.

        Models that keep tools apart read each; others read what every prompt begins with, unless there are
        more tools than the `most` that a prompt gets: those are chosen by the request. So does the small
        planner beside a model of others.
        """
        now = tuple(tools)
        if not now or now == self._tools or not isinstance(engine, Reads):
            return
        self._tools, self._gives_way = now, None
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        if engine.metadata.get("scrubjay.parallel_segments", False):
            self._start(self._read_each(engine, now, self._told))
        elif len(now) <= most:
            self._gives_way = self._start(self._read_beginning(engine, now))
        drafter = getattr(engine, "drafter", None)
        if isinstance(drafter, Reads):
            self._start(self._read_each(drafter, now, None))

    def give_way(self) -> None:
        """A request comes: where it would read the same, it goes on from what was read."""
        if self._gives_way is not None:
            self._gives_way.cancel()

    async def aclose(self) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, reading: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self._tasks.append(asyncio.create_task(reading))
        return self._tasks[-1]

    async def _read_each(
        self, engine: Reads, tools: tuple[Tool, ...], told: Callable[[int, int], None] | None
    ) -> None:
        try:
            segments = await asyncio.to_thread(tool_segments, tools)
            await engine.register(segments, progress=told)
            for tool in tools:  # one by one: a request that comes meanwhile waits for no more than that
                await asyncio.to_thread(split_plannable, (tool,))
        except ModelError as error:  # a request will say what is wrong
            _log.debug("tools are not read ahead: %s", error)

    async def _read_beginning(self, engine: Reads, tools: tuple[Tool, ...]) -> None:
        try:
            plannable, _ = await asyncio.to_thread(split_plannable, tools)
            await Planner(engine).read_ahead(plannable)
            self._told(len(tools), len(tools))
        except ModelError as error:
            _log.debug("tools are not read ahead: %s", error)

    def _told(self, ready: int, total: int) -> None:
        self.ready, self.total = ready, total


def tool_segments(tools: Sequence[Tool]) -> list[Segment]:
    """What a planner of our dialect reads before a request with these tools."""
    return [Segment.system(), *(Segment.tool(tool_text(tool.schema())) for tool in tools)]
