"""A request on its way: its clock, its stream of events, and the task that serves it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import perf_counter
from uuid import uuid4

from .events import Event, PlanReady, PlanText, Status, StepStarted, Timings
from .outcome import Outcome
from .plan import Plan


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request.

    plan, steps: of all rounds together, numbered through; steps tells how each ended, with its whole result.
    undo: what `Agent.undo` would take back of it, in words.
    """

    status: Status
    text: str
    plan: Plan
    steps: tuple[Outcome, ...]
    timings: Timings
    undo: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Request:
    """What is kept while a request is served.

    events: what happened, until None ends it. unfinished: why a plan broke off after its first steps.
    confidence: by step, how likely the plan up to it is the wanted one. handed_over: its first plan comes
    from a bigger machine.
    """

    text: str
    id: str = field(default_factory=lambda: uuid4().hex)
    started: float = field(default_factory=perf_counter)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    timings: Timings = field(default_factory=Timings)
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)
    unfinished: str = ""
    confidence: dict[int, float | None] = field(default_factory=dict)
    cancelled: bool = False
    handed_over: bool = False
    answer: Answer | None = None

    def now(self) -> float:
        """Milliseconds since the request started."""
        return (perf_counter() - self.started) * 1000

    def emit(self, event: Event) -> None:
        """Put an event on the stream; the timings follow from the events."""
        self.events.put_nowait(event)
        timings = self.timings
        match event:
            case PlanText() if timings.first_text_ms is None:
                self.timings = replace(timings, first_text_ms=self.now())
            case StepStarted() if timings.first_step_ms is None:
                self.timings = replace(timings, first_step_ms=event.at_ms)
            case PlanReady():
                self.timings = replace(
                    timings, plan_ms=event.ms, tokens=timings.tokens + event.tokens, rounds=timings.rounds + 1
                )

    def whole_timings(self) -> Timings:
        """The timings as they are when the answer is there."""
        return replace(self.timings, total_ms=self.now())
