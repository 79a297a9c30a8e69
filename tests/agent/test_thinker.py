"""Thinking before planning, on a real engine: what is thought about, and what may be written then."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from scrubjay.agent.agent import Agent
from scrubjay.agent.events import PlanReady, ThoughtText
from scrubjay.agent.plan import print_plan
from scrubjay.agent.planner import Planner
from scrubjay.agent.policy import Policy
from scrubjay.agent.thinker import Think, open_thinker
from scrubjay.agent.votes import Candidate
from scrubjay.models.adapters import AdapterUse
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.errors import AdapterError, ModelError
from scrubjay.models.outbox import Chunk
from scrubjay.models.prompt import Prompt
from scrubjay.models.thinking import ThinkFirst
from scrubjay.testing import ScriptedPlanner
from scrubjay.tools.tool import Tool

from ..tiny_adapter import random_matrices, write_adapter
from ..tiny_model import make_tiny_planner

NOTE = Tool.from_schema(
    {
        "name": "note",
        "description": "Write it down.",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    }
)
REASONING = {"scrubjay.adapter.prompt": "base", "scrubjay.adapter.kind": "reasoning"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny model and a reasoning adapter for it."""
    folder = tmp_path_factory.mktemp("models")
    weights = make_tiny_planner(folder / "planner.gguf", metadata={"scrubjay.weights": "tiny"})
    write_adapter(folder / "reasoning.gguf", random_matrices(weights), metadata=REASONING)
    return folder / "planner.gguf", folder / "reasoning.gguf"


@asynccontextmanager
async def loaded(model: Path) -> AsyncIterator[LlamaEngine]:
    settings = EngineSettings(context_tokens=4096, parallel_generations=8, threads=1)
    async with await LlamaEngine.load(model, settings) as engine:
        yield engine


def closed_at_once(chooser: ThinkFirst) -> list[list[int]]:
    """What `draw` does when every thought ends before it has begun."""
    chooser._drawn = [chooser.close for _ in chooser._luck]
    return [list(range(len(chooser._luck)))]


@pytest.mark.parametrize("budget", [1, 16, 64])
@pytest.mark.parametrize("samples", [1, 4])
async def test_a_plan_follows_a_thought_that_keeps_its_budget(
    budget: int, samples: int, files: tuple[Path, Path]
) -> None:
    async with loaded(files[0]) as engine:
        thinker = await open_thinker(
            engine, [files[1]], when=Think.ALWAYS, samples=samples, max_tokens=budget
        )
        planner = Planner(engine, max_tokens=200, thinker=thinker)
        written = await planner.write("note that I am late", [NOTE], facts="Monday 2026-11-23 14:05 en_GB")
    assert all(step.tool == "note" for step in written.plan.steps)
    assert written.thought
    assert len(written.thought.encode()) <= 16 * budget
    assert 0 < written.thought_tokens <= budget + 2


async def test_how_sure_a_plan_is_does_not_hang_on_the_number_of_thoughts(files: tuple[Path, Path]) -> None:
    found = []
    async with loaded(files[0]) as engine:
        for samples in (1, 4):
            thinker = await open_thinker(
                engine, [files[1]], when=Think.ALWAYS, samples=samples, max_tokens=8, strategy=First()
            )
            planner = Planner(engine, max_tokens=200, thinker=thinker)
            written = await planner.write("note that I am late", [NOTE], facts="Monday 2026-11-23")
            found.append((print_plan(written.plan), written.tokens, pytest.approx(written.logprob, abs=1e-3)))
    assert found[0] == found[1]


async def test_without_need_nothing_is_thought(files: tuple[Path, Path]) -> None:
    async with loaded(files[0]) as engine:
        thinker = await open_thinker(engine, [files[1]], when=Think.AUTO)
        assert thinker is not None
        assert not thinker.wanted("play some jazz")
        written = await Planner(engine, max_tokens=200, thinker=thinker).write("play some jazz", [NOTE])
        assert not written.thought
        assert await open_thinker(engine, when=Think.NEVER) is None


