"""`scrubjay eval`: plans the requests of a file and says how many plans are the wanted ones."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ..agent.planner import PastTurn, Planner
from ..tools.registry import ToolRegistry
from .opening import load_engine
from .plan_json import plan_json, plan_text
from .scoring import PlanJson, Score, Summary, score, summarise
from .setting import model_option, run
from .tool_files import read_tool_file, tools_from


class Earlier(BaseModel):
    """A turn before the request: what was said, its plan, one result per step."""

    query: str
    plan: list[dict[str, Any]]
    results: list[Any]


class Case(BaseModel):
    """A line of a case file: a request, the plan that is wanted, and the tools that are offered."""

    id: str | int
    query: str
    plan: list[dict[str, Any]]
    tools: list[dict[str, Any]] | None = None
    history: list[Earlier] = []


@dataclass(frozen=True, slots=True)
class Result:
    """A case that was planned; `ms` from the request to the plan's end."""

    case: Case
    plan: PlanJson
    score: Score
    ms: float


@click.command("eval")
@click.argument("cases", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--tools",
    "tool_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Tools for cases that name none.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only so many cases, spread over the file.")
@click.option(
    "--wrong", type=click.IntRange(min=0), default=0, help="Show so many plans that are not the wanted ones."
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as one JSON object.")
@model_option
def evaluate(
    cases: Path, tool_file: Path | None, limit: int | None, wrong: int, as_json: bool, model: Path | None
) -> int:
    """Plan the requests in CASES (lines of {id, query, plan, tools?, history?}) and compare the plans.

    A plan counts as exact when it has the same calls with the same arguments and references; the order of
    steps that don't depend on each other does not matter. Each request is planned alone, so that the times
    are those that a person would wait.
    """
    read = _read(cases)
    chosen = read[:: max(1, len(read) // limit)][:limit] if limit else read
    offered = read_tool_file(tool_file) if tool_file else None
    results = run(_plan_all(chosen, offered, model))
    summary = summarise([result.score for result in results])
    times = sorted(result.ms for result in results)
    latency = {"median_ms": statistics.median(times), "p95_ms": times[int(0.95 * (len(times) - 1))]}
    if as_json:
        click.echo(json.dumps({**asdict(summary), **latency}))
    else:
        _show(summary, latency)
        _show_wrong([result for result in results if not result.score.exact][:wrong])
    return 0


def _read(path: Path) -> list[Case]:
    cases = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            if line.strip():
                cases.append(Case.model_validate_json(line))
        except ValidationError as error:
            raise click.BadParameter(f"{path}, line {number}: {error}", param_hint="CASES") from error
    if not cases:
        raise click.BadParameter(f"{path} holds no cases", param_hint="CASES")
    return cases


async def _plan_all(cases: Sequence[Case], offered: ToolRegistry | None, model: Path | None) -> list[Result]:
    async with await load_engine(model) as engine:
        planner = Planner(engine)
        results = []
        for case in track(cases, "planning", console=Console(stderr=True), transient=True):
            results.append(await _plan(case, planner, offered))
            await asyncio.sleep(0)
        return results


async def _plan(case: Case, planner: Planner, offered: ToolRegistry | None) -> Result:
    tools = offered if case.tools is None else tools_from(case.tools)
    if tools is None:
        raise click.UsageError(f"case {case.id} names no tools; give some with --tools")
    history = [
        PastTurn(turn.query, plan_text(turn.plan), turn.results, dict(enumerate(turn.results, 1)))
        for turn in case.history
    ]
    started = time.perf_counter()
    written = await planner.write(case.query, list(tools), history)
    plan = plan_json(written.plan.steps)
    ms = (time.perf_counter() - started) * 1000
    return Result(case, plan, score(plan, case.plan), ms)


def _show(summary: Summary, latency: dict[str, float]) -> None:
    table = Table("measure", "value", box=None)
    for name, value in asdict(summary).items():
        table.add_row(name.replace("_", " "), str(value) if name == "cases" else f"{value:.1%}")
    for name, ms in latency.items():
        table.add_row(name.replace("_ms", " latency"), f"{ms:.0f} ms")
    Console().print(table)


def _show_wrong(results: Iterable[Result]) -> None:
    for result in results:
        click.echo(f"\n{result.case.query}")
        click.echo(f"  wanted {json.dumps(result.case.plan, ensure_ascii=False)}")
        click.echo(f"  wrote  {json.dumps(result.plan, ensure_ascii=False)}")
