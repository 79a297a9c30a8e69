"""Asks the model for a plan: lays out the prompt, makes the grammar, streams what is written."""

from __future__ import annotations

import asyncio
import locale
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from ..models.constrained import Constraint
from ..models.dialects import facts_text
from ..models.drafts import Hint
from ..models.errors import ModelError, RequestTooLongError
from ..models.outbox import Chunk
from ..models.pointer import bundled_point
from ..models.prompt import Prompt, Segment
from ..models.sums import day_lists
from ..retrieval.embedder import ModelFilesError
from ..retrieval.fit import bundled_fits
from ..tools.tool import Tool
from .evidence import texts_in
from .grammar import PlanGrammar
from .leaning import Leaning, known_tools
from .narrowing import Relevance, likeliest, tools_used
from .notation import PLAN_NOTATION, NativeReader
from .outcome import Failure
from .plan import DONE, NONE, Json, Plan
from .pointing import Point, Pointings
from .provenance import NOBODY, Provenance
from .reader import PlanReader
from .speech import Speech
from .thinker import NothingToWorkOut, Thinker
from .times_said import says_time, without_times

_LOG = logging.getLogger(__name__)

MAX_TURNS = 4
"""How many earlier turns a model of our dialect is shown; the rest comes back when a request is about it."""
MANY_TURNS = 32
"""How many other models are shown, if they fit."""
_LEAVING = 8
"""So many turns make room at once where many are shown: the prompts to come then begin alike for a while."""


def current_facts() -> str:
    """The facts as they are now: time and locale."""
    language = locale.getlocale()[0] or "en_US"
    return facts_text(datetime.now().astimezone(), language)


class PlanTooLong(RuntimeError):
    """The model has written as much as it may, and the plan has no end."""


class Engine(Protocol):
    """What a planner needs of an engine; `models.engine.LlamaEngine` is one."""

    @property
    def metadata(self) -> Mapping[str, str | int | float | bool]:
        """What the model's file says about itself."""
        ...

    def generate(
        self, prompt: Prompt, *, constraint: Constraint | None = None, max_tokens: int = 512
    ) -> AsyncGenerator[Chunk, None]:
        """Stream what the model writes after `prompt`. One with a `drafter` also takes a `hint`, its plan."""
        ...


@dataclass(frozen=True, slots=True)
class PastTurn:
    """An earlier request as the model sees it.

    plan: its text. results: one for each step, in order; the tool's words for one that failed.
    referable: whole results by step id, for `$0.1` in the next plan; steps without a result are not in it.
    sources: where each of the results comes from; fewer than results: nobody knows of the rest.
    asked_by: the others who wrote the request, as they may in a sub-agent.
    """

    request: str
    plan: str
    results: Sequence[Json]
    referable: Mapping[int, Json]
    sources: Sequence[Provenance] = ()
    asked_by: Provenance = NOBODY


@dataclass(frozen=True, slots=True)
class WrittenPlan:
    """A plan that was written without being run, how many tokens it took, and what the model thought of it.

    logprob: sum of the logarithms of the probabilities of the tokens that the model chose.
    thought: what was thought before, and in how many of the tokens.
    """

    plan: Plan
    tokens: int
    logprob: float
    thought: str = ""
    thought_tokens: int = 0