async def plans(planner: Planner, requests: Sequence[str]) -> list[str]:
    written = [
        await planner.write(request, [NOTE], facts="Monday 2026-11-23 14:05 en_GB") for request in requests
    ]
    return [print_plan(one.plan) for one in written]


@pytest.mark.parametrize("samples", [1, 4])
async def test_where_nothing_is_to_be_worked_out_the_plan_is_that_of_never(
    samples: int, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ThinkFirst, "draw", lambda chooser, _: closed_at_once(chooser))
    requests = ["note that I am late", "write down milk and eggs"]
    async with loaded(files[0]) as engine:
        thinker = await open_thinker(engine, [files[1]], when=Think.ALWAYS, samples=samples)
        thinking = await plans(Planner(engine, max_tokens=200, thinker=thinker), requests)
        assert thinking == await plans(Planner(engine, max_tokens=200), requests)


async def test_no_budget_is_no_thought(files: tuple[Path, Path]) -> None:
    async with loaded(files[0]) as engine:
        thinker = await open_thinker(engine, [files[1]], when=Think.ALWAYS, max_tokens=0)
        thinking = await plans(Planner(engine, max_tokens=200, thinker=thinker), ["note that I am late"])
        assert thinking == await plans(Planner(engine, max_tokens=200), ["note that I am late"])


async def test_an_agent_tells_what_it_thinks(files: tuple[Path, Path]) -> None:
    async with (
        loaded(files[0]) as engine,
        Agent(
            [NOTE],
            engine,
            policy=Policy(allow_effects=True),  # nobody answers here
            adapters=[files[1]],
            think="always",
            max_think_tokens=8,
        ) as agent,
    ):
        events = [event async for event in agent.events("note that I am late")]
    assert any(isinstance(event, ThoughtText) and event.text for event in events)
    assert any(isinstance(event, PlanReady) for event in events)


class First:
    """Takes the likeliest thought, which is begun first."""

    def decided(self, candidates: Sequence[Candidate], missing: int) -> bool:
        return not missing

    def best(self, candidates: Sequence[Candidate]) -> Candidate:
        return max(candidates, key=lambda candidate: candidate.logprob)


class Longest:
    """Takes the longest of all plans."""

    def __init__(self) -> None:
        self.came: list[Candidate] = []

    def decided(self, candidates: Sequence[Candidate], missing: int) -> bool:
        return not missing

    def best(self, candidates: Sequence[Candidate]) -> Candidate:
        self.came = list(candidates)
        return max(candidates, key=lambda candidate: len(candidate.plan))


async def test_a_strategy_of_the_users_own_chooses_among_all_thoughts(files: tuple[Path, Path]) -> None:
    strategy = Longest()
    agent = Agent(
        [NOTE],
        files[0],
        policy=Policy(allow_effects=True),
        adapters=[files[1]],
        think="always",
        samples=4,
        strategy=strategy,
        max_think_tokens=8,
    )
    async with agent:
        await agent.run("note that I am late")
    assert len(strategy.came) == 4
    assert all(candidate.thought for candidate in strategy.came)


async def test_an_adapter_that_does_not_fit_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    write_adapter(other, {}, metadata={"scrubjay.adapter.base": "another"})
    async with loaded(files[0]) as engine:
        with pytest.raises(AdapterError, match="trained on other weights"):
            await open_thinker(engine, [other])
        with pytest.raises(ModelError, match="no reasoning adapter fits this model"):
            await open_thinker(engine, when=Think.ALWAYS)


