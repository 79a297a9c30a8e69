"""An agent's tools are computed before anybody asks for them."""

import asyncio
from contextlib import suppress
from pathlib import Path

from scrubjay.agent.agent import Agent
from scrubjay.agent.ahead import tool_segments
from scrubjay.agent.planner import Planner, PlanTooLong
from scrubjay.models.cache_settings import CacheSettings
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.tools.tool import Tool

from ..foreign_model import QWEN_05B, make_foreign_model, slim
from ..tiny_model import make_tiny_planner


def named(name: str) -> Tool:
    return Tool.from_schema({"name": name, "description": f"Does {name}.", "parameters": {"type": "object"}})


async def all_ready(agent: Agent, count: int) -> None:
    while agent.tools_ahead.ready < count:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_tools_are_read_ahead_and_new_ones_when_they_come(tmp_path: Path) -> None:
    make_tiny_planner(tmp_path / "planner.gguf")
    settings = EngineSettings(context_tokens=1024, threads=1, cache=CacheSettings(folder=tmp_path / "kv"))
    async with asyncio.timeout(60), await LlamaEngine.load(tmp_path / "planner.gguf", settings) as engine:
        async with Agent([named(f"tool_{number}") for number in range(30)], engine) as agent:
            await all_ready(agent, 31)
            read = engine.computed_tokens
            agent.tools.add(named("one_more"))
            async with agent:
                await all_ready(agent, 32)
            assert 0 < engine.computed_tokens - read < 50  # nothing but the new one
        async with Agent([named(f"tool_{number}") for number in range(30)], engine) as other:
            read = engine.computed_tokens
            await all_ready(other, 31)
            assert engine.computed_tokens == read


async def test_closing_an_agent_stops_it(tmp_path: Path) -> None:
    make_tiny_planner(tmp_path / "planner.gguf")
    settings = EngineSettings(context_tokens=1024, threads=1, cache=CacheSettings(disk_bytes=0))
    async with asyncio.timeout(60), await LlamaEngine.load(tmp_path / "planner.gguf", settings) as engine:
        async with Agent([named(f"tool_{number}") for number in range(400)], engine) as agent:
            pass
        assert agent.tools_ahead.ready < 401


async def test_a_model_of_others_reads_the_beginning_of_its_prompts_ahead(tmp_path: Path) -> None:
    make_foreign_model(tmp_path / "model.gguf", slim(QWEN_05B))
    tools = [named(f"tool_{number}") for number in range(20)]
    settings = EngineSettings(
        context_tokens=2048, threads=1, dialect="plan", cache=CacheSettings(disk_bytes=0)
    )
    async with asyncio.timeout(120), await LlamaEngine.load(tmp_path / "model.gguf", settings) as engine:
        async with Agent(tools, engine, max_tools=20) as agent:
            await all_ready(agent, 20)
            ahead = engine.computed_tokens
            planner = Planner(engine, max_tokens=8)
            with suppress(PlanTooLong):
                await planner.write("do the seventh thing", list(agent.tools))
        warm = engine.computed_tokens - ahead
        await engine.forget()
        with suppress(PlanTooLong):
            await planner.write("do the seventh thing", list(agent.tools))
        cold = engine.computed_tokens - ahead - warm
        assert ahead > 256
        assert warm <= cold - 256


async def test_the_small_planner_beside_it_reads_the_tools_as_well(tmp_path: Path) -> None:
    make_foreign_model(tmp_path / "model.gguf", slim(QWEN_05B))
    make_tiny_planner(tmp_path / "planner.gguf")
    settings = EngineSettings(context_tokens=1024, threads=1, cache=CacheSettings(disk_bytes=0))
    tools = [named(f"tool_{number}") for number in range(20)]
    async with asyncio.timeout(120), await LlamaEngine.load(tmp_path / "model.gguf", settings) as engine:
        engine.drafter = await LlamaEngine.load(tmp_path / "planner.gguf", settings)
        async with Agent(tools, engine, max_tools=16) as agent:  # too many for the model itself
            while not engine.drafter.computed_tokens:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            agent.tools_ahead.give_way()
            assert await engine.drafter.register(tool_segments(tools)) == 0


async def test_tools_that_are_chosen_by_the_request_are_not_read_ahead(tmp_path: Path) -> None:
    make_foreign_model(tmp_path / "model.gguf", slim(QWEN_05B))
    settings = EngineSettings(context_tokens=2048, threads=1, dialect="plan")
    async with asyncio.timeout(120), await LlamaEngine.load(tmp_path / "model.gguf", settings) as engine:
        async with Agent([named(f"tool_{number}") for number in range(20)], engine, max_tools=16):
            await asyncio.sleep(0.2)
        assert engine.computed_tokens == 0
