"""Finds how a model runs fastest on this machine, and remembers it for the next time it is loaded."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import TypeVar

import llama_cpp
import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .batch import PROMPT_TOKENS, Batch, Stream
from .cache_settings import CacheSettings
from .context import Context, draft_count, thread_count
from .engine import EngineSettings
from .fingerprint import fingerprint
from .kv_types import KVType
from .library import Model, load_model
from .machine import llama_build, processor

READ, WRITTEN = 192, 24
"""Tokens of a request that is weighed: so many are read, and so many written."""

BATCHES = (PROMPT_TOKENS, 64, 256)
DRAFTS = (0, 3, 7, 15)
ROUNDS = 3

_RIGHT = 0.7
"""The share of drafted tokens that is reckoned to be right."""

_CLEARLY = 0.95
"""A setting that loses something must take less than this share of the time of one that doesn't."""

Tell = Callable[[str], None]
T = TypeVar("T", int, KVType)


class Tuned(BaseModel):
    """What suits one model on one machine. draft_tokens: None where it cannot take back what it read."""

    model_config = ConfigDict(frozen=True)

    threads: int = Field(ge=1)
    prompt_tokens: int = Field(ge=1)
    kv_type: KVType | None
    draft_tokens: int | None


def tune(path: Path, tell: Tell) -> Tuned:
    """Measure one setting after the other, each with the best of those before; `tell` hears of each.

    Takes some seconds for a small model and minutes for a large one. Raises `ModelError`.
    """
    model = load_model(path)
    try:
        threads = _best({n: _Way(threads=n) for n in _thread_counts(model)}, model, tell, "threads")
        batches = {n: _Way(threads, n) for n in BATCHES}
        prompt_tokens = _best(batches, model, tell, "tokens of a prompt at once")
        kv_type: KVType | None = None
        if "scrubjay.kv_type" not in model.metadata:
            kinds = {kind: _Way(threads, prompt_tokens, kind) for kind in (KVType.F16, KVType.Q8_0)}
            kv_type = _best(kinds, model, tell, "type of keys and values")
        draft = _draft(model, _Way(threads, prompt_tokens), tell) if draft_count(model) else None
        return Tuned(threads=threads, prompt_tokens=prompt_tokens, kv_type=kv_type, draft_tokens=draft)
    finally:
        llama_cpp.llama_model_free(model.pointer)


def remember(path: Path, tuned: Tuned) -> Path:
    """Keep it for `remembered`; returns the file."""
    file = _file(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}")
    temporary.write_text(tuned.model_dump_json(), "utf-8")
    temporary.replace(file)
    return file


def remembered(path: Path, settings: EngineSettings | None = None) -> EngineSettings:
    """`settings`, with what was found for this model on this machine where they leave it open."""
    settings = settings or EngineSettings()
    try:
        tuned = Tuned.model_validate_json(_file(path).read_text("utf-8"))
    except (OSError, ValidationError):
        return settings
    cache = settings.cache
    if tuned.kv_type is not None and cache.kv_type is None:
        cache = CacheSettings.model_validate({**cache.model_dump(), "kv_type": tuned.kv_type})
    found = {
        "threads": settings.threads or tuned.threads,
        "prompt_tokens": settings.prompt_tokens or tuned.prompt_tokens,
        "draft_tokens": tuned.draft_tokens if settings.draft_tokens is None else settings.draft_tokens,
        "cache": cache,
    }
    return settings.model_copy(update=found)


class _Way:
    """One way to run a model."""

    def __init__(
        self, threads: int, prompt_tokens: int = PROMPT_TOKENS, kv_type: KVType = KVType.F16
    ) -> None:
        self.threads, self.prompt_tokens, self.kv_type = threads, prompt_tokens, kv_type

    def context(self, model: Model, rows: int = 1) -> Context:
        capacity = 2 * self.prompt_tokens
        return Context(model, 512, 1, capacity, self.threads, self.kv_type, drafted=rows - 1)

    def seconds(self, model: Model) -> float:
        """How long a request takes."""
        context = self.context(model)
        try:
            batch, stream = Batch(2 * self.prompt_tokens), Stream(0, 0, _tokens(READ))
            started = time.perf_counter()
            while stream.pending:
                batch.clear()
                batch.add(stream, self.prompt_tokens, logits=1)
                context.decode(batch)
            read = time.perf_counter() - started
            steps = []
            for token in _tokens(WRITTEN):
                stream.pending = [token]
                steps.append(_step(context, batch, stream, 1))
            return read + WRITTEN * median(steps)
        finally:
            context.close()


def _best(ways: Mapping[T, _Way], model: Model, tell: Tell, what: str) -> T:
    """The setting with the shortest median; the first one, unless another is clearly faster."""
    times: dict[T, list[float]] = {value: [] for value in ways}
    for _ in range(ROUNDS):
        for value, way in ways.items():  # in turns, so that other work on the machine slows all
            times[value].append(way.seconds(model))
    medians = {value: median(taken) for value, taken in times.items()}
    for value, taken in medians.items():
        tell(f"{what} {value}: {taken * 1e3:.0f} ms a request")
    first = next(iter(ways))
    best = min(medians, key=medians.__getitem__)
    return best if medians[best] < _CLEARLY * medians[first] else first


def _draft(model: Model, way: _Way, tell: Tell) -> int:
    """How far to guess: where the most tokens a second are expected to be right."""
    context = way.context(model, rows=1 + max(DRAFTS))
    rates = {}
    try:
        for draft in DRAFTS:
            batch, stream = Batch(2 * way.prompt_tokens), Stream(0, 0, _tokens(64))
            context.clear()
            batch.add(stream, 64, logits=1)
            context.decode(batch)
            steps = []
            for _ in range(2 * ROUNDS):
                stream.pending = _tokens(1 + draft)
                steps.append(_step(context, batch, stream, 1 + draft))
            right = sum(_RIGHT**place for place in range(1 + draft))
            rates[draft] = right / median(steps)
            tell(f"guessing {draft} tokens ahead: {rates[draft]:.0f} tokens/s of plans that copy")
    finally:
        context.close()
    return max(rates, key=rates.__getitem__)


def _step(context: Context, batch: Batch, stream: Stream, rows: int) -> float:
    batch.clear()
    batch.add(stream, rows, logits=rows)
    started = time.perf_counter()
    context.decode(batch)
    return time.perf_counter() - started


def _thread_counts(model: Model) -> Iterator[int]:
    """What the engine would take first, then less and more."""
    usual, most = thread_count(model), os.cpu_count() or 1
    yield usual
    yield from (n for n in (1, 2, 3, 4, 6, 8, 12, 16) if n <= most and n != usual)


def _tokens(count: int) -> list[int]:
    return [10 + 7 * place % 200 for place in range(count)]


def _file(path: Path) -> Path:
    here = [fingerprint(path), processor(), llama_build(), os.cpu_count()]
    name = hashlib.sha256(json.dumps(here).encode()).hexdigest()[:16]
    return platformdirs.user_data_path("scrubjay", appauthor=False) / "tuned" / f"{name}.json"
