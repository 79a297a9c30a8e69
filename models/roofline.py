"""How fast a model could be on this machine, and how fast it is.

A decoded token reads every weight once: the memory's bandwidth divided by their bytes bounds tokens a second.
It also multiplies every weight once: so does the rate of llama.cpp's product for weights of that type, where
they come from cache (`products.py`). Whichever is lower is what limits it.

A read token takes two operations for each weight: the arithmetic rate divided by that bounds prefill. Rates
are measured here, with the threads that the model has; those of the machine before and after it. The
arithmetic of prefill's bound is that of float32: kernels on smaller numbers may pass it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import llama_cpp
import numpy as np

from .batch import PROMPT_TOKENS, Batch, Stream
from .context import Context, thread_count
from .errors import NativeError
from .library import Model, load_model
from .products import products_rate, weight_type

STREAMED_BYTES = 256 * 2**20
PREFILL_TOKENS = 512
DECODED_TOKENS = 24
_MATRIX = 512
_ENERGY = Path("/sys/class/powercap")
_MEASURE = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
import numpy as np

threads, streamed, size = map(int, sys.argv[1:])
data = np.ones(streamed // 8)
pieces = [np.array_split(piece, threads) for piece in np.array_split(data, 32)]
matrices = [np.ones((size, size), np.float32) for _ in range(threads)]

with ThreadPoolExecutor(threads) as pool:
    def seconds(work, inputs):
        started = time.perf_counter()
        list(pool.map(work, inputs))
        return time.perf_counter() - started

    # Each is over in a few milliseconds: the median is one that nothing interrupted.
    for work, rounds in ((lambda x: np.dot(x, x), 3 * pieces), (lambda x: x @ x, 24 * [matrices])):
        print(median([seconds(work, inputs) for inputs in rounds][len(rounds) // 3:]))
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """What was measured of it, with so many threads: bytes read, and float32 operations, a second."""

    bandwidth: float
    arithmetic: float
    threads: int


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model is: tokens a second, and what bounds them.

    decode_bound: by the memory. products_bound: by the arithmetic of weights of this type; None where nobody
    knows. batched: the prefill of a bare llama.cpp context with its own batch size. joules: for one decoded
    token, where the machine counts energy.
    """

    machine: Machine
    decode: float
    decode_bound: float
    products_bound: float | None
    prefill: float
    prefill_bound: float
    batched: float
    joules: float | None


def measure_machine(threads: int) -> Machine:
    """Measure bandwidth by reading far more than caches hold, and arithmetic by products of matrices.

    In a process of its own, since NumPy's threads are counted when it is loaded.
    """
    alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1"}
    command = [sys.executable, "-c", _MEASURE, str(threads), str(STREAMED_BYTES), str(_MATRIX)]
    ended = subprocess.run(command, env={**os.environ, **alone}, capture_output=True, text=True, check=False)
    try:
        read, multiplied = map(float, ended.stdout.split())
    except ValueError as error:
        raise NativeError(f"the machine cannot be measured: {ended.stderr[-300:]}") from error
    return Machine(STREAMED_BYTES / 32 / read, 2 * threads * _MATRIX**3 / multiplied, threads)


def measure_speed(path: Path, threads: int | None = None) -> Speed:
    """Measure one model, alone in a context; prefill in batches as the engine's. Raises `ModelError`.

    threads: None: as the engine does, with fewer for a token where that is quicker.
    """
    model = load_model(path)
    try:
        return _measure(model, threads or thread_count(model), fewer=threads is None)
    finally:
        llama_cpp.llama_model_free(model.pointer)


def _measure(model: Model, threads: int, fewer: bool) -> Speed:
    before = measure_machine(threads)
    context = Context(model, 2 * PREFILL_TOKENS, 1, 2 * PROMPT_TOKENS, threads, fewer=fewer)
    try:
        prefills, bare = [], []
        for _ in range(3):  # in turns, so that other work on the machine slows both
            prefills.append(_prefill(context))
            bare.append(_bare_prefill(model, threads))
        joules = energy()
        steps = _decode(context)
        if joules is not None:
            joules = ((energy() or joules) - joules) / DECODED_TOKENS
    finally:
        context.close()
    after = measure_machine(threads)
    kind = weight_type(model)
    products = products_rate(kind, threads, model.repacked) if kind else None
    size = int(llama_cpp.llama_model_size(model.pointer))
    parameters = int(llama_cpp.llama_model_n_params(model.pointer))
    bandwidth = (before.bandwidth + after.bandwidth) / 2
    arithmetic = (before.arithmetic + after.arithmetic) / 2
    return Speed(
        machine=Machine(bandwidth, arithmetic, threads),
        decode=1 / median(steps),
        decode_bound=bandwidth / size,
        products_bound=products / size if products else None,
        prefill=PREFILL_TOKENS / median(prefills),
        prefill_bound=arithmetic / (2 * parameters),
        batched=PREFILL_TOKENS / median(bare),
        joules=joules,
    )


def energy() -> float | None:
    """Joules that the processors have taken, by Linux's counters; None where it has none."""
    try:
        counters = [file for file in _ENERGY.glob("*/energy_uj") if file.parent.name.count(":") == 1]
        return sum(int(file.read_text()) for file in counters) / 1e6 if counters else None
    except OSError:  # they are often for root alone
        return None


def _prefill(context: Context) -> float:
    """Seconds, as the scheduler reads a prompt."""
    context.clear()
    batch, stream = Batch(2 * PROMPT_TOKENS), Stream(0, 0, _tokens(PREFILL_TOKENS))
    started = time.perf_counter()
    while stream.pending:
        batch.clear()
        batch.add(stream, PROMPT_TOKENS, logits=1)
        context.decode(batch)
    return time.perf_counter() - started


def _decode(context: Context) -> list[float]:
    """Seconds of each step, after 64 tokens."""
    context.clear()
    batch, stream = Batch(64), Stream(0, 0, _tokens(64))
    batch.add(stream, 64, logits=1)
    context.decode(batch)
    steps = []
    for token in _tokens(DECODED_TOKENS):
        batch.clear()
        stream.pending = [token]
        batch.add(stream, 1, logits=1)
        started = time.perf_counter()
        context.decode(batch)
        steps.append(time.perf_counter() - started)
    return steps


def _bare_prefill(model: Model, threads: int) -> float:
    """Seconds that llama.cpp's own defaults take for the same tokens in one call."""
    params: Any = llama_cpp.llama_context_default_params()
    params.n_ctx = 2 * PREFILL_TOKENS
    params.n_threads = params.n_threads_batch = threads
    context = llama_cpp.llama_init_from_model(model.pointer, params)
    if context is None:
        raise NativeError("llama.cpp cannot make a context for the measurement; free some memory")
    tokens = (llama_cpp.llama_token * PREFILL_TOKENS)(*_tokens(PREFILL_TOKENS))

    def read() -> None:
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), False)
        llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(tokens, PREFILL_TOKENS))
        llama_cpp.llama_synchronize(context)

    try:
        read()
        return _seconds(read)
    finally:
        llama_cpp.llama_free(context)


def _tokens(count: int) -> list[int]:
    return [int(token) for token in np.random.default_rng(1).integers(10, 210, count)]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
