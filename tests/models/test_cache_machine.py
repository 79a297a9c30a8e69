"""Whatever happens to tools, adapters, sessions and files: a request reads what it should and nothing else.

Each request is asked of an engine that has seen a lot and of one that has forgotten everything. One stale or
foreign cell would change the logits by a tenth and more. They have to be the same: to the last bit for
parallel segments; up to rounding for prefixes, which may have been read beside others, and for segments that
were moved.
"""

import asyncio
import logging
import random
import tempfile
from collections.abc import Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scrubjay.models.adapters import AdapterUse
from scrubjay.models.cache_settings import CacheSettings
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.prompt import Prompt, Segment
from scrubjay.models.traces import Trace, compare

from ..tiny_adapter import random_matrices, write_adapter
from ..tiny_model import make_tiny_planner

T = TypeVar("T")

NAMES = ("send", "note", "find", "play", "text", "phone")
SESSIONS = ("Sid", "Lutfi")
ADAPTERS = (None, "own", "shared")
MEMORY_BYTES, DISK_BYTES = 60_000, 400_000
BRIEF = settings(max_examples=8, stateful_step_count=15, deadline=None)


class Files:
    """A model, and two adapters: `own` reads its prompts, `shared` leaves them to the model."""

    def __init__(self, folder: Path, parallel: bool) -> None:
        self.model = folder / "model.gguf"
        weights = make_tiny_planner(self.model, parallel_segments=parallel)
        self.adapters = [folder / "own.gguf", folder / "shared.gguf"]
        for seed, path in enumerate(self.adapters):
            told = {"scrubjay.adapter.prompt": "base"} if path.stem == "shared" else {}
            write_adapter(path, random_matrices(weights, seed), metadata=told)

    async def load(self, cache: CacheSettings) -> LlamaEngine:
        engine = await LlamaEngine.load(
            self.model, EngineSettings(context_tokens=1024, parallel_generations=3, threads=1, cache=cache)
        )
        for path in self.adapters:
            await engine.add_adapter(path)
        return engine


async def traced(engine: LlamaEngine, prompt: Prompt, adapter: str | None) -> Trace:
    trace = Trace()
    use = AdapterUse(adapter) if adapter else None
    stream = engine.generate(prompt, max_tokens=4, adapter=use, watch=trace.add)
    async with aclosing(stream) as chunks:
        async for _ in chunks:
            pass
    return trace


class LifeOfACache(RuleBasedStateMachine):
    files: Files
    rounding: float
    shifted: bool

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.cache = CacheSettings(
            folder=Path(self.folder.name),
            memory_bytes=MEMORY_BYTES,
            disk_bytes=DISK_BYTES,
            shifted=self.shifted,
        )
        self.engine = self.run(self.files.load(self.cache))
        self.fresh = self.run(self.files.load(CacheSettings(disk_bytes=0, shifted=self.shifted)))
        self.tools = {"note": "note(text: str) Write it down."}
        self.turns: dict[str, list[Segment]] = {session: [] for session in SESSIONS}
        self.shared_batches = 0.0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def prompt(self, session: str, words: str) -> Prompt:
        tools = map(Segment.tool, self.tools.values())
        return Prompt((Segment.system(), *tools, *self.turns[session], Segment.request(words)))

    @rule(name=st.sampled_from(NAMES), version=st.integers(0, 3))
    def register(self, name: str, version: int) -> None:
        """A tool that is new, or one that changed."""
        self.tools[name] = f"{name}(text: str, number{version}: int) does it in the way {version}"
        if self.engine.metadata.get("scrubjay.parallel_segments"):
            self.run(self.engine.register([Segment.system(), *map(Segment.tool, self.tools.values())]))

    @precondition(lambda self: self.tools)
    @rule(number=st.integers(0, 5))
    def remove(self, number: int) -> None:
        del self.tools[list(self.tools)[number % len(self.tools)]]

    @rule(
        session=st.sampled_from(SESSIONS),
        words=st.sampled_from(("note it", "text Sid and tell Lutfi", "find the phone and play " * 3)),
        adapter=st.sampled_from(ADAPTERS),
    )
    def ask(self, session: str, words: str, adapter: str | None) -> None:
        prompt = self.prompt(session, f"{session}: {words}")
        trace = self.run(traced(self.engine, prompt, adapter))
        self.run(self.fresh.forget())
        compared = compare(trace, self.run(traced(self.fresh, prompt, adapter)))
        assert compared.diverges_at is None, compared
        assert compared.difference <= max(self.rounding, self.shared_batches), compared
        self.turns[session].append(Segment.turn(f"{session}: {words}", "done\n", ""))

    @rule(adapters=st.tuples(st.sampled_from(ADAPTERS), st.sampled_from(ADAPTERS)))
    def ask_at_once(self, adapters: tuple[str | None, str | None]) -> None:
        """Two sessions, each perhaps under another adapter.

        What shares batches is rounded otherwise, and kept as it came out.
        """
        self.shared_batches = 1e-3
        prompts = [self.prompt(session, f"{session}: note that") for session in SESSIONS]

        async def both() -> list[Trace]:
            return await asyncio.gather(*map(traced, [self.engine] * 2, prompts, adapters))

        for prompt, adapter, trace in zip(prompts, adapters, self.run(both()), strict=True):
            self.run(self.fresh.forget())
            compared = compare(trace, self.run(traced(self.fresh, prompt, adapter)))
            assert compared.difference < 2e-2, compared

    @rule(session=st.sampled_from(SESSIONS))
    def new_session(self, session: str) -> None:
        self.turns[session] = []

    @rule(on_disk=st.booleans())
    def evict(self, on_disk: bool) -> None:
        self.run(self.engine.forget(on_disk=on_disk))

    @rule()
    def restart(self) -> None:
        self.run(self.engine.aclose())
        self.engine = self.run(self.files.load(self.cache))

    @rule(seed=st.integers(0, 1000), how=st.sampled_from(("a byte", "cut short", "exchanged", "gone")))
    def corrupt(self, seed: int, how: str) -> None:
        """What is in memory is read from the disk next time."""
        self.restart()
        self.run(self.engine.forget(on_disk=False))
        paths = sorted(Path(self.folder.name).glob("*/*.kv"))
        if not paths:
            return
        chance = random.Random(seed)
        path, other = chance.choice(paths), chance.choice(paths)
        data = bytearray((other if how == "exchanged" else path).read_bytes())
        if how == "a byte":
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        elif how == "cut short":
            del data[chance.randrange(len(data)) :]
        path.unlink()
        if how != "gone":
            path.write_bytes(data)

    @invariant()
    def budgets_are_kept(self) -> None:
        if hasattr(self, "engine"):
            assert self.engine.usage.memory_bytes <= MEMORY_BYTES

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.run(self.engine.aclose())
            self.run(self.fresh.aclose())
            self.loop.close()
            self.folder.cleanup()


@pytest.mark.parametrize(
    ("parallel", "shifted", "rounding"),
    [(True, False, 0.0), (False, False, 1e-2), (False, True, 2e-2)],
    ids=["parallel segments", "prefixes", "shifted segments"],
)
def test_no_stale_or_foreign_segment_is_ever_read(
    parallel: bool, shifted: bool, rounding: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    told = {"files": Files(tmp_path, parallel), "rounding": rounding, "shifted": shifted}
    run_state_machine_as_test(type("Life", (LifeOfACache,), told), settings=BRIEF)
