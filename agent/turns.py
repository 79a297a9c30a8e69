"""The conversation so far, as planners see it; kept in memory when there is no session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain, repeat
from typing import Protocol

from ..tools.effect import Effect
from .executor import EffectJournal
from .joiner import Joined, Rounds
from .outcome import Outcome, StepStatus
from .plan import Json, Plan, print_plan
from .planner import MAX_TURNS, PastTurn
from .provenance import NOBODY, UNKNOWN, Ledger, Provenance, Told
from .recall import Recall, first_shown
from .undo import Done
from .within import ASKED_BY

MOST_UNDONE = 100
"""Effects that a conversation in memory can still take back."""


class Conversation(Protocol):
    """Where an agent keeps what was said; `Turns` and `session.Session` are two."""

    @property
    def id(self) -> str:
        """Its name; empty when it is not kept."""
        ...

    async def past_turns(self, about: str = "", most: int = MAX_TURNS) -> Sequence[PastTurn]:
        """The latest turns, oldest first, at most `most`; right before the last one come older ones that the
        request `about` is about."""
        ...

    async def record_turn(self, turn: PastTurn, joined: Joined, started_at: datetime | None = None) -> None:
        """Keep a turn that has been served."""
        ...

    def journal(self, request_id: str) -> EffectJournal | None:
        """Where the effects of a request are written down; None when they are not."""
        ...

    async def done_effects(self, request: str | None = None) -> Sequence[Done]:
        """As `undo.EffectHistory`."""
        ...

    async def mark_undone(self, effects: Sequence[Done]) -> None:
        """As `undo.EffectHistory`."""
        ...


class Turns:
    """A conversation in memory."""

    id = ""

    def __init__(self) -> None:
        self._turns: list[PastTurn] = []
        self._recall = Recall()
        self._done: list[Done] = []

    async def past_turns(self, about: str = "", most: int = MAX_TURNS) -> Sequence[PastTurn]:
        """The latest turns, and those that the request is about; see `Conversation`."""
        start = first_shown(len(self._turns), most)
        recalled = [self._turns[number] for number in self._recall.about(about, start)]
        return [*self._turns[start:-1], *recalled, *self._turns[start:][-1:]]

    async def record_turn(self, turn: PastTurn, joined: Joined, started_at: datetime | None = None) -> None:
        """Remember a turn."""
        self._turns.append(turn)
        self._recall.add(turn.request, turn.results)

    def journal(self, request_id: str) -> EffectJournal:
        """What was done is remembered, so that it can be undone."""
        return _DoneInMemory(request_id, self._done)

    async def done_effects(self, request: str | None = None) -> Sequence[Done]:
        """The effects of `request`, or of the latest one that has any, which nobody has undone."""
        wanted = request or (self._done[-1].request if self._done else None)
        return [effect for effect in self._done if effect.request == wanted]

    async def mark_undone(self, effects: Sequence[Done]) -> None:
        """Forget them."""
        self._done[:] = [effect for effect in self._done if effect not in effects]


class _DoneInMemory:
    """The effects of one request; an `executor.EffectJournal`."""

    def __init__(self, request: str, done: list[Done]) -> None:
        self._request = request
        self._begun: dict[int, tuple[str, Mapping[str, Json], Effect]] = {}
        self._done = done

    async def begin(self, step_id: int, tool: str, args: Mapping[str, Json], effect: Effect) -> None:
        """The step is about to run."""
        self._begun[step_id] = tool, args, effect

    async def finish(self, step_id: int, result: Json, problem: str) -> None:
        """The step has ended."""
        begun = self._begun.pop(step_id)
        if not problem:
            self._done.append(Done(self._request, step_id, *begun, result))
            del self._done[:-MOST_UNDONE]


def past_turn(request: str, rounds: Rounds) -> PastTurn:
    """A request with all its rounds as one turn, as the next planning sees it."""
    outcomes = list(chain.from_iterable(rounds))
    plan = Plan(tuple(outcome.step for outcome in outcomes))
    referable = {outcome.step.id: outcome.result for outcome in outcomes if outcome.has_result}
    sources = tuple(outcome.source for outcome in outcomes)
    told = [_told(outcome) for outcome in outcomes]
    return PastTurn(request, print_plan(plan), told, referable, sources, ASKED_BY.get())


def ledger(request: str, facts: str, turns: Sequence[PastTurn], asked_by: Provenance = NOBODY) -> Ledger:
    """What a planner knows that is shown these turns. asked_by: the others who wrote the request, if any."""
    said = [facts, *(turn.request for turn in turns if not turn.asked_by)]
    told = [Told(turn.request, turn.asked_by) for turn in turns if turn.asked_by]
    told += [
        Told(result, source)
        for turn in turns
        for result, source in zip(turn.results, chain(turn.sources, repeat(UNKNOWN)), strict=False)
    ]
    if not asked_by:
        return Ledger([request, *said], told)
    return Ledger(said, [*told, Told(request, asked_by)])


def _told(outcome: Outcome) -> Json:
    """What the model is told of a step; "skipped" is the word that ours was trained with."""
    if outcome.has_result:
        return outcome.result
    return outcome.problem if outcome.status is StepStatus.FAILED else "skipped"
