"""Turns what became of the steps into the answer, without a model, or asks for another round of planning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from ..tools.effect import Effect
from ..tools.registry import ToolRegistry
from ..tools.say import say, spoken
from .display import shown
from .events import Status
from .outcome import Failure, Outcome, StepStatus
from .plan import Json
from .wording import deed, sentence, with_times

NOTHING_SERVES = "None of the tools I have can do that."

Rounds = Sequence[Sequence[Outcome]]
"""The outcomes of every round of planning so far, first round first."""

_WHAT_TO_DO = {
    Failure.PLAN: "Ask again in other words.",
    Failure.BROKEN: "Try again; if it stays so, whoever wrote the tool should know.",
    Failure.TIMED_OUT: "Try again later.",
    Failure.JOURNAL: "See that there is room on the disk, then ask again.",
}


@dataclass(frozen=True, slots=True)
class Joined:
    """How the request ended, and what the person is told: one statement a line."""

    status: Status
    text: str


class Joiner:
    """Speaks for the tools of a registry, by their `say` templates.

    mends: the failures that another plan could mend.
    """

    def __init__(self, tools: ToolRegistry, mends: Set[Failure] = frozenset({Failure.PLAN})) -> None:
        self._tools = tools
        self._mends = mends

    def why_again(self, rounds: Rounds) -> str | None:
        """What went wrong in the last round that another plan could mend; None to leave it at that."""
        wrong = [f"step {o.step.id}: {o.problem}" for o in rounds[-1] if o.failure in self._mends]
        return "; ".join(wrong) or None

    def answer(self, rounds: Rounds, unfinished: str = "") -> Joined:
        """The answer to a request after its last round. A round without steps is the plan `none`.

        unfinished: why the last plan broke off after its first steps.
        """
        final = next((outcomes for outcomes in reversed(rounds) if outcomes), ())
        if not final:
            return Joined(Status.NOT_SERVED, NOTHING_SERVES)
        done = [self._done(outcome) for outcome in _worth_telling(rounds, self._tools)]
        failed = [self._failed(outcome) for outcome in final if outcome.status is StepStatus.FAILED]
        if unfinished:
            failed.append(f"There may be more to do, but the plan broke off: {sentence(unfinished)}")
        questions = [o.problem for o in final if o.failure is Failure.QUESTION]
        lines = dict.fromkeys([*done, *failed, *self._not_done(final), *questions])
        return Joined(_status(final, bool(done), unfinished), "\n".join(line for line in lines if line))

    def _done(self, outcome: Outcome) -> str:
        tool = self._tools.get(outcome.step.tool)
        if tool.say is not None:
            said = say(tool.say, {**_shown(outcome.args), **outcome.understood}, shown(outcome.result))
            return with_times(said, tool, outcome.understood)
        return spoken(shown(outcome.result)) or f"Done: {self._what(outcome)}."

    def _failed(self, outcome: Outcome) -> str:
        if outcome.failure is Failure.QUESTION:
            return ""
        if outcome.failure is Failure.REFUSED:
            return sentence(outcome.problem)
        advice = _WHAT_TO_DO[outcome.failure] if outcome.failure else ""
        if outcome.may_have_happened:
            advice = "It may have happened all the same: look before you ask again."
        return f"This failed: {self._what(outcome)}. {sentence(outcome.problem)} {advice}".rstrip()

    def _not_done(self, outcomes: Sequence[Outcome]) -> Iterator[str]:
        for status, why in (
            (StepStatus.DENIED, "you did not allow it"),
            (StepStatus.SKIPPED, "it needs what is missing"),
        ):
            what = list(dict.fromkeys(self._what(o) for o in outcomes if o.status is status))
            if what:
                yield f"Not done, since {why}: {'; '.join(what)}."

    def _what(self, outcome: Outcome) -> str:
        """What a step was for: its tool's first sentence, with the arguments as far as they are known."""
        name = outcome.step.tool
        return deed(self._tools.get(name) if name in self._tools else name, outcome.args)


def _worth_telling(rounds: Rounds, tools: ToolRegistry) -> Iterator[Outcome]:
    """The done steps with an effect, and the reads whose results were not meant for another step.

    What a look-up found is in the message that was sent. Reads that a later round did again are told once.
    """
    every = [outcome for outcomes in rounds for outcome in outcomes]
    used = {reference.step for outcome in every for reference in outcome.step.references()}
    last = {_call(outcome): outcome.step.id for outcome in every if outcome.has_result}
    for outcome in every:
        if outcome.status is not StepStatus.DONE:
            continue
        reads = tools.get(outcome.step.tool).effect is Effect.READ
        if not reads or (outcome.step.id not in used and last[_call(outcome)] == outcome.step.id):
            yield outcome


def _call(outcome: Outcome) -> str:
    return f"{outcome.step.tool} {outcome.args}"


def _status(final: Sequence[Outcome], any_done: bool, unfinished: str) -> Status:
    if any(outcome.failure is Failure.QUESTION for outcome in final):
        return Status.ASKED
    if all(outcome.has_result for outcome in final) and not unfinished:
        return Status.DONE
    return Status.PARTLY if any_done else Status.FAILED


def _shown(args: Mapping[str, Json]) -> dict[str, Json]:
    return {name: shown(value) for name, value in args.items()}
