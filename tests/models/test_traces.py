"""Runs are compared by the logits of what was chosen."""

import numpy as np
import pytest

from scrubjay.models.traces import Trace, compare, drift, verdict


def trace(tokens: list[int], *rows: list[float]) -> Trace:
    made = Trace()
    for token, row in zip(tokens, rows, strict=True):
        made.add(np.array(row, np.float32), token)
    return made


FRESH = trace([2, 0], [1.0, 2.0, 4.0], [3.0, 0.0, 1.0])


def test_the_same_logits_are_exact() -> None:
    same = compare(FRESH, FRESH)
    assert same.exact
    assert (same.tokens, same.margin, same.rank) == (2, 2.0, 0)
    assert verdict([same]) == "exact"


def test_a_difference_that_changes_no_token_is_told_with_its_size() -> None:
    near = compare(trace([2, 0], [1.0, 2.0, 4.0], [3.0, 0.005, 1.0]), FRESH)
    assert near.diverges_at is None
    assert near.equal
    assert verdict([near]) == "equal up to rounding (largest logit difference 0.005)"


@pytest.mark.parametrize(("logit", "told"), [(0.5, "0.5"), (float("nan"), "inf"), (float("inf"), "inf")])
def test_a_difference_that_rounding_does_not_explain_is_not_called_that(logit: float, told: str) -> None:
    far = compare(trace([2, 0], [1.0, 2.0, 4.0], [3.0, logit, 1.0]), FRESH)
    assert far.diverges_at is None
    assert not far.equal
    said = f"differs by more than rounding in 1 of 2 (largest logit difference {told})"
    assert verdict([compare(FRESH, FRESH), far]) == said


def test_where_runs_part_is_told() -> None:
    parted = compare(trace([2, 1], [1.0, 2.0, 4.0], [3.0, 5.0, 1.0]), FRESH)
    assert (parted.diverges_at, parted.rank) == (1, 1)
    said = verdict([compare(FRESH, FRESH), parted])
    assert said.startswith("diverges in 1 of 2, first in number 2 at token 1")


def test_a_run_that_ends_early_or_computes_nonsense_is_not_the_same() -> None:
    assert compare(trace([2], [1.0, 2.0, 4.0]), FRESH).diverges_at == 1
    nonsense = compare(trace([2, 0], [1.0, float("nan"), 4.0], [3.0, 0.0, 1.0]), FRESH)
    assert nonsense.difference == float("inf")


def test_how_far_runs_drift_is_told_in_nats_a_token() -> None:
    moved = compare(trace([2, 0], [1.0, 2.0, 4.0], [3.0, 2.0, 1.0]), FRESH)
    p, q = (np.exp(row) / np.exp(row).sum() for row in (np.array([3.0, 0.0, 1.0]), np.array([3.0, 2.0, 1.0])))
    assert moved.drift == pytest.approx((p * np.log(p / q)).sum() / 2)
    assert compare(FRESH, FRESH).drift == 0
    said = drift([compare(FRESH, FRESH), moved])
    assert said.startswith(f"drifts by {moved.drift / 2:.2g} nats a token; the largest logit difference")
    assert said.endswith("is 1 in the median, 2 at most")
