"""`scrubjay eval`: plans the requests of files and says how many plans are the wanted ones."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ..agent.confidence import Calibration
from ..agent.leaning import known_tools
from ..agent.planner import PastTurn, Planner, PlanTooLong
from ..agent.thinker import MAX_THINK_TOKENS, Think, Thinker, open_thinker
from ..models.engine import LlamaEngine
from ..tools.registry import ToolRegistry
from .calibration import expected_calibration_error, fit
from .mistakes import mistakes
from .opening import load_engine
from .plan_json import plan_json, plan_text
from .scoring import PlanJson, Score, score, summarise
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
    facts: str = ""


@dataclass(frozen=True, slots=True)
class Thoughts:
    """How requests are thought about, as said on the command line."""

    think: Think
    samples: int
    budget: int
    scale: float
    adapters: tuple[Path, ...]

    async def thinker(self, engine: LlamaEngine) -> Thinker | None:
        """What thinks, on this engine."""
        return await open_thinker(
            engine,
            self.adapters,
            when=self.think,
            samples=self.samples,
            max_tokens=self.budget,
            scale=self.scale,
        )


NO_END: PlanJson = [{"tool": "(no end)", "args": {}}]
"""What stands for a plan that goes on and on: a wrong one."""


@dataclass(frozen=True, slots=True)
class Result:
    """A case that was planned; `ms` from the request to the plan's end, `logprob` as in `WrittenPlan`.

    new: whether it was offered a tool that the model was not trained on.
    confidence: in the plan, as the model's file says; None where it says nothing.
    """

    case: Case
    plan: PlanJson
    score: Score
    ms: float
    logprob: float
    mistakes: Counter[str]
    thought_tokens: int
    new: bool
    confidence: float | None


@click.command("eval")
@click.argument(
    "cases", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--tools",
    "tool_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Tools for cases that name none.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only so many cases of each file, spread over it.")
@click.option(
    "--wrong", type=click.IntRange(min=0), default=0, help="Show so many plans that are not the wanted ones."
)
@click.option(
    "--mistakes",
    "kinds",
    type=click.IntRange(min=0),
    default=0,
    help="Count the commonest kinds of mistakes.",
)
@click.option(
    "--calibrate",
    is_flag=True,
    help="Fit the model's confidence on every other case, and say how well it does on the rest.",
)
@click.option(
    "--think",
    type=click.Choice([think.value for think in Think]),
    default=Think.NEVER.value,
    show_default=True,
    help="Which requests are thought about.",
)
@click.option("--samples", type=click.IntRange(1, 8), default=1, help="Thoughts side by side that vote.")
@click.option("--budget", type=click.IntRange(min=0), default=MAX_THINK_TOKENS, help="Tokens of a thought.")
@click.option("--scale", type=float, default=1.0, help="How strongly the reasoning adapter acts.")
@click.option("--adapter", "adapters", multiple=True, type=click.Path(path_type=Path), help="A LoRA adapter.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as one JSON object.")
@model_option
def evaluate(
    cases: tuple[Path, ...],
    tool_file: Path | None,
    limit: int | None,
    wrong: int,
    kinds: int,
    calibrate: bool,
    think: Think,
    samples: int,
    budget: int,
    scale: float,
    adapters: tuple[Path, ...],
    as_json: bool,
    model: Path | None,
) -> int:
    """Plan the requests in CASES (lines of {id, query, plan, tools?, history?}) and compare the plans.

    A plan counts as exact when it has the same calls with the same arguments and references; the order of
    steps that don't depend on each other does not matter. Each request is planned alone, so that the times
    are those that a person would wait. Confidence is how likely the model holds a plan to be exact; its error
    (ECE) is the mean distance from what is so.
    """
    files = {path.stem: _read(path, limit) for path in cases}
    offered = read_tool_file(tool_file) if tool_file else None
    thinking = Thoughts(Think(think), samples, budget, scale, adapters)
    every = [case for read in files.values() for case in read]
    results = run(_plan_all(every, offered, model, thinking))
    fitted = _fitted(results) if calibrate else {}
    error = _calibration_error(results, fitted)
    numbers, first = {}, 0
    for name, read in files.items():
        numbers[name] = _numbers(results[first : first + len(read)])
        first += len(read)
    if as_json:
        only = next(iter(numbers.values())) if len(numbers) == 1 else numbers
        calibration = {"new" if new else "known": asdict(curve) for new, curve in fitted.items()}
        click.echo(json.dumps({**only, "calibration_error": error, "calibration": calibration}))
        return 0
    _show(numbers, error)
    if len(fitted) == 2:
        curves = fitted[False], fitted[True]
        click.echo("\nexport --confidence " + " ".join(f"{c.scale:.4f} {c.offset:.4f}" for c in curves))
    elif calibrate:
        click.echo(
            "\nexport --confidence wants cases with tools that the model knows, and with others as well"
        )
    _show_mistakes(results, kinds)
    _show_wrong([result for result in results if not result.score.exact][:wrong])
    return 0


def _read(path: Path, limit: int | None) -> list[Case]:
    cases = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            if line.strip():
                cases.append(Case.model_validate_json(line))
        except ValidationError as error:
            raise click.BadParameter(f"{path}, line {number}: {error}", param_hint="CASES") from error
    if not cases:
        raise click.BadParameter(f"{path} holds no cases", param_hint="CASES")
    return cases[:: max(1, len(cases) // limit)][:limit] if limit else cases


async def _plan_all(
    cases: Sequence[Case], offered: ToolRegistry | None, model: Path | None, thinking: Thoughts
) -> list[Result]:
    async with await load_engine(model) as engine:
        planner = Planner(engine, thinker=await thinking.thinker(engine))
        results = []
        for case in track(cases, "planning", console=Console(stderr=True), transient=True):
            results.append(await _plan(case, planner, offered, engine.metadata))
            await asyncio.sleep(0)
        return results


async def _plan(
    case: Case,
    planner: Planner,
    offered: ToolRegistry | None,
    metadata: Mapping[str, str | int | float | bool],
) -> Result:
    tools = offered if case.tools is None else tools_from(case.tools)
    if tools is None:
        raise click.UsageError(f"case {case.id} names no tools; give some with --tools")
    history = [
        PastTurn(turn.query, plan_text(turn.plan), turn.results, dict(enumerate(turn.results, 1)))
        for turn in case.history
    ]
    started = time.perf_counter()
    try:
        written = await planner.write(case.query, list(tools), history, case.facts)
        plan: PlanJson = plan_json(written.plan.steps)
        logprob, thought_tokens = written.logprob, written.thought_tokens
    except PlanTooLong:
        plan, logprob, thought_tokens = NO_END, -100.0, 0
    ms = (time.perf_counter() - started) * 1000
    scored = score(plan, case.plan)
    schemas = {tool.name: tool.schema() for tool in tools}
    wrong = Counter[str]() if scored.exact else mistakes(plan, case.plan, schemas)
    new = len(known_tools(metadata, list(tools))) < len(tools)
    calibration = Calibration.of(metadata, list(tools))
    confidence = calibration.confidence(logprob) if calibration else None
    return Result(case, plan, scored, ms, logprob, wrong, thought_tokens, new, confidence)


def _fitted(results: Sequence[Result]) -> dict[bool, Calibration]:
    """A curve for requests whose tools are all known to the model, and one (True) for the others.

    Each is fitted on every other of its requests; there is none where there are fewer than two.
    """
    return {
        new: fit([result.logprob for result in part[::2]], [result.score.exact for result in part[::2]])
        for new, part in _by_newness(results).items()
        if len(part) > 1
    }


def _calibration_error(results: Sequence[Result], fitted: Mapping[bool, Calibration]) -> float | None:
    """Of the curves that were fitted, on the other cases; else of the model's own, if it has any."""
    if fitted:
        pairs = [
            (curve.confidence(result.logprob), result.score.exact)
            for new, curve in fitted.items()
            for result in _by_newness(results)[new][1::2]
        ]
    else:
        pairs = [(r.confidence, r.score.exact) for r in results if r.confidence is not None]
    return expected_calibration_error(*zip(*pairs, strict=True)) if pairs else None


