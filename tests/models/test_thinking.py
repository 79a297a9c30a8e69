"""Thoughts: text within a budget, before what the constraint allows, alone or several side by side."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scrubjay.models.adapters import AdapterUse
from scrubjay.models.confidence import Row
from scrubjay.models.constrained import Greedy
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.generation import Request
from scrubjay.models.outbox import Chunk
from scrubjay.models.thinking import ThinkFirst, Thinking, thought_tokens

from ..tiny_adapter import random_matrices, write_adapter
from ..tiny_model import make_tiny_planner
from .driving import Nowhere, driving, prompt

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


@pytest.fixture(scope="module")
def adapted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny planner and two adapters: `own` reads its prompts, `a` leaves them to the model."""
    folder = tmp_path_factory.mktemp("adapted")
    weights = make_tiny_planner(folder / "planner.gguf")
    write_adapter(folder / "a.gguf", random_matrices(weights), metadata={"scrubjay.adapter.prompt": "base"})
    write_adapter(folder / "own.gguf", random_matrices(weights))
    return folder


USES = (None, AdapterUse("a"), AdapterUse("own", 0.5))


@pytest.mark.parametrize("use", USES)
async def test_thoughts_side_by_side_keep_the_constraint_and_the_likeliest_is_the_one_that_comes_alone(
    use: AdapterUse | None, adapted: Path
) -> None:
    asked, word = prompt("text Sid", TOOLS), Word("done", "none")
    thoughts = [Thinking(12, 0.2 * seed, seed) for seed in range(4)]
    async with await LlamaEngine.load(adapted / "planner.gguf", SETTINGS) as engine:
        await engine.add_adapter(adapted / "a.gguf")
        await engine.add_adapter(adapted / "own.gguf")
        async with engine.samples(asked, thoughts, constraint=word, adapter=use) as streams:
            together = await texts_of(streams)
        thought, _, text, _ = await parts(engine, thoughts[0], constraint=word, adapter=use)
    assert together[0] == (thought, text)
    assert len(set(together)) > 1
    assert all(text in ("done\n", "none\n") for _, text in together)


@pytest.mark.parametrize("use", USES)
def test_a_thought_that_goes_its_own_way_sees_what_it_would_see_alone(
    use: AdapterUse | None, adapted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[tuple[int, ...], Row] = {}
    draw = ThinkFirst.draw

    def noted(self: ThinkFirst, logits: Row) -> list[list[int]]:
        seen[tuple(self._thought)] = logits.copy()
        return draw(self, logits)

    monkeypatch.setattr(ThinkFirst, "draw", noted)
    asked = prompt("text Sid", TOOLS)
    with driving(adapted / "planner.gguf") as driver:
        driver.add_adapter(adapted / "a.gguf")
        driver.add_adapter(adapted / "own.gguf")
        opens, _ = thought_tokens(driver.vocabulary)
        thoughts = [Thinking(6, 0.2 * seed, seed) for seed in range(4)]
        scheduler = driver.scheduler
        scheduler.submit(*[Request(asked, None, 9, Nowhere(), use, thinking=one) for one in thoughts])  # type: ignore[arg-type]
        while scheduler.busy:
            scheduler.step()
        assert len({thought[:4] for thought in seen if len(thought) > 3}) > 1
        for thought, row in seen.items():
            rows = driver.follow(asked, [opens, *thought, opens], use)
            assert np.abs(rows[len(thought)] - row).max() < 2e-2


def test_each_of_several_thoughts_is_drawn_as_if_it_were_alone(planner: Path) -> None:
    thoughts = [Thinking(50, 0.3 * seed, seed) for seed in range(5)]
    with driving(planner) as driver:
        rows = np.random.default_rng(0).normal(size=(30, driver.vocabulary.size)).astype(np.float32)
        rows[:, 300] += 7  # so that they agree for a while

        def drawn(*which: int) -> dict[int, list[int]]:
            tokens: dict[int, list[int]] = {place: [] for place in which}
            first = ThinkFirst([thoughts[place] for place in which], driver.vocabulary, lambda _: Greedy())
            choosers = [(first, which)]
            for row in rows:
                parted = []
                for chooser, who in choosers:
                    for places in chooser.draw(row):
                        part, those = chooser.part(places), tuple(who[place] for place in places)
                        token = part.choose(row)
                        part.accept(token)
                        parted.append((part, those))
                        for place in those:
                            tokens[place].append(token)
                choosers = parted
            return tokens

        together = drawn(*range(5))
        assert [together[place] for place in range(5)] == [drawn(place)[place] for place in range(5)]
        assert len(set(map(tuple, together.values()))) > 2


async def test_the_prompt_of_thoughts_is_read_once_and_so_is_what_they_have_in_common(planner: Path) -> None:
    long = "text Sid " * 30
    async with await LlamaEngine.load(planner, SETTINGS) as engine:
        async with engine.samples(prompt(long), [Thinking(20)] * 4, max_tokens=1) as streams:
            texts = await texts_of(streams)
        assert len(set(texts)) == 1
        assert engine.computed_tokens < len(engine.vocabulary.tokenize(long)) + 20 + 10


async def test_thoughts_that_differ_in_more_than_their_luck_are_refused(planner: Path) -> None:
    async with await LlamaEngine.load(planner, SETTINGS) as engine:
        with pytest.raises(ValueError, match="have one budget"):
            async with engine.samples(prompt("x"), [Thinking(8), Thinking(9)]):
                pass


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


def written(driver: Any, text: str, budget: int, sums: bool = True) -> tuple[str, str | None]:
    """A thought whose model would write `text`, sum by sum; the thought, and what the rest was made from."""
    made: list[str] = []

    def then(thought: str) -> Greedy:
        made.append(thought)
        return Greedy()

    chooser = ThinkFirst([Thinking(budget, sums=sums)], driver.vocabulary, then)
    chooser.begin()
    said: list[int] = []
    for token in driver.vocabulary.tokenize(text):
        forced = chooser.accept(token)
        said += [token, *forced]
        if made:
            break
    thought = [token for token in said if token != chooser.close]
    return b"".join(map(driver.vocabulary.piece, thought)).decode(), made[0] if made else None


def test_sums_are_worked_out_while_they_are_written(planner: Path) -> None:
    with driving(planner) as driver:
        assert written(driver, "me, the twins\n1+2=", 90)[0] == "me, the twins\n1+2=3"
        assert written(driver, "2026-11-27>Friday=", 90)[0] == "2026-11-27>Friday=2026-12-04"
        assert written(driver, "it is = what", 90)[0] == "it is = what"
        assert written(driver, "1+2=", 90, sums=False)[0] == "1+2="


def test_what_is_worked_out_counts_for_the_budget(planner: Path) -> None:
    with driving(planner) as driver:
        needed = len(driver.vocabulary.tokenize("2026-11-27+3="))
        whole = "2026-11-27+3=2026-11-30"
        assert written(driver, "2026-11-27+3=", needed + 10) == (whole, whole)
        assert written(driver, "2026-11-27+3=", needed + 9) == ("2026-11-27+3=", None)
        assert written(driver, "2026-11-27+3=", needed) == ("2026-11-27+3=", "2026-11-27+3=")
