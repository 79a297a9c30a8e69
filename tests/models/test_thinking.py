"""Thoughts: text within a budget, before what the constraint allows, alone or several side by side."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from scrubjay.models.adapters import AdapterUse
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.outbox import Chunk
from scrubjay.models.thinking import Thinking

from ..tiny_adapter import random_matrices, write_adapter
from ..tiny_model import make_tiny_planner
from .driving import prompt

TOOLS = ("send_message(to: [str], text: str) Send a text message.", "note(text: str) Write it down.")
SETTINGS = EngineSettings(context_tokens=2048, parallel_generations=4, threads=1)


class Word:
    """Allows one of these words, on one line."""

    def __init__(self, *words: str) -> None:
        self.grammar = "start: " + " | ".join(f'"{word}\\n"' for word in words)

    def next_grammar(self, written: str) -> str | None:
        return None if written else self.grammar


async def parts(engine: LlamaEngine, thinking: Thinking, **more: object) -> tuple[str, int, str, int]:
    """Thought and its tokens with those around it, text and its tokens."""
    asked = prompt("text Sid", TOOLS)
    chunks = [
        chunk
        async for chunk in engine.generate(asked, thinking=thinking, max_tokens=20, **more)  # type: ignore[arg-type]
    ]
    thoughts, rest = [c for c in chunks if c.thought or not c.text], [c for c in chunks if c.text]
    assert all(not (chunk.thought and chunk.text) for chunk in chunks)
    return (
        "".join(c.thought for c in thoughts),
        sum(c.tokens for c in thoughts),
        "".join(c.text for c in rest),
        sum(c.tokens for c in rest),
    )


@pytest.mark.parametrize("budget", [0, 1, 8, 32])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
async def test_a_thought_keeps_its_budget_and_what_follows_its_constraint(
    budget: int, temperature: float, planner: Path
) -> None:
    async with await LlamaEngine.load(planner, SETTINGS) as engine:
        thinking = Thinking(budget, temperature)
        thought, tokens, text, _ = await parts(engine, thinking, constraint=Word("done", "none"))
    assert tokens <= budget + 2
    assert text in ("done\n", "none\n")
    assert (thought == "") == (budget == 0)


async def test_a_thought_tells_what_may_follow(planner: Path) -> None:
    seen: list[str] = []

    def then(thought: str) -> Word:
        seen.append(thought)
        return Word("none")

    async with await LlamaEngine.load(planner, SETTINGS) as engine:
        thought, _, text, _ = await parts(engine, Thinking(8, then=then), constraint=Word("done"))
    assert seen == [thought]
    assert text == "none\n"


async def test_the_same_seed_thinks_the_same_and_another_differs(planner: Path) -> None:
    async with await LlamaEngine.load(planner, SETTINGS) as engine:
        one, again, other = [
            (await parts(engine, Thinking(24, 1.0, seed), constraint=Word("done")))[0] for seed in (1, 1, 2)
        ]
    assert one == again != other


async def texts_of(streams: Sequence[object]) -> list[tuple[str, str]]:
    async def whole(stream: object) -> tuple[str, str]:
        chunks: list[Chunk] = [chunk async for chunk in stream]  # type: ignore[attr-defined]
        return "".join(c.thought for c in chunks), "".join(c.text for c in chunks)

    return list(await asyncio.gather(*map(whole, streams)))


async def test_thoughts_side_by_side_are_those_that_come_one_by_one(tmp_path: Path) -> None:
    model = tmp_path / "planner.gguf"
    weights = make_tiny_planner(model)
    write_adapter(tmp_path / "a.gguf", random_matrices(weights), metadata={"scrubjay.adapter.prompt": "base"})
    write_adapter(tmp_path / "own.gguf", random_matrices(weights))
    asked, word = prompt("text Sid", TOOLS), Word("done", "none")
    thoughts = [Thinking(12 + seed, 0.2 * seed, seed) for seed in range(4)]
    async with await LlamaEngine.load(model, SETTINGS) as engine:
        await engine.add_adapter(tmp_path / "a.gguf")
        await engine.add_adapter(tmp_path / "own.gguf")
        for use in (None, AdapterUse("a"), AdapterUse("own", 0.5)):
            async with engine.samples(asked, thoughts, constraint=word, adapter=use) as streams:
                together = await texts_of(streams)
            alone = [await parts(engine, thinking, constraint=word, adapter=use) for thinking in thoughts]
            # Rounding differs with the size of a batch, and at a temperature it may tip a draw.
            assert sum(one == (t, x) for one, (t, _, x, _) in zip(together, alone, strict=True)) >= 3


async def test_the_prompt_of_thoughts_is_read_once(planner: Path) -> None:
    long = "text Sid " * 30
    async with await LlamaEngine.load(planner, SETTINGS) as engine:
        async with engine.samples(prompt(long), [Thinking(1)] * 4, max_tokens=1) as streams:
            await texts_of(streams)
        computed = await asyncio.wrap_future(engine._thread.call(lambda scheduler: scheduler.computed))
        assert computed < len(engine.vocabulary.tokenize(long)) + 4 * 5 + 5


@pytest.mark.parametrize("stopped", [0, 2])
async def test_a_thought_that_is_stopped_leaves_the_others_alone(stopped: int, planner: Path) -> None:
    async with await LlamaEngine.load(planner, SETTINGS) as engine:
        asked, word = prompt("text Sid", TOOLS), Word("done", "none")
        async with engine.samples(asked, [Thinking(40)] * 3, constraint=word) as streams:
            await streams[stopped].aclose()
            texts = await texts_of([stream for place, stream in enumerate(streams) if place != stopped])
        assert all(text in ("done\n", "none\n") for _, text in texts)
        async with asyncio.timeout(60):  # all places are free again
            assert (await parts(engine, Thinking(4), constraint=word))[2]


async def test_leaving_early_stops_all_thoughts(planner: Path) -> None:
    async with await LlamaEngine.load(planner, SETTINGS) as engine:
        thoughts = [Thinking(500, 1.0, seed) for seed in range(4)]
        async with engine.samples(prompt("x"), thoughts) as streams, aclosing(streams[1]) as stream:
            async for _ in stream:
                break
        async with asyncio.timeout(60):
            assert (await parts(engine, Thinking(4), constraint=Word("done")))[2] == "done\n"


async def test_more_thoughts_than_run_at_once_are_refused(planner: Path) -> None:
    async with await LlamaEngine.load(planner, SETTINGS) as engine:
        with pytest.raises(ValueError, match="load it with more parallel_generations"):
            async with engine.samples(prompt("x"), [Thinking()] * 5):
                pass