class Planner:
    """Plans with one engine, many requests at once if need be.

    max_tokens: how long a plan may get.
    relevance: says how likely each tool is needed; None: the bundled encoder. Models of our dialect, which
    are small, lean on it for tools that they were not trained on.
    point: finds where the request has the arguments of such tools.
    thinker: thinks before it plans, where a request needs it.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        max_tokens: int = 768,
        relevance: Relevance | None = None,
        point: Point = bundled_point,
        thinker: Thinker | None = None,
    ) -> None:
        self._engine = engine
        self._thinker = thinker
        self._relevance: Relevance = relevance or bundled_fits()
        self._point = point
        self._max_tokens = max_tokens
        self._speech = Speech.of(engine.metadata)
        # A model that is large enough may have a small one beside it, whose plan it only has to check.
        self._drafter: Engine | None = getattr(engine, "drafter", None)

    @property
    def reads_facts(self) -> bool:
        """Whether the model reads facts (now, locale): ours were trained to or not, others can."""
        return bool(self._engine.metadata.get("scrubjay.facts", self._speech.chats))

    @property
    def most_turns(self) -> int:
        """How many of the latest turns the model should be given."""
        return MAX_TURNS if self._speech.ours else MANY_TURNS

    @property
    def mends(self) -> frozenset[Failure]:
        """The failures that are worth another round of planning.

        Models of our dialect were not trained to find another way when a tool refuses; they repeat the plan.
        """
        return frozenset({Failure.PLAN} if self._speech.ours else {Failure.PLAN, Failure.REFUSED})

    async def plan(
        self, request: str, tools: Sequence[Tool], history: Sequence[PastTurn] = (), facts: str = ""
    ) -> AsyncGenerator[Chunk, None]:
        """Stream a plan's text as it is written. Close the generator to stop the model within one token.

        history: earlier turns, the latest last; the oldest are left out where they don't fit.
        facts: text, see `models.dialects.facts_text`; only models that declare it get to see them, and all
        that think.
        Raises RequestTooLongError, PlanTooLong, and what the engine raises.
        """
        if self._thinker is not None and self._thinker.wanted(request):
            try:
                few = await self._few(request, tools, history, self._thinker.most_tools)
                async with aclosing(self._fitted(request, few, history, facts, self._thinker)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except NothingToWorkOut:
                pass
            except ModelFilesError as error:
                _LOG.warning("nothing is thought, for want of a choice among the tools: %s", error)
        facts = facts if self.reads_facts else ""
        async with aclosing(self._fitted(request, tools, history, facts)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _few(
        self, request: str, tools: Sequence[Tool], history: Sequence[PastTurn], most: int | None
    ) -> Sequence[Tool]:
        """As many tools as thoughts may be beside: those that this request, or the one before, may need."""
        if most is None:
            return tools
        requests = [request, *(turn.request for turn in history[-1:])]
        used = tools_used(history[-1].plan) if history else set()
        return await asyncio.to_thread(likeliest, tools, requests, used, self._relevance, most)

    async def _fitted(
        self,
        request: str,
        tools: Sequence[Tool],
        history: Sequence[PastTurn],
        facts: str,
        thinker: Thinker | None = None,
    ) -> AsyncGenerator[Chunk, None]:
        """A plan, with as many turns before it as fit."""
        shown = list(history[-MAX_TURNS:] if self._speech.ours else history)
        while True:
            try:
                async with aclosing(self._write(request, tools, shown, facts, thinker)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except RequestTooLongError:
                if not shown:
                    raise
                del shown[: _LEAVING if len(shown) > _LEAVING else 1]

    async def write(
        self, request: str, tools: Sequence[Tool], history: Sequence[PastTurn] = (), facts: str = ""
    ) -> WrittenPlan:
        """A whole plan, for who wants to look at it and run nothing. Raises as `plan`."""
        reader, tokens, logprob, thought, thought_tokens = PlanReader(), 0, 0.0, "", 0
        async with aclosing(self.plan(request, tools, history, facts)) as chunks:
            async for chunk in chunks:
                reader.feed(chunk.text)
                tokens += chunk.tokens
                logprob += chunk.logprob
                thought += chunk.thought
                thought_tokens += chunk.tokens if chunk.thought else 0
        return WrittenPlan(reader.close(), tokens, logprob, thought, thought_tokens)

    async def read_ahead(self, tools: Sequence[Tool]) -> None:
        """Have the engine read what prompts with these tools begin with, for models that read a prompt from
        front to back. Cancelling keeps what was read. Raises what the engine raises."""
        async with aclosing(self._engine.generate(self._prompt("", tools, (), ""), max_tokens=1)) as chunks:
            async for _ in chunks:
                pass

    async def _write(
        self,
        request: str,
        tools: Sequence[Tool],
        history: Sequence[PastTurn],
        facts: str,
        thinker: Thinker | None,
    ) -> AsyncGenerator[Chunk, None]:
        prompt = self._prompt(request, tools, history, facts)
        leaning = await self._leaning(request, tools, history)
        read = self._reader(tools)
        tokens, last_line = 0, ""
        # A pointer knows nothing of values that are worked out.
        pointings = self._pointings(request, tools, leaning if thinker is None else None)

        def grammar(thought: str | None = None) -> PlanGrammar:
            # Who has thought about a request knows better than the encoder's warning.
            warned = thought is not None and leaning is not None and leaning.only_warns
            lean = None if warned else leaning
            return self._grammar(request, tools, history, facts, lean, pointings, thought)

        reading = nullcontext() if pointings is None else pointings.ahead()
        async with self._hinted(request, tools, history, facts) as hint:
            if thinker is not None:
                stream = thinker.write(prompt, grammar, self._max_tokens)
            else:
                constraint = grammar()
                stream = self._engine.generate(
                    prompt, constraint=constraint, max_tokens=self._max_tokens, **hint
                )
            async with reading, aclosing(stream) as chunks:
                async for chunk in chunks:
                    tokens += 0 if chunk.thought else chunk.tokens
                    chunk = replace(chunk, text=read.feed(chunk.text)) if read and chunk.text else chunk
                    last_line = (last_line + chunk.text)[-len(DONE) :]
                    yield chunk
        if read and tokens < self._max_tokens:
            yield Chunk(read.close(), tokens=0, forced=0, logprob=0.0)
        elif tokens >= self._max_tokens and last_line not in (DONE, NONE):
            raise PlanTooLong(f"the plan has no end after {tokens} tokens; ask for less at once")

    @asynccontextmanager
    async def _hinted(
        self, request: str, tools: Sequence[Tool], history: Sequence[PastTurn], facts: str
    ) -> AsyncIterator[Mapping[str, Hint]]:
        """What the engine takes besides: the plan that the drafter is writing meanwhile, if there is one."""
        if self._drafter is None:
            yield {}
            return
        hint = Hint()
        writing = asyncio.create_task(self._draft(hint, request, tools, history, facts))
        try:
            yield {"hint": hint}
        finally:
            writing.cancel()
            await asyncio.wait([writing])

    async def _draft(
        self, hint: Hint, request: str, tools: Sequence[Tool], history: Sequence[PastTurn], facts: str
    ) -> None:
        assert self._drafter is not None
        with suppress(ModelError, PlanTooLong):
            async with aclosing(
                Planner(self._drafter, relevance=self._relevance).plan(request, tools, history, facts)
            ) as chunks:
                async for chunk in chunks:
                    hint.text += chunk.text

    def _reader(self, tools: Sequence[Tool]) -> NativeReader | None:
        """What turns the model's own notation into plan lines; None for models that write those."""
        if self._speech.notation is PLAN_NOTATION:
            return None
        parameters = {tool.name: list(tool.parameters["properties"]) for tool in tools}
        return NativeReader(self._speech.notation, parameters)

    def _prompt(self, request: str, tools: Sequence[Tool], history: Sequence[PastTurn], facts: str) -> Prompt:
        speech = self._speech
        first = history[0].request if history else request  # another example would have all turns read anew
        return Prompt(
            (
                speech.system(),
                *map(speech.tool, tools),
                *speech.examples(first, tools),
                *(speech.turn(turn.request, turn.plan, turn.results) for turn in history),
                *((Segment.facts(facts),) if facts else ()),
                Segment.request(request),
            )
        )

    async def _leaning(
        self, request: str, tools: Sequence[Tool], history: Sequence[PastTurn]
    ) -> Leaning | None:
        """What the words of the request say of the tools; those of a follow-up say little."""
        if history or not self._speech.ours:
            return None
        if not tools:
            return None
        known = known_tools(self._engine.metadata, tools)
        try:
            log_odds = await asyncio.to_thread(self._relevance.log_odds, request, tools)
        except ModelFilesError as error:
            if len(known) < len(tools):
                raise
            _LOG.warning("the planner alone judges whether a tool serves the request: %s", error)
            return None
        by_name = {tool.name: odds for tool, odds in zip(tools, log_odds, strict=True)}
        return Leaning(by_name, known)

    def _pointings(self, request: str, tools: Sequence[Tool], leaning: Leaning | None) -> Pointings | None:
        """What the pointer says of tools that the model was not trained on; nothing without leaning."""
        if leaning is None or leaning.only_warns:
            return None
        new = sorted(leaning.odds.keys() - leaning.known, key=lambda name: -leaning.odds[name])
        schemas = {tool.name: tool.schema() for tool in tools}
        return Pointings(request, {name: schemas[name] for name in new}, self._point)

    def _grammar(
        self,
        request: str,
        tools: Sequence[Tool],
        history: Sequence[PastTurn],
        facts: str,
        leaning: Leaning | None,
        pointings: Pointings | None = None,
        thought: str | None = None,
    ) -> PlanGrammar:
        evidence = None
        if self._engine.metadata.get("scrubjay.evidence", False):
            evidence = [request, facts, thought or ""]
            anew = says_time(request)  # "make it 4pm instead": the times of the turns before don't hold
            for turn in reversed(history):
                evidence += without_times(turn.request) if anew else [turn.request]
                evidence += texts_in(list(turn.results))
        referable = history[-1].referable if history else {}
        previous = [referable.get(step) for step in range(1, max(referable, default=0) + 1)]
        return PlanGrammar(
            [tool.schema() for tool in tools],
            evidence,
            previous,
            leaning=leaning,
            pointings=pointings,
            notation=self._speech.notation,
            special=self._speech.special,
            # What sums are worked out for, a plan has from the thought, word for word.
            worked_out=thought is not None and not (self._thinker and self._thinker.sums),
            day_lists=day_lists(thought or ""),
        )
