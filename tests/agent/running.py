"""Runs hand-written plans: a registry, a plan's text, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from scrubjay.agent.calls import Calls
from scrubjay.agent.events import Event
from scrubjay.agent.executor import EffectJournal, Executor
from scrubjay.agent.outcome import Outcome
from scrubjay.agent.plan import Json, Step
from scrubjay.agent.policy import Policy
from scrubjay.agent.reader import parse_plan
from scrubjay.tools.effect import Effect
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool

E = TypeVar("E")


def make_tool(
    function: Callable[..., Any], *parameters: str, effect: Effect = Effect.READ, **options: Any
) -> Tool:
    """A tool named after its function that takes any values for these parameters."""
    schema = {"type": "object", "properties": {name: {} for name in parameters}}
    return Tool(function.__name__, "Does something", schema, effect=effect, function=function, **options)


async def stream(steps: Iterable[Step]) -> AsyncIterator[Step]:
    for step in steps:
        yield step


@dataclass
class Run:
    """One executor with its events, for one or more rounds."""

    tools: list[Tool]
    policy: Policy = field(default_factory=lambda: Policy(allow_effects=True))
    journal: EffectJournal | None = None
    previous: Mapping[int, Json] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    on_event: Callable[[Event], None] | None = None

    def __post_init__(self) -> None:
        self.calls = Calls()
        self.executor = Executor(
            ToolRegistry(self.tools),
            self.calls,
            policy=self.policy,
            emit=self._emit,
            journal=self.journal,
            previous=self.previous,
            request_id="r1",
        )

    def _emit(self, event: Event) -> None:
        self.events.append(event)
        if self.on_event:
            self.on_event(event)

    async def __call__(self, text: str) -> list[Outcome]:
        """The outcomes of the plan in `text`, which may leave out its last line."""
        return await self.steps(parse_plan(text.strip() + "\ndone").steps)

    async def steps(self, steps: Iterable[Step]) -> list[Outcome]:
        return await self.stream(stream(steps))

    async def stream(self, steps: AsyncIterator[Step]) -> list[Outcome]:
        try:
            return await self.executor.run(steps)
        finally:
            self.calls.close()

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]
