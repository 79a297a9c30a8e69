"""Choosing among plans that were thought out side by side. A strategy is a small class: write your own."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..models.outbox import Chunk


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plan with the thought that led to it.

    plan: its text in the plan language, in which equal plans are equal texts; "" where the thought found
    nothing to work out, and the request is to be planned as it stands. logprob: sum of the logarithms
    of the probabilities of all chosen tokens, those of the thought included. tokens: how many there are.
    chunks: thought and plan as they were streamed.
    """

    thought: str
    plan: str
    logprob: float
    tokens: int
    chunks: tuple[Chunk, ...] = ()


class Strategy(Protocol):
    """Says which of the candidates is taken, and when there is no need to wait for more."""

    def decided(self, candidates: Sequence[Candidate], missing: int) -> bool:
        """Whether the `missing` ones need not be waited for; asked after each one that comes."""
        ...

    def best(self, candidates: Sequence[Candidate]) -> Candidate:
        """The one that is taken; there is at least one, in the order in which they came."""
        ...


@dataclass(frozen=True, slots=True)
class Majority:
    """The plan that most thoughts lead to.

    enough: so many that all agree end the vote, before it is decided by counting.
    """

    enough: int = 3

    def decided(self, candidates: Sequence[Candidate], missing: int) -> bool:
        votes = Counter(candidate.plan for candidate in candidates).most_common(2)
        first = votes[0][1]
        second = votes[1][1] if len(votes) > 1 else 0
        return first > second + missing or (second == 0 and first >= self.enough)

    def best(self, candidates: Sequence[Candidate]) -> Candidate:
        votes = Counter(candidate.plan for candidate in candidates)
        return max(candidates, key=lambda candidate: votes[candidate.plan])


@dataclass(frozen=True, slots=True)
class Weighted:
    """As `Majority`, but a thought counts for as much as the model was sure of it: its mean probability."""

    enough: int = 3

    def decided(self, candidates: Sequence[Candidate], missing: int) -> bool:
        votes = sorted(self._votes(candidates).values(), reverse=True)
        second = votes[1] if len(votes) > 1 else 0.0
        return votes[0] > second + missing or (len(votes) == 1 and len(candidates) >= self.enough)

    def best(self, candidates: Sequence[Candidate]) -> Candidate:
        votes = self._votes(candidates)
        return max(candidates, key=lambda candidate: votes[candidate.plan])

    def _votes(self, candidates: Sequence[Candidate]) -> dict[str, float]:
        votes: dict[str, float] = defaultdict(float)
        for candidate in candidates:
            votes[candidate.plan] += math.exp(candidate.logprob / max(1, candidate.tokens))
        return votes


@dataclass(frozen=True, slots=True)
class BestOf:
    """The candidate with the highest score; all are waited for."""

    score: Callable[[Candidate], float]

    def decided(self, candidates: Sequence[Candidate], missing: int) -> bool:
        return not missing

    def best(self, candidates: Sequence[Candidate]) -> Candidate:
        return max(candidates, key=self.score)
