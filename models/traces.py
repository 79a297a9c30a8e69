"""What a model chose and from which logits, and whether two runs agree: outputs are the evidence.

Reused KV should leave no trace in what is written. A damaged, stale or foreign cell changes the logits long
before it changes a plan; so runs are compared by every logit of every chosen token, by its margin before the
next best token, and by its rank. In the spirit of Token-DiFR (https://arxiv.org/abs/2511.20621).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from .confidence import Row

ROUNDING = 1e-2
"""The largest difference between two logits that rounding explains."""


@dataclass(slots=True)
class Trace:
    """The tokens that a model chose in one generation, each with the logits that it was chosen from."""

    tokens: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def add(self, logits: Row, token: int) -> None:
        """Record a choice; what an engine's `watch` calls."""
        self.rows.append(logits)
        self.tokens.append(token)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One generation against the same one computed afresh, up to the first token that differs.

    difference: the largest between two logits. margin: the smallest of a chosen token's logit over the best
    other one, afresh; below 0 where more than the model had a say, such as a grammar. rank: by how much the
    rank of a token that was chosen afresh is worse in this run, at most. diverges_at: the place of the first
    other token. drift: how far the probabilities are from those afresh, by Kullback-Leibler divergence, in
    nats a token.
    """

    tokens: int
    difference: float
    margin: float
    rank: int
    diverges_at: int | None
    drift: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether the runs agree to the last bit."""
        return self.diverges_at is None and self.difference == 0

    @property
    def equal(self) -> bool:
        """Whether the runs agree but for rounding."""
        return self.diverges_at is None and self.difference <= ROUNDING


def compare(trace: Trace, afresh: Trace) -> Comparison:
    """Hold a run against the one that computed everything."""
    pairs = list(zip(trace.tokens, afresh.tokens, strict=False))
    parted = next((place for place, (one, other) in enumerate(pairs) if one != other), None)
    if parted is None and len(trace.tokens) != len(afresh.tokens):
        parted = len(pairs)
    compared = len(pairs) if parted is None else min(parted + 1, len(pairs))
    difference, margin, rank, drift = 0.0, float("inf"), 0, 0.0
    for place in range(compared):
        row, fresh, token = trace.rows[place], afresh.rows[place], afresh.tokens[place]
        apart = float(np.abs(row - fresh).max())
        difference = max(difference, float("inf") if np.isnan(apart) else apart)
        margin = min(margin, _margin(fresh, token))
        rank = max(rank, _rank(row, token) - _rank(fresh, token))
        drift += _divergence(fresh, row) / compared if 0 < apart < np.inf else 0.0
    return Comparison(compared, difference, margin, rank, parted, drift)


def verdict(comparisons: Sequence[Comparison]) -> str:
    """What a set of comparisons says, in a few words."""
    parted = [number for number, one in enumerate(comparisons, 1) if one.diverges_at is not None]
    difference = max((one.difference for one in comparisons), default=0.0)
    if parted:
        first = comparisons[parted[0] - 1]
        return (
            f"diverges in {len(parted)} of {len(comparisons)}, first in number {parted[0]} at token"
            f" {first.diverges_at} (its margin was {first.margin:.2g}, the largest logit difference"
            f" {first.difference:.2g})"
        )
    if all(one.exact for one in comparisons):
        return "exact"
    far = sum(not one.equal for one in comparisons)
    if far:
        return (
            f"differs by more than rounding in {far} of {len(comparisons)} (largest logit difference"
            f" {difference:.2g})"
        )
    return f"equal up to rounding (largest logit difference {difference:.2g})"


def drift(comparisons: Sequence[Comparison]) -> str:
    """How far a set of runs is from those afresh that need not agree with them, in a few words."""
    read = [one for one in comparisons if one.tokens]
    differences = [one.difference for one in read] or [0.0]
    nats = sum(one.drift * one.tokens for one in read) / max(1, sum(one.tokens for one in read))
    return (
        f"drifts by {nats:.2g} nats a token; the largest logit difference of a plan is"
        f" {median(differences):.2g} in the median, {max(differences):.2g} at most"
    )


def _divergence(fresh: Row, row: Row) -> float:
    p, q = (row.astype(np.float64) - np.logaddexp.reduce(row, dtype=np.float64) for row in (fresh, row))
    return float(np.sum(np.exp(p) * (p - q)))


def _margin(logits: Row, token: int) -> float:
    best, second = np.partition(logits, -2)[-2:][::-1]
    return float(logits[token] - (second if logits[token] == best else best))


def _rank(logits: Row, token: int) -> int:
    return int((logits > logits[token]).sum())
