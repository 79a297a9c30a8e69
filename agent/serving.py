"""The way of a request, from its text to its answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from ..models.errors import ModelError
from ..retrieval.retriever import Retriever
from ..tools.registry import ToolRegistry
from .calls import Calls
from .choosing import learn_from, tools_for
from .confidence import Calibration
from .events import (
    AnswerText,
    ConsentAsked,
    PlanReady,
    PlanText,
    RequestFinished,
    RoundStarted,
    StepPlanned,
    ThoughtText,
    ToolsChosen,
)
from .executor import EffectJournal, Executor
from .hand_over import Asking, HandOver
from .joiner import Joined, Joiner, Rounds
from .model_loader import ReadyModel
from .outcome import Outcome
from .plan import Plan, Step
from .plannable import split_plannable
from .planner import PastTurn, Planner, PlanTooLong
from .policy import Policy
from .reader import PlanReader, PlanSyntaxError
from .references import renumbered
from .request import Answer, Request
from .turns import Conversation, ledger, past_turn
from .undo import Undo
from .within import ASKED_BY, JOURNAL

if TYPE_CHECKING:
    from ..models.outbox import Chunk

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """How requests are served; `Agent` says what each means."""

    facts: Callable[[], str]
    rounds: int
    max_tools: int
    hand_over: HandOver | None


class Serving:
    """Serves requests with what an agent has at that time.

    keeps: whether the session is one that was asked for; otherwise effects inside a step of another agent
    are written down there.
    """

    def __init__(
        self,
        tools: ToolRegistry,
        policy: Policy,
        session: Conversation,
        retriever: Retriever,
        calls: Calls,
        undo: Undo,
        settings: Settings,
        *,
        keeps: bool,
    ) -> None:
        self._tools = tools
        self._policy = policy
        self._session = session
        self._retriever = retriever
        self._calls = calls
        self._undo = undo
        self._settings = settings
        self._keeps = keeps

    async def serve(self, request: Request, model: ReadyModel) -> Answer:
        """Choose tools, plan and run them, as often as it takes, and answer; all of it as events, too.

        Raises what the engine raises before a first step was planned, and the reason where no tool can be
        offered.
        """
        settings = self._settings
        planner = Planner(model.engine, relevance=self._retriever.fits, thinker=model.thinker)
        history = await self._session.past_turns(request.text, planner.most_turns)
        # In a thread: thousands of new tools take a minute to be read.
        chosen = await asyncio.to_thread(
            tools_for, request.text, history, self._retriever, settings.max_tools
        )
        fit, broken = await asyncio.to_thread(split_plannable, chosen)
        if broken and not fit:
            raise broken[0]
        tools = ToolRegistry(fit)
        request.emit(ToolsChosen(tools.names, request.now(), tuple(map(str, broken))))
        facts = settings.facts()
        calibration = Calibration.of(model.engine.metadata, list(tools))
        executor = self._executor(request, tools, history, facts)
        joiner = Joiner(tools, planner.mends)
        rounds: list[list[Outcome]] = []
        while True:
            earlier = [past_turn(request.text, rounds)] if rounds else []
            chunks = planner.plan(request.text, list(tools), [*history, *earlier], facts)
            if settings.hand_over is not None and not rounds:
                asking = Asking(request.text, list(tools), history, facts, request.id, self._session.id)
                chunks = self._maybe_elsewhere(settings.hand_over, request, asking, chunks, calibration)
            rounds.append(await executor.run(self._steps(request, chunks, rounds, calibration)))
            why = joiner.why_again(rounds)
            if why is None or request.unfinished or len(rounds) == settings.rounds:
                break
            request.emit(RoundStarted(len(rounds) + 1, why))
        joined = joiner.answer(rounds, request.unfinished)
        if model.short_answers is not None:
            joined = await model.short_answers.shortened(joined, request.text, rounds, tools, facts)
        joined = await self._kept(request, rounds, joined)
        request.emit(AnswerText(joined.text))
        await asyncio.to_thread(learn_from, request.text, rounds, self._retriever)
        undo, timings = await self._undo.offered(request.id), request.whole_timings()
        request.emit(RequestFinished(joined.status, joined.text, timings, undo))
        steps = tuple(chain.from_iterable(rounds))
        return Answer(joined.status, joined.text, Plan(tuple(o.step for o in steps)), steps, timings, undo)

    def _maybe_elsewhere(
        self,
        hand_over: HandOver,
        request: Request,
        asking: Asking,
        here: AsyncGenerator[Chunk, None],
        calibration: Calibration | None,
    ) -> AsyncGenerator[Chunk, None]:
        """The plan made here, or a bigger machine's where this one is doubtful and the person says yes."""

        def handed_over() -> None:
            request.handed_over = True

        async def ask(question: ConsentAsked) -> bool:
            return await self._policy.allows(question, request.emit)

        return hand_over.plan(asking, here, calibration, ask, handed_over)

    async def _steps(
        self,
        request: Request,
        chunks: AsyncGenerator[Chunk, None],
        rounds: Rounds,
        calibration: Calibration | None,
    ) -> AsyncGenerator[Step, None]:
        """The steps of one round as their lines end, numbered on from the rounds before."""
        reader, tokens, logprob = PlanReader(), 0, 0.0

        def confidence() -> float | None:
            elsewhere = request.handed_over and not rounds
            return calibration.confidence(logprob) if calibration and not elsewhere else None

        offset = sum(len(outcomes) for outcomes in rounds)
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    tokens += chunk.tokens
                    logprob += chunk.logprob
                    if chunk.thought:
                        request.emit(ThoughtText(chunk.thought))
                        continue
                    request.emit(PlanText(chunk.text))
                    for step in reader.feed(chunk.text):
                        # What a later round calls the turn before are the earlier rounds.
                        step = renumbered(step, offset, previous=0 if rounds else None)
                        request.confidence[step.id] = confidence()
                        request.emit(StepPlanned(step, request.confidence[step.id]))
                        yield step
            reader.close()
        except (ModelError, PlanTooLong, PlanSyntaxError) as error:
            if not reader.steps and not rounds:
                raise
            request.unfinished = str(error)  # what runs already is carried through, and told in the answer
        request.emit(PlanReady(Plan(tuple(reader.steps)), tokens, request.now(), confidence()))

    async def _kept(self, request: Request, rounds: Rounds, joined: Joined) -> Joined:
        """Record a turn before its answer is out; what was done is told even when that fails."""
        try:
            await self._session.record_turn(past_turn(request.text, rounds), joined, request.started_at)
        except Exception as error:
            _log.exception("the turn could not be kept")
            return replace(joined, text=f"{joined.text}\nThis turn could not be kept in the session: {error}")
        return joined

    def _executor(
        self, request: Request, tools: ToolRegistry, history: Sequence[PastTurn], facts: str
    ) -> Executor:
        return Executor(
            tools,
            self._calls,
            policy=self._policy,
            emit=request.emit,
            journal=self._journal(request.id),
            previous=history[-1].referable if history else {},
            previous_sources=dict(enumerate(history[-1].sources, 1)) if history else {},
            ledger=ledger(request.text, facts, history, ASKED_BY.get()),
            request_id=request.id,
            session=self._session.id,
            confidence=request.confidence,
            started=request.started,
        )

    def _journal(self, request_id: str) -> EffectJournal | None:
        """Where effects are written down: here or, inside a step of another agent that keeps them, there."""
        outer = JOURNAL.get()
        journal = outer if outer is not None and not self._keeps else self._session.journal
        JOURNAL.set(journal)
        return journal(request_id)
