"""How fast a model runs on this machine: the pace that every system of the comparison keeps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import llama_cpp
import numpy as np

from scrubjay.models.batch import PROMPT_TOKENS, Batch, Stream
from scrubjay.models.context import Context, thread_count
from scrubjay.models.library import load_model

SIZES = (1, 2, 4, 8, 16, 32, 64, PROMPT_TOKENS)
ROUNDS = 5
BEFORE = 256
"""Tokens that stand before those that are timed."""


@dataclass(frozen=True)
class Pace:
    """Seconds that a batch takes, by its tokens: those of SIZES; others lie on straight lines between."""

    seconds: tuple[float, ...]

    def batch(self, tokens: int) -> float:
        """Seconds of one batch."""
        if tokens > PROMPT_TOKENS:
            return self.read(tokens)
        return float(np.interp(tokens, SIZES, self.seconds))

    def read(self, tokens: int) -> float:
        """Seconds to read so many tokens of a prompt."""
        whole, rest = divmod(tokens, PROMPT_TOKENS)
        return whole * self.seconds[-1] + (self.batch(rest) if rest else 0.0)

    @property
    def token(self) -> float:
        """Seconds to write a token."""
        return self.seconds[0]

    def __str__(self) -> str:
        return ",".join(f"{1e3 * seconds:.1f}" for seconds in self.seconds)

    @classmethod
    def parse(cls, text: str) -> Pace:
        """Of what `str` made."""
        return cls(tuple(float(ms) / 1e3 for ms in text.split(",")))


def measure_pace(path: Path) -> Pace:
    """Time batches of each size, in turns."""
    model = load_model(path)
    context = Context(model, 2 * BEFORE, 1, PROMPT_TOKENS, thread_count(model))
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    try:
        for size in ROUNDS * SIZES:
            context.clear()
            stream, batch = Stream(0, 0, _tokens(BEFORE)), Batch(PROMPT_TOKENS)
            while stream.pending:
                batch.clear()
                batch.add(stream, PROMPT_TOKENS, logits=1)
                context.decode(batch)
            batch.clear()
            stream.pending = _tokens(size)
            batch.add(stream, size, logits=1)
            started = time.perf_counter()
            context.decode(batch)
            taken[size].append(time.perf_counter() - started)
    finally:
        context.close()
        llama_cpp.llama_model_free(model.pointer)
    return Pace(tuple(median(times) for times in taken.values()))


def _tokens(count: int) -> list[int]:
    return [int(token) for token in np.random.default_rng(1).integers(10, 210, count)]
