"""A small batch is computed with as many threads as are quickest, which may change."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.batch import Batch, Stream
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.context import Context
from scrubjay.models.library import load_model
from scrubjay.models.threads import SMALL_BATCH, BatchThreads

Cost = Callable[[int], float]


def run(threads: BatchThreads, cost: Cost, steps: int, tokens: int = 1, noise: float = 0.0) -> list[int]:
    """Steps on a machine where one takes `cost(count)` seconds; returns the counts that were taken."""
    rng, counts = random.Random(1), []
    for _ in range(steps):
        counts.append(threads.count(tokens))
        threads.took(tokens, cost(counts[-1]) * (1 + noise * rng.random()))
    return counts


@given(st.sampled_from([1, 2, 3, 6, 8]), st.sampled_from([1, 2, 3, 6, 8]), st.integers(1, SMALL_BATCH))
def test_the_quickest_count_is_found_and_kept(most: int, ideal: int, tokens: int) -> None:
    def cost(count: int) -> float:
        return 1.0 + abs(math.log2(count) - math.log2(ideal))

    counts = run(BatchThreads(most), cost, 1000, tokens)
    quickest = min(set(counts), key=cost)
    assert counts.count(quickest) > 0.9 * len(counts)
    assert counts[0] == most
    tried = [most]
    while tried[-1] > 1:
        tried.append(tried[-1] // 2)
    assert cost(quickest) == min(map(cost, tried))


def test_when_the_machine_becomes_busy_another_count_is_taken_and_the_first_again_later() -> None:
    threads = BatchThreads(2)

    def idle(count: int) -> float:
        return {1: 20.0, 2: 12.0}[count]

    def busy(count: int) -> float:
        return {1: 25.0, 2: 60.0}[count]

    assert run(threads, idle, 300)[-1] == 2
    assert set(run(threads, busy, 2000)[-50:]) == {1}
    assert 2 in run(threads, idle, 2000)[-50:]


def test_a_machine_that_becomes_busy_is_noticed_soon_even_after_a_long_time() -> None:
    threads = BatchThreads(8)
    run(threads, lambda count: {8: 30.0, 4: 10.0, 2: 15.0, 1: 25.0}[count], 6000)
    assert run(threads, lambda count: {8: 200.0, 4: 120.0, 2: 40.0, 1: 30.0}[count], 200)[-1] == 1


def test_a_count_that_is_hardly_quicker_is_not_worth_a_change() -> None:
    assert run(BatchThreads(2), lambda count: {1: 19.6, 2: 20.0}[count], 400).count(2) > 360


def test_one_slow_step_says_nothing() -> None:
    threads = BatchThreads(2)
    slow = iter([1.0] * 5 + [90.0] + [1.0] * 1000)
    assert run(threads, lambda count: next(slow) * (1.5 if count == 1 else 1.0), 900).count(2) > 850


def test_long_batches_take_all_threads_and_teach_nothing() -> None:
    threads = BatchThreads(8)
    assert set(run(threads, lambda count: 9.0 - count, 50, SMALL_BATCH + 1)) == {8}
    assert threads.count(1) == 8


@pytest.mark.parametrize("tokens", [1, 7])
def test_numbers_are_the_same_with_any_count(tokens: int) -> None:
    rows = []
    for count in (1, 2):
        context = Context(load_model(Path(bundled_planner())), 64, 1, 64, threads=count)
        batch, stream = Batch(64), Stream(0, 0, [5 + place for place in range(9)])
        batch.add(stream, 64, logits=1)
        context.decode(batch)
        batch.clear()
        stream.pending = [40 + place for place in range(tokens)]
        batch.add(stream, 64, logits=1)
        rows.append(context.decode(batch).copy())
        context.close()
    assert np.array_equal(rows[0], rows[1])


def test_a_context_changes_the_count_while_it_computes() -> None:
    context = Context(load_model(Path(bundled_planner())), 256, 1, 64, threads=2, fewer=True)
    alone = Context(load_model(Path(bundled_planner())), 256, 1, 64, threads=1)
    streams = [Stream(0, 0), Stream(0, 0)]
    batch = Batch(64)
    for token in range(60):
        rows = []
        for each, stream in zip((context, alone), streams, strict=True):
            batch.clear()
            stream.pending = [token + 5]
            batch.add(stream, 64, logits=1)
            rows.append(each.decode(batch).copy())
        assert np.array_equal(rows[0], rows[1])
    context.close()
    alone.close()
