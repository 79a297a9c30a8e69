"""Runs the steps of a plan, each as soon as its line is there and what it refers to has a result.

Nothing polls: a step that ends starts those that waited for it. docs/executor.md draws the life of a step.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Protocol

from ..tools.effect import Effect
from ..tools.errors import ToolArgumentError, UnknownToolError
from ..tools.registry import ToolRegistry
from ..tools.tool import Tool
from .calls import CallFailed, Calls
from .display import shown
from .events import ConsentAsked, Event, StepFailed, StepFinished, StepSkipped, StepStarted, StepTraced
from .outcome import Failure, Outcome, StepStatus
from .plan import Json, Reference, Step
from .policy import Policy, may_remember
from .provenance import (
    NOBODY,
    UNKNOWN,
    Ledger,
    Provenance,
    Source,
    Told,
    of_others,
    of_part,
    of_problem,
    of_result,
)
from .question import question, recipients_of, source_names, why_always
from .references import UnresolvedReference, follow, resolve
from .states import WrittenOrder
from .within import ASK, ASKED_BY, READ

_HAPPENED = {
    StepStatus.FAILED: "failed",
    StepStatus.DENIED: "was not allowed",
    StepStatus.SKIPPED: "was skipped",
}

_log = logging.getLogger(__name__)


class EffectJournal(Protocol):
    """Where effects are written down before and after they run, so that none is ever repeated."""

    async def begin(self, step_id: int, tool: str, args: Mapping[str, Json], effect: Effect) -> None:
        """Called before the step runs. An exception keeps it from running."""

    async def finish(self, step_id: int, result: Json, problem: str) -> None:
        """Called when the step has ended; problem is empty when it is done."""


@dataclass(slots=True, eq=False)
class _Node:
    """A step in the graph of what waits for what."""

    step: Step
    needs: tuple[int, ...]
    waits: int = 0
    followers: list[_Node] = field(default_factory=list)
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class _Call:
    """A step whose references are resolved. args: as JSON values; arguments: as the function takes them."""

    step: Step
    tool: Tool
    args: dict[str, Json]
    arguments: dict[str, Any]
    provenance: Mapping[str, Provenance]
    understood: Mapping[str, str] = field(default_factory=dict)

    def outcome(self, status: StepStatus, now: float, started: float | None = None) -> Outcome:
        return Outcome(
            self.step,
            status,
            now,
            started,
            self.args,
            understood=self.understood,
            provenance=self.provenance,
        )


class Executor:
    """Runs the steps of one request; of several rounds of planning one after the other, with ids counting on.

    tools: those that steps may name.
    calls, policy: shared by all requests of an agent.
    emit: takes each event as it happens.
    journal: None when nothing needs to survive the process.
    previous: results by step id of the turn before, for `$0.1`.
    previous_sources: where those come from.
    ledger: what the planner knows, so that each value can be traced back.
    session: the conversation's name, for what is allowed in it.
    confidence: by step id, how likely the plan up to it is the wanted one; filled before the step comes.
    started: the request's start on `time.perf_counter`'s clock; event times count from it.
    """

    def __init__(
        self,
        tools: ToolRegistry,
        calls: Calls,
        *,
        policy: Policy,
        emit: Callable[[Event], None],
        journal: EffectJournal | None = None,
        previous: Mapping[int, Json] | None = None,
        previous_sources: Mapping[int, Provenance] | None = None,
        ledger: Ledger | None = None,
        request_id: str = "",
        session: str = "",
        confidence: Mapping[int, float | None] | None = None,
        started: float | None = None,
    ) -> None:
        self._tools = tools
        self._calls = calls
        self._policy = policy
        self._confidence = confidence if confidence is not None else {}
        self._emit = emit
        self._journal = journal
        self._previous = previous or {}
        self._previous_sources = previous_sources or {}
        self._ledger = ledger or Ledger()
        self._request_id = request_id
        self._session = session
        self._started = perf_counter() if started is None else started
        self._nodes: dict[int, _Node] = {}
        self._order = WrittenOrder()
        self._effects: dict[str, Outcome] = {}

    async def run(self, steps: AsyncIterable[Step]) -> list[Outcome]:
        """Run steps as they come; returns when all have ended, with an outcome for each, in written order.

        A step that fails fails only what refers to it. When `steps` raises, or on cancellation, what runs is
        cancelled and has cleaned up before this raises; blocking calls are given up.
        """
        earlier = len(self._nodes)
        try:
            async with asyncio.TaskGroup() as group:
                async for step in steps:
                    self._add(step, group)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None  # of `steps`: what steps raise is kept in outcomes
        outcomes = [node.outcome for node in list(self._nodes.values())[earlier:] if node.outcome]
        self._remember_effects(outcomes)
        for outcome in outcomes:
            self._ledger.tell(Told(outcome.result or outcome.problem, outcome.source))
        return outcomes

    def _add(self, step: Step, group: asyncio.TaskGroup) -> None:
        if step.id in self._nodes:
            raise ValueError(f"two steps are named ${step.id}")
        needs = {ref.step for ref in step.references() if not ref.previous_turn and ref.step in self._nodes}
        node = _Node(step, tuple(sorted(needs)))
        before = needs
        if step.tool in self._tools:
            tool = self._tools.get(step.tool)
            if tool.state is not None:
                before = needs.union(self._order.add(step.id, tool.state, tool.effect is Effect.READ))
        self._nodes[step.id] = node
        for other in (self._nodes[step_id] for step_id in before):
            if other.outcome is None:
                other.followers.append(node)
                node.waits += 1
        if not node.waits:
            group.create_task(self._run(node, group))

    async def _run(self, node: _Node, group: asyncio.TaskGroup) -> None:
        try:
            node.outcome = await self._outcome(node)
        except Exception as error:
            _log.exception("step %d", node.step.id)
            node.outcome = self._failed(node.step, Failure.BROKEN, f"{type(error).__name__}: {error}")
        self._tell(node.outcome)
        for follower in node.followers:
            follower.waits -= 1
            if not follower.waits:
                group.create_task(self._run(follower, group))

    async def _outcome(self, node: _Node) -> Outcome:
        """The life of a step whose turn has come: resolve, ask, journal, call."""
        step = node.step
        if missing := self._missing(node):
            return Outcome(step, StepStatus.SKIPPED, self._now(), problem=missing)
        provenance: Mapping[str, Provenance] = {}
        try:
            tool = self._tools.get(step.tool)
            resolved = {name: resolve(value, self._result_of) for name, value in step.args.items()}
            provenance = self._ledger.of_arguments(step, self._source_of)
            arguments = tool.validate_arguments(resolved)
        except (UnknownToolError, UnresolvedReference, ToolArgumentError) as error:
            failed = self._failed(step, Failure.PLAN, str(error))
            return replace(failed, provenance=provenance, source=of_problem(None, provenance, False))
        call = _Call(step, tool, tool.plain(arguments), arguments, provenance)
        self._emit(StepTraced(step.id, _shown_args(call.args), provenance))
        if tool.effect is Effect.READ or tool.delegates:
            return await self._call(await self._understood(call))
        if earlier := self._effects.get(_key(tool.name, call.args)):
            return self._as_before(call, earlier)
        try:
            call = await self._understood(call)
        except CallFailed as failed_before:
            return self._ended(call, failed_before, None)
        if not await self._allowed(call):
            return replace(call.outcome(StepStatus.DENIED, self._now()), problem="it was not allowed")
        return await self._call(call)

    async def _understood(self, call: _Call) -> _Call:
        """The call with what its arguments were taken to mean. Raises CallFailed for an unclear effect."""
        understood = call.tool.understood
        if understood is None:
            return call
        try:
            told = await self._calls.beside(call.tool, lambda: dict(understood(call.args)), reads=True)
        except CallFailed as failed:
            if call.tool.effect is Effect.READ or failed.failure not in (Failure.QUESTION, Failure.REFUSED):
                return call  # the call itself will tell
            raise
        return replace(call, understood=told)

    async def _call(self, call: _Call) -> Outcome:
        step, tool, args = call.step, call.tool, call.args
        async with self._calls.turn(tool):
            try:
                await self._journal_begin(step, tool, args)
            except Exception as error:
                return self._failed(step, Failure.JOURNAL, f"it was not run: journaling it failed: {error}")
            started = self._now()
            self._emit(StepStarted(step.id, started, _shown_args(args)))
            asking = ASK.set(self._asker(step))
            theirs = frozenset().union(*map(of_others, call.provenance.values()))
            asked_by = ASKED_BY.set(theirs | self._ledger.of_others)
            inside: set[Source] = set()
            read = READ.set(inside)
            try:
                result = await self._calls.call(tool, call.arguments)
            except CallFailed as failed:
                outcome = self._ended(call, failed, started)
            else:
                source = of_result(tool, args, call.provenance, result)
                outcome = call.outcome(StepStatus.DONE, self._now(), started)
                outcome = replace(outcome, result=result, source=source)
            finally:
                ASK.reset(asking)
                ASKED_BY.reset(asked_by)
                READ.reset(read)
            outcome = replace(outcome, source=outcome.source | inside)
            await self._journal_finish(outcome, tool)
            return outcome

    def _ended(self, call: _Call, failed: CallFailed, started: float | None) -> Outcome:
        """The outcome of a call that gave no result."""
        return replace(
            call.outcome(StepStatus.FAILED, self._now(), started),
            problem=str(failed),
            failure=failed.failure,
            may_have_happened=failed.may_have_happened and call.tool.effect is not Effect.READ,
            source=of_problem(call.tool, call.provenance, failed.failure is Failure.QUESTION),
        )

    def _missing(self, node: _Node) -> str:
        """Why the step can't run, empty when everything it refers to has a result."""
        for step_id in node.needs:
            outcome = self._nodes[step_id].outcome
            assert outcome is not None
            if not outcome.has_result:
                return f"it needs the result of step {step_id}, which {_HAPPENED[outcome.status]}"
        return ""

    def _result_of(self, reference: Reference) -> Json:
        if reference.previous_turn:
            if reference.step not in self._previous:
                raise UnresolvedReference(f"step {reference.step} of the turn before has no result")
            return self._previous[reference.step]
        node = self._nodes.get(reference.step)
        if node is None or node.outcome is None:
            raise UnresolvedReference(f"there is no step {reference.step} before this one")
        return node.outcome.result

    def _source_of(self, reference: Reference) -> Provenance:
        """Where what `reference` names comes from; it is known to be there."""
        whole = self._result_of(reference)
        if reference.previous_turn:
            source = self._previous_sources.get(reference.step, UNKNOWN)
        else:
            outcome = self._nodes[reference.step].outcome
            source = outcome.source if outcome else NOBODY
        return of_part(source, reference.path, follow(reference, whole), whole)

    async def _allowed(self, call: _Call) -> bool:
        tool, args, read = call.tool, call.args, self._ledger.of_others
        because = why_always(tool, args, call.provenance, read)
        recipients = recipients_of(tool, args)
        confidence = self._confidence.get(call.step.id)
        asked = ConsentAsked(
            call.step.id,
            tool.name,
            _shown_args(args),
            question(tool, args, call.understood, call.provenance, read, self._policy.doubts(confidence)),
            tool.effect,
            self._request_id,
            because,
            source_names(call.provenance),
            call.understood,
            recipients,
            may_remember(because, recipients),
            self._session,
            confidence,
        )
        return not self._policy.must_ask(asked) or await self._policy.allows(asked, self._emit)

    def _asker(self, step: Step) -> Callable[[ConsentAsked], Awaitable[bool]]:
        """Puts the questions of what runs inside `step` as questions of that step, one at a time."""
        turn = asyncio.Lock()

        async def ask(inner: ConsentAsked) -> bool:
            asked = replace(inner, step_id=step.id, request_id=self._request_id, session=self._session)
            async with turn:
                return not self._policy.must_ask(asked) or await self._policy.allows(asked, self._emit)

        return ask

    def _as_before(self, call: _Call, earlier: Outcome) -> Outcome:
        """What becomes of a step whose effect an earlier round has had, may have had, or was denied."""
        outcome = call.outcome(earlier.status, self._now())
        outcome = replace(outcome, problem=earlier.problem, source=earlier.source)
        if earlier.status is StepStatus.DENIED:
            return outcome
        if earlier.has_result:
            problem = f"step {earlier.step.id} did exactly this already"
            return replace(outcome, status=StepStatus.REPEATED, result=earlier.result, problem=problem)
        problem = f"it is not tried again, for it may have happened in step {earlier.step.id}"
        return replace(outcome, problem=problem, failure=Failure.REFUSED)

    def _remember_effects(self, outcomes: list[Outcome]) -> None:
        """So that a later round neither repeats an effect that may have happened nor asks about one twice."""
        for outcome in outcomes:
            settled = outcome.has_result or outcome.may_have_happened or outcome.status is StepStatus.DENIED
            if settled and self._tools.get(outcome.step.tool).effect is not Effect.READ:
                self._effects[_key(outcome.step.tool, outcome.args)] = outcome

    async def _journal_begin(self, step: Step, tool: Tool, args: dict[str, Json]) -> None:
        if self._journal is not None and _journaled(tool):
            await self._journal.begin(step.id, tool.name, args, tool.effect)

    async def _journal_finish(self, outcome: Outcome, tool: Tool) -> None:
        if self._journal is None or not _journaled(tool):
            return
        try:
            await self._journal.finish(outcome.step.id, outcome.result, outcome.problem)
        except Exception:
            # The effect has happened; a record that stays open only means that it is never repeated.
            _log.exception("step %d has ended, but the journal could not be told", outcome.step.id)

    def _failed(self, step: Step, failure: Failure, problem: str) -> Outcome:
        return Outcome(step, StepStatus.FAILED, self._now(), problem=problem, failure=failure)

    def _tell(self, outcome: Outcome) -> None:
        step_id, at_ms = outcome.step.id, outcome.ended_ms
        if outcome.status is StepStatus.DONE:
            self._emit(StepFinished(step_id, shown(outcome.result), at_ms))
        elif outcome.status is StepStatus.FAILED:
            self._emit(StepFailed(step_id, outcome.problem, at_ms))
        else:
            self._emit(StepSkipped(step_id, outcome.problem, at_ms))

    def _now(self) -> float:
        return (perf_counter() - self._started) * 1000


def _journaled(tool: Tool) -> bool:
    return tool.effect is not Effect.READ and not tool.delegates


def _key(tool: str, args: Mapping[str, Json]) -> str:
    return json.dumps([tool, args], sort_keys=True)


def _shown_args(args: Mapping[str, Json]) -> dict[str, Json]:
    return {name: shown(value) for name, value in args.items()}
