"""What thinking gives on held-out reasoning requests: exact plans and times, by samples, budget and scale.

The 500 requests are from wordings, names and numbers that training never drew; they are made if they are not
there. Each point is kept in docs/adapters.csv as soon as it is measured, so that a run that was stopped goes
on where it was; another adapter begins anew. In the end docs/adapters.svg is drawn. About 10 minutes on a
quiet machine.

One thought and eight are timed in turns, request by request, so that a busy machine slows both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from scrubjay.agent.planner import PastTurn, Planner, PlanTooLong
from scrubjay.agent.thinker import Think, open_thinker
from scrubjay.apps.plan_json import plan_json, plan_text
from scrubjay.apps.scoring import score
from scrubjay.apps.tool_files import tools_from
from scrubjay.models.catalog import bundled_adapters, bundled_planner
from scrubjay.models.engine import LlamaEngine
from scrubjay.models.training.reasoning.commands import write_cases

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CORPUS = ROOT / "models" / "training" / "corpus"
CASES = Path("runs/reasoning/cases.jsonl")
BUDGETS = (0.0, 16.0, 32.0, 64.0, 96.0, 128.0)
SCALES = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1)
GROUPS = (
    (("base", 0.0),),
    (("samples", 1.0), ("samples", 8.0)),
    *((("budget", value),) for value in BUDGETS),
    *((("scale", value),) for value in SCALES),
    (("samples", 2.0),),
    (("samples", 4.0),),
)
"""What is measured, in order; those of one group in turns, on all requests if it is one of the first two."""

Case = dict[str, Any]
Point = tuple[str, float]


@dataclass(frozen=True)
class Measured:
    """One way of thinking on some requests. adapter: the identity of its file; processor_ms: mean."""

    adapter: str
    what: str
    value: float
    cases: int
    exact: float
    median_ms: float
    mean_ms: float
    processor_ms: float
    thought_tokens: float
    longest: int

    @property
    def point(self) -> Point:
        return self.what, self.value

    def __str__(self) -> str:
        return (
            f"{self.what:>8} {self.value:<5g} {self.cases:4} requests  exact {self.exact:6.1%}"
            f"  median {self.median_ms:5.0f} ms, mean {self.mean_ms:5.0f}, of the processor"
            f" {self.processor_ms:5.0f}  thought {self.thought_tokens:5.1f}, at most {self.longest}"
        )


class Planned(NamedTuple):
    """How one request went. thought: its tokens, without those that open and close it."""

    kind: str
    exact: bool
    ms: float
    processor_ms: float
    thought: int


async def planner_for(engine: LlamaEngine, adapter: Path, point: Point) -> Planner:
    """One setting other than one thought of at most 128 tokens at full scale."""
    what, value = point
    if what == "base":
        return Planner(engine)
    thinker = await open_thinker(
        engine,
        [adapter],
        when=Think.ALWAYS,
        samples=int(value) if what == "samples" else 1,
        max_tokens=int(value) if what == "budget" else 128,
        scale=value if what == "scale" else 1.0,
    )
    return Planner(engine, thinker=thinker)


async def planned(planner: Planner, case: Case) -> Planned:
    """Plan one request, and compare."""
    history = [
        PastTurn(turn["query"], plan_text(turn["plan"]), turn["results"], dict(enumerate(turn["results"], 1)))
        for turn in case["history"]
    ]
    tools = list(tools_from(case["tools"]))
    began, processor = time.perf_counter(), time.process_time()
    try:
        written = await planner.write(case["query"], tools, history, case["facts"])
        exact, tokens = score(plan_json(written.plan.steps), case["plan"]).exact, written.thought_tokens
    except PlanTooLong:
        exact, tokens = False, 0
    ms, processor_ms = 1e3 * (time.perf_counter() - began), 1e3 * (time.process_time() - processor)
    return Planned(case["id"].split("-")[1], exact, ms, processor_ms, max(0, tokens - 2))


async def measure(
    engine: LlamaEngine, adapter: Path, cases: Sequence[Case], group: Sequence[Point]
) -> list[Measured]:
    """Plan all cases with each setting of a group, in turns."""
    planners = {point: await planner_for(engine, adapter, point) for point in group}
    every: dict[Point, list[Planned]] = {point: [] for point in group}
    for case in cases:
        for point, planner in planners.items():
            every[point].append(await planned(planner, case))
    for point, those in every.items():
        wrong = Counter(one.kind for one in those if not one.exact)
        if point[0] == "samples":
            print(f"wrong by kind with {point[1]:g}: {dict(wrong.most_common())}")
    identity = next(file.identity for file in engine.adapters if file.path == adapter)
    return [_summary(identity, point, those) for point, those in every.items()]


def _summary(adapter: str, point: Point, those: Sequence[Planned]) -> Measured:
    return Measured(
        adapter,
        *point,
        len(those),
        round(statistics.mean(one.exact for one in those), 4),
        round(statistics.median(one.ms for one in those), 1),
        round(statistics.mean(one.ms for one in those), 1),
        round(statistics.mean(one.processor_ms for one in those), 1),
        round(statistics.mean(one.thought for one in those), 1),
        max(one.thought for one in those),
    )


def held_out_cases() -> list[Case]:
    """The 500 requests."""
    if not CASES.exists():
        CASES.parent.mkdir(parents=True, exist_ok=True)
        write_cases(CORPUS, CASES)
    return [json.loads(line) for line in CASES.read_text("utf-8").splitlines()]


async def main() -> None:
    """Measure what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapter", type=Path, default=next(iter(bundled_adapters()), None))
    parser.add_argument(
        "--limit", type=int, default=500, help="requests for base, and one and eight thoughts"
    )
    parser.add_argument("--curve", type=int, default=125, help="requests for each point of the curves")
    arguments = parser.parse_args()
    if arguments.adapter is None:
        parser.error("no adapter is bundled; name one with --adapter")
    cases = held_out_cases()
    async with await LlamaEngine.load(bundled_planner()) as engine:
        file = await engine.add_adapter(arguments.adapter)
        rows = {row.point: row for row in kept() if row.adapter == file.identity}
        for place, group in enumerate(GROUPS):
            most = arguments.limit if place < 2 else arguments.curve
            if any(point not in rows or rows[point].cases < most for point in group):
                some = cases[:: max(1, len(cases) // most)][:most]
                rows |= {row.point: row for row in await measure(engine, arguments.adapter, some, group)}
                keep([rows[point] for point in sorted(rows)])
            print(*(rows[point] for point in group), sep="\n", flush=True)
    one, eight = rows["samples", 1.0], rows["samples", 8.0]
    print(
        f"eight thoughts take {eight.mean_ms / one.mean_ms:.2f} times the time of one"
        f" ({eight.processor_ms / one.processor_ms:.2f} times of the processor)"
    )
    draw([rows[point] for point in sorted(rows)])


def kept() -> list[Measured]:
    """What earlier runs wrote to docs/adapters.csv."""
    path = DOCS / "adapters.csv"
    lines = list(csv.DictReader(path.read_text().splitlines())) if path.exists() else []
    kinds = {"adapter": str, "what": str, "cases": int, "longest": int}
    names = [field.name for field in fields(Measured)]
    return [
        Measured(**{name: kinds.get(name, float)(line[name]) for name in names})
        for line in lines
        if set(names) <= line.keys()
    ]


def keep(rows: Sequence[Measured]) -> None:
    """Write docs/adapters.csv."""
    with (DOCS / "adapters.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Measured)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def draw(rows: Sequence[Measured]) -> None:
    """docs/adapters.svg: exact plans against the budget, and against the scale with the thought's length."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scrubjay"
    import matplotlib.pyplot as plt

    figure, panes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for pane, what, label in zip(
        panes, ("budget", "scale"), ("budget (tokens)", "scale of the adapter"), strict=True
    ):
        shown = [row for row in rows if row.what == what]
        values = [row.value for row in shown]
        pane.plot(values, [100 * row.exact for row in shown], "o-", label="exact plans, %")
        pane.plot(values, [row.thought_tokens for row in shown], "s--", label="tokens of thought, mean")
        pane.set_xlabel(label)
        pane.set_ylim(0, 100)
        pane.grid(alpha=0.3)
        pane.legend()
    figure.savefig(DOCS / "adapters.svg", metadata={"Date": None})


if __name__ == "__main__":
    asyncio.run(main())
