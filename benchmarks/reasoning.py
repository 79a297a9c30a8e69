"""What thinking gives on held-out reasoning requests: exact plans and times, by samples, budget and scale.

`python -m scrubjay.models.training reasoning cases` makes the requests (500, from wordings, names and numbers
that training never drew). This prints a table, keeps it in docs/adapters.csv and draws docs/adapters.svg.
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
from typing import Any

from scrubjay.agent.planner import PastTurn, Planner
from scrubjay.agent.thinker import Think, open_thinker
from scrubjay.apps.plan_json import plan_json, plan_text
from scrubjay.apps.scoring import score
from scrubjay.apps.tool_files import tools_from
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.engine import LlamaEngine

DOCS = Path(__file__).parents[1] / "docs"
BUDGETS = (0, 16, 32, 64, 96, 128)
SCALES = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1)
SAMPLES = (1, 2, 4, 8)

Case = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """One way of thinking on some requests."""

    what: str
    value: float
    cases: int
    exact: float
    median_ms: float
    thought_tokens: float
    longest: int

    def __str__(self) -> str:
        return (
            f"{self.what:>8} {self.value:<5g} {self.cases:4} requests  exact {self.exact:6.1%}"
            f"  median {self.median_ms:5.0f} ms  thought {self.thought_tokens:5.1f}, at most {self.longest}"
        )


async def measure(engine: LlamaEngine, cases: Sequence[Case], what: str, value: float) -> Measured:
    """Plan all cases, with one setting other than one thought of at most 128 tokens at full scale."""
    thinker = None
    if what != "base":
        thinker = await open_thinker(
            engine,
            when=Think.ALWAYS,
            samples=int(value) if what == "samples" else 1,
            max_tokens=int(value) if what == "budget" else 128,
            scale=value if what == "scale" else 1.0,
        )
    planner = Planner(engine, thinker=thinker)
    exact, times, thoughts, wrong = [], [], [], Counter[str]()
    for case in cases:
        history = [
            PastTurn(
                turn["query"], plan_text(turn["plan"]), turn["results"], dict(enumerate(turn["results"], 1))
            )
            for turn in case["history"]
        ]
        tools = list(tools_from(case["tools"]))
        began = time.perf_counter()
        try:
            written = await planner.write(case["query"], tools, history, case["facts"])
            right = score(plan_json(written.plan.steps), case["plan"]).exact
            thoughts.append(written.thought_tokens)
        except Exception as error:
            print(f"{case['id']}: {error!r}")
            right = False
        times.append((time.perf_counter() - began) * 1000)
        exact.append(right)
        if not right:
            wrong[case["id"].split("-")[1]] += 1
    if what == "samples":
        print("wrong by kind:", dict(wrong.most_common()))
    longest = max([count - 2 for count in thoughts if count] or [0])
    return Measured(
        what,
        value,
        len(cases),
        round(statistics.mean(exact), 4),
        round(statistics.median(times), 1),
        round(statistics.mean(thoughts or [0]), 1),
        longest,
    )


async def main() -> None:
    """Measure all that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=Path("runs/reasoning/cases.jsonl"))
    parser.add_argument("--model", type=Path, default=bundled_planner())
    parser.add_argument("--limit", type=int, default=500, help="requests for base and samples")
    parser.add_argument("--curve", type=int, default=200, help="requests for each point of the curves")
    parser.add_argument("--only", nargs="*", default=["base", "samples", "budget", "scale"])
    arguments = parser.parse_args()
    cases = [json.loads(line) for line in arguments.cases.read_text().splitlines()]
    whole = cases[:: max(1, len(cases) // arguments.limit)][: arguments.limit]
    part = cases[:: max(1, len(cases) // arguments.curve)][: arguments.curve]
    points = {"base": (0,), "samples": SAMPLES, "budget": BUDGETS, "scale": SCALES}
    rows = []
    async with await LlamaEngine.load(arguments.model) as engine:
        for what in arguments.only:
            for value in points[what]:
                few = what in ("budget", "scale") or value in (2, 4)
                rows.append(await measure(engine, part if few else whole, what, value))
                print(rows[-1], flush=True)
    every = keep(rows)
    draw(every)


def keep(rows: Sequence[Measured]) -> list[Measured]:
    """Write docs/adapters.csv: these rows in place of their like, beside those of earlier runs."""
    path = DOCS / "adapters.csv"
    earlier = list(csv.DictReader(path.read_text().splitlines())) if path.exists() else []
    every = {(row["what"], float(row["value"])): read(row) for row in earlier}
    every |= {(row.what, float(row.value)): row for row in rows}
    ordered = [every[key] for key in sorted(every)]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Measured)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in ordered)
    return ordered


def read(row: dict[str, str]) -> Measured:
    """A line of the table."""
    return Measured(
        row["what"],
        float(row["value"]),
        int(row["cases"]),
        float(row["exact"]),
        float(row["median_ms"]),
        float(row["thought_tokens"]),
        int(row["longest"]),
    )


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
