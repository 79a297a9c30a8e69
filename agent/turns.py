"""The conversation so far, as planners see it; kept in memory when there is no session."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Protocol

from .executor import EffectJournal
from .joiner import Joined, Rounds
from .outcome import Outcome, StepStatus
from .plan import Json, Plan, print_plan
from .planner import MAX_TURNS, PastTurn


class Conversation(Protocol):
    """Where an agent keeps what was said; `Turns` and `session.Session` are two."""

    @property
    def id(self) -> str:
        """Its name; empty when it is not kept."""
        ...

    async def past_turns(self) -> Sequence[PastTurn]:
        """The latest turns, oldest first."""
        ...

    async def record_turn(self, turn: PastTurn, joined: Joined) -> None:
        """Keep a turn that has been served."""
        ...

    def journal(self, request_id: str) -> EffectJournal | None:
        """Where the effects of a request are written down; None when they are not."""
        ...


class Turns:
    """A conversation in memory."""

    id = ""

    def __init__(self) -> None:
        self._turns: list[PastTurn] = []

    async def past_turns(self) -> Sequence[PastTurn]:
        """The latest turns, oldest first."""
        return list(self._turns)

    async def record_turn(self, turn: PastTurn, joined: Joined) -> None:
        """Remember a turn."""
        self._turns = [*self._turns, turn][-MAX_TURNS:]

    def journal(self, request_id: str) -> None:
        """Nothing is journaled: what is in memory doesn't outlive the process anyway."""


def past_turn(request: str, rounds: Rounds) -> PastTurn:
    """A request with all its rounds as one turn, as the next planning sees it."""
    outcomes = list(chain.from_iterable(rounds))
    plan = Plan(tuple(outcome.step for outcome in outcomes))
    referable = {outcome.step.id: outcome.result for outcome in outcomes if outcome.has_result}
    return PastTurn(request, print_plan(plan), [_told(outcome) for outcome in outcomes], referable)


def _told(outcome: Outcome) -> Json:
    """What the model is told of a step; "skipped" is the word that ours was trained with."""
    if outcome.has_result:
        return outcome.result
    return outcome.problem if outcome.status is StepStatus.FAILED else "skipped"
