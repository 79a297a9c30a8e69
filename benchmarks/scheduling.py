"""How well steps are scheduled: own cost, makespan against the critical path, first step.

python benchmarks/scheduling.py [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from scrubjay.agent.agent import Agent
from scrubjay.agent.calls import Calls
from scrubjay.agent.events import Event, PlanReady, StepStarted
from scrubjay.agent.executor import Executor
from scrubjay.agent.outcome import Outcome
from scrubjay.agent.plan import Reference, Step
from scrubjay.agent.policy import Policy
from scrubjay.models.errors import ModelFileError
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.effect import Effect
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool

SIZES = (10, 50, 100, 200)
GRAPHS = 5
STEPS = 200
REPEATS = 20
TRIES = 5
ALLOWED_US, ALLOWED_SHARE, ALLOWED_MS = 100.0, 0.02, 5.0
REQUEST = "text Sid and Lutfi that I'm running late and note it in my journal"

Graph = Sequence[tuple[float, Sequence[int]]]
"""For each step: how long it sleeps (seconds) and the earlier steps, from 1, that it refers to."""


@dataclass(frozen=True)
class Cost:
    """The executor's own time for a step whose tool does nothing: on the clock, and of all processors."""

    tools: str
    shape: str
    wall_us: float
    processor_us: float
    within_target: bool


@dataclass(frozen=True)
class Makespan:
    """A random graph run by the executor.

    critical_ms: along the longest path, by the sleeps that were asked for. excess_ms: what is over that.
    slept_ms: the same by how long the tools slept really; an event loop's timers are up to 1 ms late each.
    bare_ms: the same graph as asyncio tasks that await each other and sleep, without any executor.
    """

    tools: str
    steps: int
    critical_ms: float
    slept_ms: float
    makespan_ms: float
    excess_ms: float
    bare_ms: float
    ratio: float
    ratio_to_slept: float
    ratio_to_bare: float
    one_by_one_ratio: float
    within_target: bool


@dataclass(frozen=True)
class FirstStep:
    """On the bundled planner, since the request started."""

    first_step_ms: float
    last_token_ms: float
    ratio: float


async def nothing(after: object = None) -> None:
    """An async tool that does nothing."""


def nothing_blocking(after: object = None) -> None:
    """A blocking tool that does nothing."""


async def nap(seconds: float, after: object = None) -> float:
    """An async tool that sleeps; returns how long it really did."""
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    return time.perf_counter() - began


def nap_blocking(seconds: float, after: object = None) -> float:
    """A blocking tool that sleeps; returns how long it really did."""
    began = time.perf_counter()
    time.sleep(seconds)
    return time.perf_counter() - began


def registry() -> ToolRegistry:
    """The four tools above."""
    parameters = {"type": "object", "properties": {"seconds": {"type": "number"}, "after": {}}}
    functions = (nothing, nothing_blocking, nap, nap_blocking)
    return ToolRegistry(
        Tool(f.__name__, "Benchmarks.", parameters, effect=Effect.READ, function=f) for f in functions
    )


async def run(tools: ToolRegistry, calls: Calls, steps: Iterable[Step]) -> tuple[float, list[Outcome]]:
    """The wall time of running `steps`, in ms, and what came of them."""

    async def stream() -> AsyncIterator[Step]:
        for step in steps:
            yield step

    executor = Executor(tools, calls, policy=Policy(), emit=lambda event: None)
    started = time.perf_counter()
    outcomes = await executor.run(stream())
    return (time.perf_counter() - started) * 1000, outcomes


async def measure_cost(tools: ToolRegistry, tool: str, shape: str) -> Cost:
    """Steps that do nothing, next to each other or in a chain; the run that was disturbed least."""
    calls = Calls(at_once=STEPS)
    chained = shape == "chain"
    steps = [
        Step(n, tool, {"after": Reference(n - 1)} if chained and n > 1 else {}) for n in range(1, STEPS + 1)
    ]
    wall, processor = [], []
    for _ in range(REPEATS):
        began = time.process_time()
        wall.append((await run(tools, calls, steps))[0] * 1e3 / STEPS)
        processor.append((time.process_time() - began) * 1e6 / STEPS)
    calls.close()
    return Cost(tool, shape, min(wall), min(processor), min(processor) <= ALLOWED_US)


def random_graph(size: int, rng: random.Random) -> Graph:
    """Steps that sleep 10 to 50 ms and refer to none to three earlier ones."""
    graph: list[tuple[float, Sequence[int]]] = []
    for step in range(1, size + 1):
        needs = rng.sample(range(1, step), min(step - 1, rng.choice((0, 1, 1, 2, 3))))
        graph.append((rng.uniform(0.01, 0.05), needs))
    return graph


def critical_path_ms(graph: Graph) -> float:
    """The time that the graph needs at least, were everything else free."""
    ends: list[float] = []
    for seconds, needs in graph:
        ends.append(seconds + max((ends[need - 1] for need in needs), default=0.0))
    return max(ends) * 1000


async def bare_ms(graph: Graph) -> float:
    """The wall time of a graph as plain asyncio tasks: what an event loop alone needs for it, in ms."""
    tasks: list[asyncio.Task[None]] = []

    async def step(seconds: float, needs: Sequence[int]) -> None:
        for need in needs:
            await tasks[need - 1]
        await asyncio.sleep(seconds)

    began = time.perf_counter()
    tasks += [asyncio.create_task(step(seconds, needs)) for seconds, needs in graph]
    await asyncio.gather(*tasks)
    return (time.perf_counter() - began) * 1000