@pytest.fixture
def three(files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files of reasoning adapters: two of different content and one name, and the bundled one."""
    (tmp_path / "other").mkdir()
    paths = [tmp_path / "mine.gguf", tmp_path / "other" / "mine.gguf", tmp_path / "bundled.gguf"]
    weights = make_tiny_planner(tmp_path / "same.gguf", metadata={"scrubjay.weights": "tiny"})
    for seed, path in enumerate(paths, start=1):
        write_adapter(path, random_matrices(weights, seed), metadata=REASONING)
    monkeypatch.setattr("scrubjay.agent.thinker.bundled_adapters", lambda: (paths[-1],))
    return paths


async def uses(engine: LlamaEngine, *adapters: Path) -> bytes:
    """The file of the adapter that is switched on for what an agent with these thinks."""
    asked: list[AdapterUse | None] = []
    generate = engine.generate

    def noted(prompt: Prompt, **options: Any) -> AsyncGenerator[Chunk, None]:
        asked.append(options.get("adapter"))
        return generate(prompt, **options)

    with patch.object(engine, "generate", noted):
        agent = Agent(
            [NOTE],
            engine,
            policy=Policy(allow_effects=True),
            adapters=adapters,
            think="always",
            max_think_tokens=4,
        )
        async with agent:
            await agent.run("note that I am late")
    use = next(use for use in asked if use is not None)
    return next(file.path.read_bytes() for file in engine.adapters if file.name == use.name)


async def test_agents_that_share_an_engine_think_each_with_the_adapter_that_it_names(
    files: tuple[Path, Path], three: list[Path]
) -> None:
    mine, other, bundled = three
    async with loaded(files[0]) as engine:
        assert await uses(engine, mine) == mine.read_bytes()
        assert await uses(engine, other) == other.read_bytes()
        assert await uses(engine) == bundled.read_bytes()
        assert await uses(engine, mine) == mine.read_bytes()
        assert [file.name for file in engine.adapters] == ["mine", "mine-2", "bundled"]


async def test_one_adapter_by_several_paths_is_loaded_once(
    files: tuple[Path, Path], three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = three[0]
    copy, link = mine.with_name("copy.gguf"), mine.with_name("link.gguf")
    copy.write_bytes(mine.read_bytes())
    link.symlink_to(mine)
    monkeypatch.chdir(mine.parent)
    async with loaded(files[0]) as engine:
        for path in (mine, Path("mine.gguf"), Path("other/../mine.gguf"), copy, link):
            assert await uses(engine, path) == mine.read_bytes()
        assert [file.name for file in engine.adapters] == ["mine"]


async def test_a_file_that_changed_since_it_was_loaded_is_loaded_anew(
    files: tuple[Path, Path], three: list[Path]
) -> None:
    mine, other, _ = three
    async with loaded(files[0]) as engine:
        assert await open_thinker(engine, [mine])
        mine.write_bytes(other.read_bytes())
        assert await open_thinker(engine, [mine])
        assert [file.name for file in engine.adapters] == ["mine", "mine-2"]


async def test_adapters_of_one_name_may_be_loaded_at_once(
    files: tuple[Path, Path], three: list[Path]
) -> None:
    async with loaded(files[0]) as engine:
        thinkers = await asyncio.gather(*(open_thinker(engine, [path]) for path in three[:2] * 4))
        assert all(thinkers)
        assert {file.name for file in engine.adapters} == {"mine", "mine-2"}


async def test_an_engine_without_adapters_plans_without_thought() -> None:
    engine = ScriptedPlanner({})
    assert await open_thinker(engine) is None
    with pytest.raises(ModelError, match="cannot think"):
        await open_thinker(engine, when=Think.ALWAYS)


async def test_more_thoughts_than_the_engine_runs_are_refused_at_once(files: tuple[Path, Path]) -> None:
    async with loaded(files[0]) as engine:
        with pytest.raises(ValueError, match="samples is 9, and this engine runs 8"):
            await open_thinker(engine, [files[1]], samples=9)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"samples": 0}, ValueError),
        ({"max_think_tokens": -1}, ValueError),
        ({"adapters": "a.gguf"}, TypeError),
    ],
)
def test_what_an_agent_cannot_think_with_is_said_when_it_is_made(
    wrong: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match=next(iter(wrong))):
        Agent([NOTE], **wrong)


def test_no_thoughts_at_all_is_not_a_number_of_thoughts() -> None:
    with pytest.raises(ValueError, match="think is 'sometimes'; write"):
        Agent([NOTE], ScriptedPlanner({}), think="sometimes")


def test_a_word_that_says_nothing_of_thinking_is_answered_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="think is 'maybe'; write 'never', 'auto', 'always'"):
        Think("maybe")
