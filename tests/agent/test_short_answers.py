"""Short answers: two adapters of different kinds on one model, and nothing that is not in the record."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import islice
from pathlib import Path

import pytest

from scrubjay.agent.agent import Agent
from scrubjay.agent.plan import Json
from scrubjay.agent.short_answers import ShortAnswers, open_short_answers
from scrubjay.models.adapters import AdapterUse
from scrubjay.models.catalog import bundled_adapters, bundled_planner
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.outbox import Chunk
from scrubjay.models.prompt import Prompt, Segment
from scrubjay.models.thinking import Thinking
from scrubjay.testing import ScriptedPlanner
from scrubjay.tools.tool import Tool

from ..tiny_adapter import random_matrices, write_adapter
from ..tiny_model import make_tiny_planner

RECORD: dict[str, Json] = {"platform": 4, "departs": "14:05"}
TRAIN = Tool.from_schema({"name": "train", "description": "Look up.", "parameters": {"type": "object"}})


async def test_what_the_record_does_not_have_is_no_answer_and_adapters_live_side_by_side(
    tmp_path: Path,
) -> None:
    model = tmp_path / "planner.gguf"
    weights = make_tiny_planner(model)
    for seed, kind in enumerate(("reasoning", "answers")):
        metadata = {"scrubjay.adapter.prompt": "base", "scrubjay.adapter.kind": kind}
        write_adapter(tmp_path / f"{kind}.gguf", random_matrices(weights, seed), metadata=metadata)
    settings = EngineSettings(context_tokens=4096, threads=1)
    async with await LlamaEngine.load(model, settings) as engine:
        for kind in ("reasoning", "answers"):
            await engine.add_adapter(tmp_path / f"{kind}.gguf")
        assert [file.kind for file in engine.adapters] == ["reasoning", "answers"]
        short = ShortAnswers(engine, AdapterUse("answers"))
        plan = "$1 = train()\ndone\n"
        written = await short.answer("when does it leave", plan, RECORD, "Monday 2026-11-23 14:05 en_GB")
        assert written is None or all(part in ("4", "14:05") for part in written.split(", "))


async def test_without_an_adapter_the_whole_record_is_told() -> None:
    assert await open_short_answers(ScriptedPlanner({})) is None
    async with Agent([TRAIN], ScriptedPlanner({}), short_answers=True) as agent:
        assert agent.tools


def test_what_is_to_be_written_are_names_in_the_record() -> None:
    pytest.importorskip("torch")
    from scrubjay.models.training.reasoning.answers import answers

    for held_out in (False, True):
        for problem in islice(answers(1, held_out), 100):
            record = problem.history[0].results[0]
            assert isinstance(record, dict)
            assert record.keys() >= set(problem.thought.split(", "))


async def test_the_bundled_adapters_fit_the_bundled_planner_and_write_side_by_side() -> None:
    async with await LlamaEngine.load(bundled_planner(), EngineSettings(threads=1)) as engine:
        for path in bundled_adapters():
            await engine.add_adapter(path)
        tools = [Segment.tool("train() Look up."), Segment.facts("Monday 2026-11-23 14:05 en_GB")]
        asked = Prompt((Segment.system(), *tools, Segment.request("the day before the 3rd")))
        written = await asyncio.gather(
            *(
                everything(
                    engine.generate(asked, adapter=AdapterUse(file.name), thinking=Thinking(16), max_tokens=8)
                )
                for file in engine.adapters
            )
        )
    assert all(tokens > 2 for tokens in written)


async def everything(stream: AsyncGenerator[Chunk, None]) -> int:
    """How many tokens are written in all."""
    return sum([chunk.tokens async for chunk in stream])