def _by_newness(results: Sequence[Result]) -> dict[bool, list[Result]]:
    return {new: [result for result in results if result.new == new] for new in (False, True)}


def _numbers(results: Sequence[Result]) -> dict[str, float]:
    times = sorted(result.ms for result in results)
    latency = {"median_ms": statistics.median(times), "p95_ms": times[int(0.95 * (len(times) - 1))]}
    thoughts = [result.thought_tokens for result in results]
    thinking = {
        "thinks": sum(count > 0 for count in thoughts) / len(thoughts),
        "thought_tokens": statistics.mean(thoughts),
        "longest_thought": float(max(thoughts)),
    }
    numbers = asdict(summarise([result.score for result in results])) | latency
    return numbers | thinking if any(thoughts) else numbers


def _show(numbers: dict[str, dict[str, float]], error: float | None) -> None:
    table = Table("measure", *numbers, box=None)
    for name in next(iter(numbers.values())):
        values = [columns[name] for columns in numbers.values()]
        if name.endswith("_ms"):
            table.add_row(name.replace("_ms", " latency"), *(f"{ms:.0f} ms" for ms in values))
        else:
            table.add_row(
                name.replace("_", " "),
                *(str(value) if name == "cases" else _figure(name, value) for value in values),
            )
    Console().print(table)
    if error is not None:
        click.echo(f"confidence is off by {error:.3f} (expected calibration error)")


def _figure(name: str, value: float) -> str:
    return f"{value:.1f}" if "thought" in name else f"{value:.1%}"


def _show_mistakes(results: Iterable[Result], kinds: int) -> None:
    if not kinds:
        return
    counts = sum((result.mistakes for result in results), Counter[str]())
    table = Table("mistake", "count", box=None)
    for kind, count in counts.most_common(kinds):
        table.add_row(kind, str(count))
    Console().print(table)


def _show_wrong(results: Iterable[Result]) -> None:
    for result in results:
        click.echo(f"\n{result.case.query}")
        click.echo(f"  wanted {json.dumps(result.case.plan, ensure_ascii=False)}")
        click.echo(f"  wrote  {json.dumps(result.plan, ensure_ascii=False)}")
