"""Has an engine read the tools of a registry ahead of requests, while nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

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
        self._task: asyncio.Task[None] | None = None
        self._gives_way = False

    def update(self, engine: Engine, tools: ToolRegistry, most: int) -> None:
        """Start with the tools that are registered now, unless that was done. Does nothing for engines that
        keep nothing.

        Models that keep tools apart read each; others read what every prompt begins with, unless there are
        more tools than the `most` that a prompt gets: those are chosen by the request.
        """
        now = tuple(tools)
        if now == self._tools or not isinstance(engine, Reads):
            return
        apart = bool(engine.metadata.get("scrubjay.parallel_segments", False))
        if not now or (not apart and len(now) > most):
            return
        self._tools = now
        if self._task is not None:
            self._task.cancel()
        self._gives_way = not apart
        self._task = asyncio.create_task(self._read(engine, now, apart))

    def give_way(self) -> None:
        """A request comes: where it would read the same, it goes on from what was read."""
        if self._task is not None and self._gives_way:
            self._task.cancel()

    async def aclose(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _read(self, engine: Reads, tools: tuple[Tool, ...], apart: bool) -> None:
        try:
            if apart:
                segments = await asyncio.to_thread(tool_segments, tools)
                await engine.register(segments, progress=self._told)
                for tool in tools:  # one by one: a request that comes meanwhile waits for no more than that
                    await asyncio.to_thread(split_plannable, (tool,))
            else:
                plannable, _ = await asyncio.to_thread(split_plannable, tools)
                await Planner(engine).read_ahead(plannable)
                self._told(len(tools), len(tools))
        except ModelError as error:  # a request will say what is wrong
            _log.debug("tools are not read ahead: %s", error)

    def _told(self, ready: int, total: int) -> None:
        self.ready, self.total = ready, total


def tool_segments(tools: Sequence[Tool]) -> list[Segment]:
    """What a planner of our dialect reads before a request with these tools."""
    return [Segment.system(), *(Segment.tool(tool_text(tool.schema())) for tool in tools)]
