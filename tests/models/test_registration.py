"""Tools that are computed ahead of any request for them."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from scrubjay.models.cache_settings import CacheSettings
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.errors import EngineClosedError
from scrubjay.models.prompt import Segment

from .driving import prompt

TOOLS = tuple(f"tool_{number}(text: str) does the work number {number} of many" for number in range(200))
SEGMENTS = [Segment.system(), *map(Segment.tool, TOOLS)]


def settings(folder: Path, **budgets: int) -> EngineSettings:
    cache = CacheSettings(folder=folder, **budgets)  # type: ignore[arg-type]
    return EngineSettings(context_tokens=1024, parallel_generations=4, threads=1, cache=cache)


def files_in(folder: Path) -> list[Path]:
    return list(folder.glob("*/*.kv"))


async def test_each_tool_is_computed_once_and_progress_is_told(planner: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    async with await LlamaEngine.load(planner, settings(tmp_path)) as engine:
        computed = await engine.register(SEGMENTS, progress=lambda ready, of: told.append((ready, of)))
        assert computed == len(SEGMENTS)
        assert told == [(ready, len(SEGMENTS)) for ready in range(1, len(SEGMENTS) + 1)]
        assert await engine.register(SEGMENTS) == 0
    async with await LlamaEngine.load(planner, settings(tmp_path)) as engine:
        assert await engine.register(SEGMENTS) == 0
        assert await engine.register([*SEGMENTS, Segment.tool("one_more()")]) == 1


async def test_a_request_that_arrives_meanwhile_is_served_first(planner: Path, tmp_path: Path) -> None:
    async with await LlamaEngine.load(planner, settings(tmp_path)) as engine:
        ready = 0
        well_begun = asyncio.Event()

        def progress(now: int, of: int) -> None:
            nonlocal ready
            ready = now
            if now == 5:
                well_begun.set()

        registration = asyncio.create_task(engine.register(SEGMENTS, progress=progress))
        await well_begun.wait()
        async with aclosing(engine.generate(prompt("note it", TOOLS[-2:]), max_tokens=5)) as chunks:
            await anext(chunks)
            before = ready
            async for _ in chunks:
                pass
            assert ready <= before + 1 < len(TOOLS)
        assert await registration == len(SEGMENTS) - 2  # the request has computed two of them


async def test_the_budget_of_memory_is_kept_and_what_does_not_fit_is_on_disk(
    planner: Path, tmp_path: Path
) -> None:
    budget = 200_000
    async with await LlamaEngine.load(planner, settings(tmp_path, memory_bytes=budget)) as engine:
        await engine.register(SEGMENTS)
        assert 0 < engine.usage.memory_bytes <= budget
        assert engine.usage.disk_bytes > 5 * budget
        assert await engine.register(SEGMENTS) == 0


async def test_the_budget_of_the_disk_is_kept(planner: Path, tmp_path: Path) -> None:
    async with await LlamaEngine.load(planner, settings(tmp_path, disk_bytes=300_000)) as engine:
        await engine.register(SEGMENTS)
    assert 0 < sum(file.stat().st_size for file in files_in(tmp_path)) <= 310_000


async def test_a_cancelled_registration_stops(planner: Path, tmp_path: Path) -> None:
    async with await LlamaEngine.load(planner, settings(tmp_path)) as engine:
        tools = (f"note_{number}(text: str) Write it down." for number in range(800))
        many = [Segment.system(), *map(Segment.tool, tools)]
        registration = asyncio.create_task(engine.register(many))
        await asyncio.sleep(0.01)
        registration.cancel()
        with pytest.raises(asyncio.CancelledError):
            await registration
        [chunk async for chunk in engine.generate(prompt("note it"), max_tokens=2)]
        assert await engine.register(many) > 0


async def test_closing_the_engine_ends_a_registration(planner: Path, tmp_path: Path) -> None:
    engine = await LlamaEngine.load(planner, settings(tmp_path))
    registration = asyncio.create_task(engine.register(SEGMENTS))
    await asyncio.sleep(0.01)
    await engine.aclose()
    with pytest.raises(EngineClosedError):
        await registration
    with pytest.raises(EngineClosedError):
        await engine.register(SEGMENTS)


async def test_models_that_read_tools_in_order_have_nothing_to_compute(
    foreign_model: Path, tmp_path: Path
) -> None:
    async with await LlamaEngine.load(foreign_model, settings(tmp_path)) as engine:
        assert await engine.register(SEGMENTS) == 0


async def test_what_was_forgotten_is_computed_again(planner: Path, tmp_path: Path) -> None:
    async with await LlamaEngine.load(planner, settings(tmp_path)) as engine:
        await engine.register(SEGMENTS[:9])
        await engine.forget()
        assert not files_in(tmp_path)
        assert await engine.register(SEGMENTS[:9]) == 9


async def test_a_thousand_registered_tools_do_not_slow_a_request_down(planner: Path, tmp_path: Path) -> None:
    """By count of tokens, not by the clock: nothing but the request is computed."""
    async with await LlamaEngine.load(planner, settings(tmp_path)) as engine:
        await engine.register(SEGMENTS)
        before = engine.computed_tokens
        [chunk async for chunk in engine.generate(prompt("note it", TOOLS[3:8]), max_tokens=1)]
        few = engine.computed_tokens - before
    async with await LlamaEngine.load(planner, settings(tmp_path / "other")) as engine:
        await engine.register(SEGMENTS[:9])
        before = engine.computed_tokens
        [chunk async for chunk in engine.generate(prompt("note it", TOOLS[3:8]), max_tokens=1)]
        assert engine.computed_tokens - before == few
