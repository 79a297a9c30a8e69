"""Everything that happens while a request is served, as one stream of typed events.

The terminal, the voice app, traces and tests read this stream and nothing else. Times named `_ms` are
milliseconds since the request started. Values in events are for showing: big ones are cut with a note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from ..tools.effect import Effect
from .plan import Json, Plan, Step
from .provenance import Provenance


class Status(StrEnum):
    """How a request ended."""

    DONE = "done"
    PARTLY = "partly"
    """Some steps succeeded; others failed, were denied or could not run."""
    FAILED = "failed"
    ASKED = "asked"
    """A tool asked back; the answer ends with its question, and the next request may answer it."""
    CANCELLED = "cancelled"
    NOT_SERVED = "not served"
    """The plan was `none`: no tool serves the request."""


class Remember(StrEnum):
    """How far a yes goes beyond the step that asked."""

    ONCE = "once"
    TOOL = "tool"
    """This tool may run unasked for the rest of the session."""
    RECIPIENT = "recipient"
    """Whatever goes to these recipients may go unasked for the rest of the session."""
    SESSION = "session"
    """Everything may run unasked for the rest of the session."""


@dataclass(frozen=True, slots=True)
class Timings:
    """When things happened, in ms since the request started (None: never), and what was decoded."""

    first_text_ms: float | None = None
    first_step_ms: float | None = None
    plan_ms: float | None = None
    total_ms: float = 0.0
    tokens: int = 0
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class RequestStarted:
    """Always the first event. request_id tells requests of one agent apart."""

    request: str
    session: str
    request_id: str


@dataclass(frozen=True, slots=True)
class ToolsChosen:
    """The names of the tools that the planner may use. left_out: what is wrong with those that it cannot."""

    tools: tuple[str, ...]
    ms: float
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanText:
    """The next piece of the plan's text as the model writes it; pieces end anywhere."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtText:
    """The next piece of what the model thinks before it plans; nothing of it is carried out."""

    text: str


@dataclass(frozen=True, slots=True)
class StepPlanned:
    """A line of the plan is complete. Steps of later rounds count on, so ids are unique in a request.

    confidence: between 0 and 1, how likely the plan up to here is what the person wants; None: nobody knows.
    """

    step: Step
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class PlanReady:
    """The model has written its last token of this round; tokens counts those of this round.

    confidence: between 0 and 1, how likely the plan is what the person wants; None: nobody knows.
    """

    plan: Plan
    tokens: int
    ms: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class StepTraced:
    """The references of a step are resolved, and it is known where each argument comes from."""

    step_id: int
    args: Mapping[str, Json]
    provenance: Mapping[str, Provenance]


@dataclass(frozen=True, slots=True)
class ConsentAsked:
    """A step with an effect waits for `Agent.answer_consent`; no answer means no.

    question is put to the user as it is. because: why it is asked whatever has been allowed (what others
    wrote is behind it); such a question must always be shown. sources: of arguments that others wrote, where.
    remember: what a yes may be remembered for. recipients: to whom it goes, where the tool says so.
    confidence: of the plan up to this step, see `StepPlanned`.
    """

    step_id: int
    tool: str
    args: Mapping[str, Json]
    question: str
    effect: Effect
    request_id: str
    because: str = ""
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    understood: Mapping[str, str] = field(default_factory=dict)
    recipients: tuple[str, ...] = ()
    remember: tuple[Remember, ...] = (Remember.ONCE,)
    session: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class ConsentAnswered:
    step_id: int
    allowed: bool


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The tool runs now, with these arguments (references resolved)."""

    step_id: int
    at_ms: float
    args: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class StepFinished:
    step_id: int
    result: Json
    at_ms: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """error says what went wrong and, where that is known, what to do about it."""

    step_id: int
    error: str
    at_ms: float


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """The step was not run: what it refers to is missing, it was not allowed, or it was done already."""

    step_id: int
    because: str
    at_ms: float


@dataclass(frozen=True, slots=True)
class RoundStarted:
    """Planning again; number is 2 for the first repetition, why is what went wrong."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class AnswerText:
    """The next piece of the answer; all pieces joined are the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class RequestFinished:
    """The last event of a request that was carried through, whatever its status.

    undo: what `Agent.undo` would take back of it, in words: offer it.
    """

    status: Status
    answer: str
    timings: Timings
    undo: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """The last event when the runtime itself failed; the same error is raised to the caller right after."""

    error: str


@dataclass(frozen=True, slots=True)
class RequestCancelled:
    """The last event of a request stopped by `Agent.cancel`; nothing of it runs any more."""


Event: TypeAlias = (
    RequestStarted
    | ToolsChosen
    | ThoughtText
    | PlanText
    | StepPlanned
    | PlanReady
    | StepTraced
    | ConsentAsked
    | ConsentAnswered
    | StepStarted
    | StepFinished
    | StepFailed
    | StepSkipped
    | RoundStarted
    | AnswerText
    | RequestFinished
    | RequestFailed
    | RequestCancelled
)
