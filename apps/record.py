"""What the event stream of a request has said so far, step by step."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from ..agent.events import (
    AnswerText,
    ConsentAnswered,
    ConsentAsked,
    Event,
    PlanText,
    RequestCancelled,
    RequestFailed,
    RequestFinished,
    RequestStarted,
    RoundStarted,
    Status,
    StepFailed,
    StepFinished,
    StepPlanned,
    StepSkipped,
    StepStarted,
    StepTraced,
    ThoughtText,
    Timings,
)
from ..agent.plan import Step
from ..agent.provenance import Provenance
from .plan_json import plan_json, value_json


class StepStatus(StrEnum):
    """Where a step stands."""

    PLANNED = "planned"
    ASKING = "asking"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(slots=True)
class StepRecord:
    """One step: `args` as they ran, or as planned; `result` is the reason when it failed or was skipped.

    confidence: how likely the plan is what the person wants, up to and with this step; None: nobody knows.
    provenance: where each argument comes from, once its references are resolved.
    """

    step: Step
    args: Mapping[str, Any]
    status: StepStatus = StepStatus.PLANNED
    result: Any = None
    started_ms: float | None = None
    ended_ms: float | None = None
    confidence: float | None = None
    provenance: Mapping[str, Provenance] = field(default_factory=dict)

    def end(self, status: StepStatus, result: Any, at_ms: float) -> None:
        self.status, self.result, self.ended_ms = status, result, at_ms


@dataclass(slots=True)
class Record:
    """A request as far as it has come; `see` every event of its stream, in order.

    unfinished: the text of the line that the model is writing now.
    questions: what the person is asked now, by step, in the order asked.
    replans: why it planned again, each time.
    status: None until the end.
    undo: what can be taken back of what was done, in words.
    thought: what the model thought before it planned.
    """

    request: str = ""
    steps: dict[int, StepRecord] = field(default_factory=dict)
    unfinished: str = ""
    questions: dict[int, ConsentAsked] = field(default_factory=dict)
    replans: list[str] = field(default_factory=list)
    answer: str = ""
    status: Status | None = None
    timings: Timings = field(default_factory=Timings)
    undo: tuple[str, ...] = ()
    thought: str = ""

    def see(self, event: Event) -> None:
        match event:
            case RequestStarted():
                self.request = event.request
            case ThoughtText():
                self.thought += event.text
            case PlanText():
                self.unfinished = (self.unfinished + event.text).rpartition("\n")[2]
            case StepPlanned(step, confidence):
                args = {name: value_json(value) for name, value in step.args.items()}
                self.steps[step.id] = StepRecord(step, args, confidence=confidence)
            case RoundStarted():
                self.replans.append(event.why)
            case AnswerText():
                self.answer += event.text
            case RequestFinished():
                self.status, self.answer, self.timings = event.status, event.answer, event.timings
                self.undo = event.undo
            case RequestFailed():
                self.status, self.answer = Status.FAILED, event.error
            case RequestCancelled():
                self._stop()
            case _:
                self._see_step(event)

    def _stop(self) -> None:
        self.status, self.unfinished = Status.CANCELLED, ""
        for step in self.steps.values():
            if step.status is StepStatus.RUNNING:
                step.status, step.result = StepStatus.FAILED, "stopped while it ran"
            elif step.status in (StepStatus.PLANNED, StepStatus.ASKING):
                step.status, step.result = StepStatus.SKIPPED, "stopped before it ran"

    def _see_step(self, event: Event) -> None:
        match event:
            case StepTraced():
                step = self.steps[event.step_id]
                step.args, step.provenance = event.args, event.provenance
            case ConsentAsked():
                if event.step_id in self.steps:  # whether to hand a request over is asked before any step
                    self.steps[event.step_id].status = StepStatus.ASKING
                self.questions[event.step_id] = event
            case ConsentAnswered():
                self.questions.pop(event.step_id, None)
                if asked := self.steps.get(event.step_id):
                    asked.status = StepStatus.PLANNED if asked.started_ms is None else StepStatus.RUNNING
            case StepStarted():
                step = self.steps[event.step_id]
                step.status, step.args = StepStatus.RUNNING, event.args
                step.started_ms = event.at_ms
            case StepFinished():
                self.steps[event.step_id].end(StepStatus.DONE, event.result, event.at_ms)
            case StepFailed():
                self.steps[event.step_id].end(StepStatus.FAILED, event.error, event.at_ms)
            case StepSkipped():
                self.steps[event.step_id].end(StepStatus.SKIPPED, event.because, event.at_ms)

    def as_json(self) -> dict[str, Any]:
        """The record as `scrubjay ask --json` prints it."""
        return {
            "request": self.request,
            "plan": plan_json(record.step for record in self.steps.values()),
            "steps": [
                {
                    "id": record.step.id,
                    "tool": record.step.tool,
                    "args": dict(record.args),
                    "status": record.status.value,
                    "result": record.result,
                    "started_ms": record.started_ms,
                    "ended_ms": record.ended_ms,
                }
                for record in self.steps.values()
            ],
            "answer": self.answer,
            "timings": asdict(self.timings),
        }
