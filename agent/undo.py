"""Taking back what was done: the effects of one request at a time, the latest request first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..tools.effect import Effect
from ..tools.registry import ToolRegistry
from ..tools.tool import Tool
from .calls import CallFailed, Calls
from .outcome import Failure
from .plan import Json
from .wording import deed, sentence

NOTHING = "There is nothing to undo."


@dataclass(frozen=True, slots=True)
class Done:
    """An effect that has happened. arguments: what the tool was called with, as JSON values."""

    request: str
    step_id: int
    tool: str
    arguments: Mapping[str, Json]
    effect: Effect
    result: Json


class EffectHistory(Protocol):
    """What remembers effects; `turns.Turns` and `session.Session` do."""

    async def done_effects(self, request: str | None = None) -> Sequence[Done]:
        """The effects of `request`, or of the latest request that has any, which undo hasn't been asked
        for yet; in the order in which they ended."""
        ...

    async def mark_undone(self, effects: Sequence[Done]) -> None:
        """These are settled: they were taken back, or cannot be."""
        ...


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of an undo.

    text: what was taken back and what could not be, one statement a line, for the person.
    done, not_done: the same in numbers: effects taken back, and effects that stand.
    """

    text: str
    done: int = 0
    not_done: int = 0


class Undo:
    """Takes back effects by the `undo` of their tools."""

    def __init__(self, tools: ToolRegistry, calls: Calls, effects: EffectHistory) -> None:
        self._tools = tools
        self._calls = calls
        self._effects = effects

    async def offered(self, request: str | None = None) -> tuple[str, ...]:
        """What `take_back` would take back, in words: "create a note (title: Shopping)"."""
        found = [(self._undoable(effect), effect) for effect in await self._effects.done_effects(request)]
        return tuple(deed(tool, effect.arguments) for tool, effect in found if tool is not None)

    async def take_back(self, request: str | None = None) -> Undone:
        """Take back the effects of `request`, or of the latest one that has any, the last one first.

        Each effect is tried once: what its tool cannot take back is told, and stands from then on. What
        breaks or takes too long may be tried again. Raises StorageError.
        """
        effects = await self._effects.done_effects(request)
        if not effects:
            return Undone(NOTHING)
        lines: list[str] = []
        done = 0
        for effect in reversed(effects):
            tool = self._undoable(effect)
            if tool is None:
                lines.append(f"This cannot be taken back: {self._deed(effect)}.")
                await self._effects.mark_undone([effect])
                continue
            try:
                lines.append(sentence(await self._take_back(tool, effect)))
                done += 1
            except CallFailed as failed:
                lines.append(f"This was not taken back: {self._deed(effect)}. {sentence(str(failed))}")
                if failed.failure is not Failure.REFUSED:
                    continue
            await self._effects.mark_undone([effect])
        return Undone("\n".join(lines), done, len(effects) - done)

    async def _take_back(self, tool: Tool, effect: Done) -> str:
        undo = tool.undo
        assert undo is not None
        return await self._calls.beside(tool, lambda: undo(effect.arguments, effect.result), reads=False)

    def _undoable(self, effect: Done) -> Tool | None:
        """The effect's tool, if it is still there and can take things back."""
        tool = self._tools.get(effect.tool) if effect.tool in self._tools else None
        return tool if tool is not None and tool.undo is not None else None

    def _deed(self, effect: Done) -> str:
        tool = self._tools.get(effect.tool) if effect.tool in self._tools else None
        return deed(tool or effect.tool, effect.arguments)
