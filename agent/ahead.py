"""Has an engine compute every tool of a registry ahead of requests, while nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from ..models.dialects import tool_text
from ..models.errors import ModelError
from ..models.prompt import Segment
from ..tools.registry import ToolRegistry
from ..tools.tool import Tool

_log = logging.getLogger(__name__)


@runtime_checkable
class Registers(Protocol):
    """An engine that keeps tools; `models.engine.LlamaEngine` is one."""

    @property
    def metadata(self) -> Mapping[str, str | int | float | bool]:
        """What the model's file says about itself."""
        ...

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
        """How many segments are ready; `total` of them were asked for."""
        self.total = 0
        self._tools: tuple[Tool, ...] = ()
        self._task: asyncio.Task[None] | None = None

    def update(self, engine: object, tools: ToolRegistry) -> None:
        """Start with the tools that are registered now, unless that was done. Does nothing for models that
        cannot keep tools apart, and for engines that keep nothing."""
        now = tuple(tools)
        if now == self._tools or not isinstance(engine, Registers):
            return
        if not engine.metadata.get("scrubjay.parallel_segments", False):
            return
        self._tools = now
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._make_ready(engine, now))

    async def aclose(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _make_ready(self, engine: Registers, tools: tuple[Tool, ...]) -> None:
        segments = await asyncio.to_thread(tool_segments, tools)
        try:
            await engine.register(segments, progress=self._told)
        except ModelError as error:  # a request will say what is wrong
            _log.debug("tools are not computed ahead: %s", error)

    def _told(self, ready: int, total: int) -> None:
        self.ready, self.total = ready, total


def tool_segments(tools: Sequence[Tool]) -> list[Segment]:
    """What a planner of our dialect reads before a request with these tools."""
    return [Segment.system(), *(Segment.tool(tool_text(tool.schema())) for tool in tools)]
