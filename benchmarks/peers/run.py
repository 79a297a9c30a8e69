"""Scrubjay beside its peers: the same model, machine, requests and tools; who starts and ends when.

    python benchmarks/peers/run.py [--requests 12] [--only WORKLOAD] [--pace MS,MS,...] [--write]

What each system's model writes is told, so that no system is slower for its model's mistakes; how long it
takes is real: as long as a model of Qwen2.5-0.5B's shape (Q4_0) takes on this machine for as many tokens at
once, measured first or given (milliseconds for 1, 2, 4, ... 128 tokens, as an earlier run printed them). The
peers are installed from PyPI into runs/peers/venv once. --write puts the tables into docs/benchmarks.md and
the plot beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from scrubjay.agent.plan import Plan, Reference
from scrubjay.agent.reader import parse_plan
from scrubjay.benchmarks.peers.model_server import RatedModel, serve
from scrubjay.benchmarks.peers.ours import Before, Outcome, ours
from scrubjay.benchmarks.peers.pace import Pace, measure_pace
from scrubjay.benchmarks.peers.workloads import (
    MOVIES,
    PARALLEL_QA,
    QUESTION_TOOLS,
    Call,
    Task,
    to_json,
)
from scrubjay.models.batch import PROMPT_TOKENS
from scrubjay.models.chat_template import ChatTemplate
from scrubjay.models.library import load_model
from scrubjay.models.vocabulary import Vocabulary
from scrubjay.tests.foreign_model import QWEN_05B, make_foreign_model, slim
from scrubjay.tests.vocabularies import templates
from scrubjay.tools.builtin import builtin_tools

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PEERS = ("react", "chat completion", "smolagents", "pydantic-ai")
PACKAGES = ("llama-cpp-python==0.3.36", "smolagents[openai]", "pydantic-ai-slim[openai]", "psutil")
POSITIONS = 32_768


async def theirs(peer: str, tasks: list[Task], schemas: list[dict[str, Any]], url: str) -> Outcome:
    told = json.dumps({"url": url, "tools": schemas, "tasks": to_json(tasks)})
    process = await asyncio.create_subprocess_exec(
        str(venv() / "bin" / "python"), str(HERE / "peers.py"), peer,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate(told.encode())
    if process.returncode:
        raise RuntimeError(f"{peer}: {errors.decode()[-2000:]}")
    *lines, last = [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]
    counts = lines[-1]
    return Outcome(
        [line["first"] for line in lines],
        [line["end"] for line in lines],
        counts["computed"],
        counts["decoded"],
        last["rss"],
    )


def venv() -> Path:
    """The peers' environment, made when it is not there."""
    folder = ROOT / "runs" / "peers" / "venv"
    if not (folder / "bin" / "python").exists():
        print("Installing the peers, once...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return folder


def day(count: int) -> tuple[list[Task], list[dict[str, Any]]]:
    """Requests of the day in benchmarks/day_in_the_life.toml, and the schemas of the built-in tools."""
    with tempfile.TemporaryDirectory() as folder:
        schemas = [built.schema() for built in builtin_tools(Path(folder))]
    told = tomllib.loads((HERE.parent / "day_in_the_life.toml").read_text())["request"]
    tasks = []
    for request in told:
        steps = [f"${number} = {step}\n" for number, step in enumerate(request["plan"], 1)]
        calls = _calls(parse_plan("".join(steps) + "done\n")) if steps else None
        if calls:
            tasks.append(Task(request["text"], calls, "Done."))
    spaced = max(1, len(tasks) // count)
    return tasks[::spaced][:count], [{**schema, "returns": {}} for schema in schemas]


def _calls(plan: Plan) -> tuple[Call, ...] | None:
    def plain(value: Any) -> Any:
        if isinstance(value, Reference):
            if value.path or value.previous_turn:
                raise ValueError
            return f"${value.step}"
        if isinstance(value, Mapping):
            return {name: plain(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(item) for item in value]
        if isinstance(value, (str, int, float, bool)):
            return value
        raise ValueError

    try:
        return tuple(Call(step.tool, plain(step.args), "555-0142") for step in plan.steps)
    except ValueError:
        return None


def crowd(schemas: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """`count` tools: the given ones among made-up ones of things that nobody here asks for."""
    verbs = ("calibrate", "audit", "provision", "inspect", "schedule_maintenance_of", "archive", "render")
    things = ("turbine", "greenhouse", "conveyor", "ledger", "telescope", "aquarium", "kiln", "satellite")
    places = ("north_hall", "basement", "hangar", "pier", "annex", "depot", "tower", "yard", "vault")
    made = [
        {
            "name": f"{verb}_{thing}_{place}",
            "description": f"{verb.capitalize()} the {thing} in the {place}.".replace("_", " "),
            "parameters": {
                "type": "object",
                "properties": {
                    "unit": {"type": "string", "description": "Serial number of the unit"},
                    "level": {"type": "integer", "description": "From 1 to 5"},
                    "mode": {"enum": ["quick", "full"], "type": "string"},
                },
                "required": ["unit"],
            },
            "returns": {},
        }
        for verb in verbs for thing in things for place in places
    ]  # fmt: skip
    return [*schemas, *made[: count - len(schemas)]]


async def compare(
    name: str, tasks: list[Task], schemas: list[dict[str, Any]], pace: Pace, slim_model: Path
) -> dict[str, Outcome | None]:
    """Run every system on one workload, side by side: each has a model of its own."""
    loaded = load_model(slim_model)
    vocabulary = Vocabulary(loaded)
    template = templates()[QWEN_05B.template]
    functions = [{"type": "function", "function": schema} for schema in schemas]
    rendered = ChatTemplate(template).render([{"role": "user", "content": "x"}], functions)
    fits = len(list(vocabulary.tokenize(rendered))) < POSITIONS
    servers: list[ThreadingHTTPServer] = []
    jobs: dict[str, Any] = {}
    for peer in PEERS if fits else ():
        servers.append(serve(RatedModel(vocabulary, template, pace)))
        url = f"http://127.0.0.1:{servers[-1].server_port}"
        jobs[peer] = theirs(peer, tasks, schemas, url)
    jobs[Before.EVERYTHING] = ours(tasks, schemas, slim_model, pace, Before.EVERYTHING)
    print(f"{name}: {len(tasks)} requests, {len(schemas)} tools...", flush=True)
    done = await asyncio.gather(*jobs.values())
    for server in servers:
        server.shutdown()
    outcomes: dict[str, Outcome | None] = dict(zip(jobs, done, strict=True))
    for before in (Before.EARLIER, Before.NOTHING):
        outcomes[before] = await ours(tasks[:1], schemas, slim_model, pace, before)
    return {system: outcomes.get(system) for system in (*Before, *PEERS)}


def table(results: dict[str, dict[str, Outcome | None]]) -> str:
    lines = [
        "| workload | system | first tool, s | the very first | makespan, s | tokens read | decoded | MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, outcomes in results.items():
        for system, outcome in outcomes.items():
            if outcome is None:
                lines.append(f"| {name} | {system} | its prompt does not fit 32,768 tokens | | | | | |")
                continue
            count, best = len(outcome.end), statistics.median
            numbers = (
                f"{best(outcome.first):.2f} | {outcome.first[0]:.2f} | {best(outcome.end):.2f}"
                f" | {outcome.computed / count:,.0f} | {outcome.decoded / count:,.0f}"
                f" | {outcome.rss / 1e6:.0f}"
            )
            lines.append(f"| {name} | {system} | {numbers} |")
    return "\n".join(lines)


def ratios(results: dict[str, dict[str, Outcome | None]]) -> str:
    """How many times as long the peers take."""
    lines = [
        "| workload | peer | first tool | the very first, started again | nothing read | makespan |",
        "|---|---|---|---|---|---|",
    ]
    for name, outcomes in results.items():
        mine, again, cold = (outcomes[before] for before in Before)
        assert mine is not None
        assert again is not None
        assert cold is not None
        for system in PEERS:
            if (other := outcomes[system]) is not None:
                very_first = other.first[:1]
                pairs = (
                    (other.first, mine.first), (very_first, again.first), (very_first, cold.first),
                    (other.end, mine.end),
                )  # fmt: skip
                told = (f"{statistics.median(a) / statistics.median(b):.1f}" for a, b in pairs)
                lines.append(f"| {name} | {system} | {' | '.join(told)} |")
    return "\n".join(lines)


def plot(results: dict[str, dict[str, Outcome | None]], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, what in zip(axes, ("first", "end"), strict=True):
        for place, system in enumerate((Before.EVERYTHING, *PEERS)):  # the others are of one request alone
            shown = [
                (row, statistics.median(getattr(outcome, what)))
                for row, outcomes in enumerate(results.values())
                if (outcome := outcomes[system]) is not None
            ]
            heights = [row + 0.16 * (place - 2) for row, _ in shown]
            axis.barh(heights, [seconds for _, seconds in shown], 0.15, label=system)
        axis.set_yticks(range(len(results)), list(results))
        axis.invert_yaxis()
        axis.set_xlabel(
            "seconds to the first start of a tool" if what == "first" else "seconds to the answer"
        )
    axes[1].legend()
    figure.savefig(path)


def write(text: str) -> None:
    """Put the tables between the marks of docs/benchmarks.md."""
    page = ROOT / "docs" / "benchmarks.md"
    before, rest = page.read_text().split("<!-- peers -->\n")
    page.write_text(f"{before}<!-- peers -->\n{text}\n<!-- /peers -->" + rest.split("<!-- /peers -->")[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=12)
    parser.add_argument("--only", choices=("ParallelQA", "movies", "day, 41 tools", "day, 500 tools"))
    parser.add_argument("--pace", type=Pace.parse)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    venv()
    with tempfile.TemporaryDirectory() as folder:
        slim_model = Path(folder) / "slim.gguf"
        make_foreign_model(slim_model, replace(slim(QWEN_05B), context=POSITIONS))
        pace = options.pace
        if pace is None:
            whole = Path(folder) / "whole.gguf"
            make_foreign_model(whole, QWEN_05B, "Q4_0")
            pace = measure_pace(whole)
        told = (
            f"The model reads {PROMPT_TOKENS / pace.batch(PROMPT_TOKENS):.0f} tokens a second and writes"
            f" {1 / pace.token:.1f}; 1, 2, 4, ... {PROMPT_TOKENS} tokens at once take {pace} ms."
        )
        print(told, flush=True)
        requests, schemas = day(options.requests)
        workloads = {
            "ParallelQA": (list(PARALLEL_QA), QUESTION_TOOLS),
            "movies": (list(MOVIES), QUESTION_TOOLS),
            "day, 41 tools": (requests, schemas),
            "day, 500 tools": (requests, crowd(schemas, 500)),
        }
        results = {}
        for name, (tasks, tools) in workloads.items():
            if options.only in (None, name):
                results[name] = asyncio.run(compare(name, tasks, tools, pace, slim_model))
                print(table({name: results[name]}), flush=True)
    text = f"{told}\n\n{table(results)}\n\nHow many times as long the peers take:\n\n{ratios(results)}\n"
    print(f"\n{ratios(results)}")
    if options.write:
        plot(results, ROOT / "docs" / "peers.svg")
        write(text)


if __name__ == "__main__":
    main()