async def measure_makespan(tools: ToolRegistry, tool: str, graph: Graph) -> Makespan:
    """A graph, on a pool that has its threads already; the run that was disturbed least."""
    calls = Calls(at_once=STEPS)
    await run(tools, calls, [Step(n, tool, {"seconds": 0.01}) for n in range(1, STEPS + 1)])
    steps = [
        Step(n, tool, {"seconds": seconds, "after": [Reference(need) for need in needs]})
        for n, (seconds, needs) in enumerate(graph, 1)
    ]
    spans = []
    for _ in range(TRIES):
        makespan, outcomes = await run(tools, calls, steps)
        naps = [outcome.result for outcome in outcomes if isinstance(outcome.result, float)]
        slept = critical_path_ms([(nap, needs) for nap, (_, needs) in zip(naps, graph, strict=True)])
        spans.append((makespan, slept))
    calls.close()
    makespan, slept = min(spans)
    bare = min([await bare_ms(graph) for _ in range(TRIES)])
    critical = critical_path_ms(graph)
    return Makespan(
        tools=tool,
        steps=len(graph),
        critical_ms=critical,
        slept_ms=slept,
        makespan_ms=makespan,
        excess_ms=makespan - critical,
        bare_ms=bare,
        ratio=makespan / critical,
        ratio_to_slept=makespan / slept,
        ratio_to_bare=makespan / bare,
        one_by_one_ratio=sum(seconds for seconds, _ in graph) * 1000 / critical,
        within_target=makespan - critical <= ALLOWED_SHARE * critical + ALLOWED_MS,
    )


async def measure_first_step() -> FirstStep | None:
    """When the first step of a request starts, and when its plan's last token is there; None: no weights."""

    try:
        with TemporaryDirectory() as folder:
            async with Agent(builtin_tools(Path(folder)), policy=Policy(allow_effects=True)) as agent:
                events: list[Event] = []
                for _ in range(2):  # the first request computes the tools' segments
                    events = [event async for event in agent.events(REQUEST)]
    except ModelFileError:
        return None
    started = next((event.at_ms for event in events if isinstance(event, StepStarted)), None)
    ready = next(event.ms for event in events if isinstance(event, PlanReady))
    return None if started is None else FirstStep(started, ready, started / ready)


async def measure() -> tuple[list[Cost], list[Makespan], FirstStep | None]:
    """Everything."""
    tools, rng = registry(), random.Random(7)
    costs = [
        await measure_cost(tools, tool, shape)
        for tool in ("nothing", "nothing_blocking")
        for shape in ("side by side", "chain")
    ]
    makespans = [
        await measure_makespan(tools, tool, random_graph(size, rng))
        for tool in ("nap", "nap_blocking")
        for size in SIZES
        for _ in range(GRAPHS)
    ]
    return costs, makespans, await measure_first_step()


def print_costs(costs: Sequence[Cost]) -> None:
    """One line a kind of tool and plan."""
    print(f"{'own cost of a step':32}{'wall':>9}{'processor':>11}  us{'of target':>11}")
    for cost in costs:
        label = f"{cost.tools}, {cost.shape}"
        print(f"{label:32}{cost.wall_us:9.1f}{cost.processor_us:11.1f}{cost.processor_us / ALLOWED_US:15.2f}")


def print_makespans(makespans: Sequence[Makespan]) -> None:
    """One line a kind of tool and size: the run furthest from the target, and how many met it."""
    print(
        f"{'graph, the worst of several':32}{'critical':>9}{'as slept':>9}{'makespan':>9}  ms"
        f"{'ratio':>8}{'to slept':>9}{'to bare':>8}{'one by one':>11}{'ok':>5}"
    )
    for tool, size in dict.fromkeys((span.tools, span.steps) for span in makespans):
        runs = [span for span in makespans if (span.tools, span.steps) == (tool, size)]
        worst = max(runs, key=lambda span: span.makespan_ms - (1 + ALLOWED_SHARE) * span.critical_ms)
        label = f"{tool}, {size} steps"
        times = f"{worst.critical_ms:9.1f}{worst.slept_ms:9.1f}{worst.makespan_ms:9.1f}    "
        ratios = f"{worst.ratio:8.3f}{worst.ratio_to_slept:9.3f}{worst.ratio_to_bare:8.3f}"
        good = f"{sum(span.within_target for span in runs)}/{len(runs)}"
        print(f"{label:32}{times}{ratios}{worst.one_by_one_ratio:11.1f}{good:>5}")


def print_first_step(first: FirstStep | None) -> None:
    """One line."""
    if first is None:
        print("first step: not measured, for there is no bundled planner or it planned nothing")
        return
    times = f"first step {first.first_step_ms:.1f} ms, last token {first.last_token_ms:.1f} ms"
    print(f"{times}, ratio {first.ratio:.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    costs, makespans, first = asyncio.run(measure())
    print_costs(costs)
    print()
    print_makespans(makespans)
    print()
    print_first_step(first)
    if arguments.json:
        result = {
            "cost": [asdict(cost) for cost in costs],
            "makespan": [asdict(span) for span in makespans],
            "within_target": all([*(c.within_target for c in costs), *(m.within_target for m in makespans)]),
            "first_step": asdict(first) if first else None,
        }
        print(json.dumps(result))


if __name__ == "__main__":
    main()
