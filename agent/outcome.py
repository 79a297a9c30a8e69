"""How a step ended: what the joiner, the session and `--json` read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .plan import Json, Step
from .provenance import NOBODY, Provenance


class StepStatus(StrEnum):
    DONE = "done"
    REPEATED = "done before"
    """An earlier round did exactly this already; its result stands for this step too."""
    FAILED = "failed"
    DENIED = "denied"
    """It asked for consent and did not get it."""
    SKIPPED = "skipped"
    """A step that it refers to has no result."""


class Failure(StrEnum):
    """Why a step failed."""

    PLAN = "plan"
    """The plan was wrong (no such tool, arguments that don't fit, a reference into nothing); nothing ran."""
    REFUSED = "refused"
    """The tool said that it can't, in words for the person."""
    QUESTION = "question"
    """The tool can go on once the person has answered; the problem is the question."""
    BROKEN = "broken"
    """The tool raised an error of another kind, or returned something else than it declares."""
    TIMED_OUT = "timed out"
    JOURNAL = "journal"
    """The effect could not be journaled, so nothing was run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step that has ended.

    args: with references resolved; empty when they could not be.
    result: of a done (or repeated) step, whole, as a plain JSON value.
    problem: of any other, in words for the person.
    may_have_happened: the step has failed, but its effect may be out in the world.
    started_ms: since the request started; None when the tool was not run.
    understood: what arguments were taken to mean, in plain words.
    provenance: where each argument comes from. source: where the result, or the problem, comes from.
    """

    step: Step
    status: StepStatus
    ended_ms: float
    started_ms: float | None = None
    args: Mapping[str, Json] = field(default_factory=dict)
    result: Json = None
    problem: str = ""
    failure: Failure | None = None
    may_have_happened: bool = False
    understood: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    source: Provenance = NOBODY

    @property
    def has_result(self) -> bool:
        """Whether later steps can refer to it."""
        return self.status in (StepStatus.DONE, StepStatus.REPEATED)
