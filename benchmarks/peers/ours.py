"""Scrubjay's side of the comparison: its own engine, with told text, at the pace of a larger model."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from unittest.mock import patch

import psutil

from scrubjay.agent.agent import Agent
from scrubjay.agent.plannable import split_plannable
from scrubjay.agent.planner import PastTurn
from scrubjay.agent.policy import Policy
from scrubjay.agent.turns import Turns
from scrubjay.benchmarks.peers.pace import Pace
from scrubjay.benchmarks.peers.workloads import Task, latency
from scrubjay.benchmarks.scripted import Script, ScriptedLines
from scrubjay.models.batch import Batch
from scrubjay.models.cache_settings import IN_MEMORY, CacheSettings
from scrubjay.models.context import DRAFT_TOKENS, Context, Logits
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.foreign import PLAN
from scrubjay.tools.effect import Effect
from scrubjay.tools.tool import Tool

MOST_TOOLS = 48
"""Up to so many are all in the prompt; of more, retrieval picks 16."""


@dataclass
class Outcome:
    """Of one system on one workload: seconds by task, tokens of all tasks, bytes of the process."""

    first: list[float]
    end: list[float]
    computed: int
    decoded: int
    rss: int


class PacedContext(Context):
    """Computes with a small model, and takes as long as the large one for as many tokens."""

    pace: ClassVar[Pace]

    def decode(self, batch: Batch) -> Logits:
        due = time.perf_counter() + self.pace.batch(batch.size)
        logits = super().decode(batch)
        time.sleep(max(0.0, due - time.perf_counter()))
        return logits


class Before(StrEnum):
    """What was read of the tools before the first request came."""

    EVERYTHING = "scrubjay"
    """By this run, as where the program has run for a moment."""
    EARLIER = "scrubjay, started again"
    """By an earlier run, which left it on disk; the request comes at once."""
    NOTHING = "scrubjay, nothing read"


class NoPast(Turns):
    """Every request is the first one, as for the peers."""

    async def past_turns(self, about: str = "", most: int = 0) -> list[PastTurn]:
        return []


@asynccontextmanager
async def paced_engine(slim_model: Path, pace: Pace, cache: CacheSettings) -> AsyncIterator[LlamaEngine]:
    """The engine as it is for a large model, with drafts and forced tokens; all else about it is real."""
    PacedContext.pace = pace
    settings = EngineSettings(dialect=PLAN, threads=1, draft_tokens=DRAFT_TOKENS, cache=cache)
    with (
        patch("scrubjay.models.scheduler.Context", PacedContext),
        patch("scrubjay.models.scheduler.LineByLine", ScriptedLines),
    ):
        async with await LlamaEngine.load(slim_model, settings) as engine:
            yield engine


async def ours(
    tasks: list[Task], schemas: list[dict[str, Any]], slim_model: Path, pace: Pace, before: Before
) -> Outcome:
    """Serve the tasks."""
    if before is not Before.EARLIER:
        return await _run(tasks, schemas, slim_model, pace, before, IN_MEMORY)
    with TemporaryDirectory() as folder:
        cache = CacheSettings(folder=Path(folder))
        await _run([], schemas, slim_model, pace, Before.EVERYTHING, cache)
        return await _run(tasks, schemas, slim_model, pace, before, cache)


async def _run(
    tasks: list[Task],
    schemas: list[dict[str, Any]],
    slim_model: Path,
    pace: Pace,
    before: Before,
    cache: CacheSettings,
) -> Outcome:
    results: dict[str, Any] = {}
    outcome = Outcome([], [], 0, 0, 0)
    async with paced_engine(slim_model, pace, cache) as engine:
        agent = Agent(
            [_tool(schema, results) for schema in schemas],
            engine,
            session=NoPast(),
            policy=Policy(allow_effects=True),
            max_tools=MOST_TOOLS if len(schemas) <= MOST_TOOLS else 16,
        )
        async with agent:
            await _set_up(agent, engine, before)
            computed = engine.computed_tokens
            for task in tasks:
                plan = plan_text(task)
                Script.text = plan.encode()
                results["now"] = {call.tool: call.result for call in task.calls}
                answer = await agent.run(task.request)
                if len(answer.steps) != len(task.calls) or answer.status.value != "done":
                    raise RuntimeError(f"{task.request!r}: {answer.text}")
                assert answer.timings.first_step_ms is not None
                outcome.first.append(answer.timings.first_step_ms / 1e3)
                outcome.end.append(answer.timings.total_ms / 1e3)
                outcome.decoded += len(engine.vocabulary.tokenize(plan))
            outcome.computed = engine.computed_tokens - computed
    outcome.rss = psutil.Process().memory_info().rss
    return outcome


async def _set_up(agent: Agent, engine: LlamaEngine, before: Before) -> None:
    """Setting up is counted for nobody: the index, and the grammars of the tools."""
    if before is not Before.EVERYTHING:  # what the agent reads as it starts
        agent.tools_ahead.give_way()
    await asyncio.to_thread(agent._retriever.choose, "nothing yet", 16)
    await asyncio.to_thread(split_plannable, list(agent.tools))
    if before is Before.EVERYTHING and len(agent.tools) <= MOST_TOOLS:
        while not agent.tools_ahead.ready:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    if before is Before.NOTHING:
        await engine.forget()


def plan_text(task: Task) -> str:
    """The plan that serves a task."""
    lines = []
    for number, call in enumerate(task.calls, 1):
        args = ", ".join(f"{name}={_value(value)}" for name, value in call.args.items())
        lines.append(f"${number} = {call.tool}({args})\n")
    return "".join(lines) + "done\n"


def _value(value: Any) -> str:
    return re.sub(r'"\$(\d+)"', r"$\1", json.dumps(value, ensure_ascii=False))


def _tool(schema: dict[str, Any], results: dict[str, Any]) -> Tool:
    async def run(**_: Any) -> Any:
        await asyncio.sleep(latency(schema["name"]))
        return results["now"][schema["name"]]

    made = Tool.from_schema({**schema, "returns": {}})
    return replace(made, function=run, effect=Effect.READ, say="{result}")
