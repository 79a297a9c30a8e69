"""What keeping keys and values in fewer bits does to plans.

    python benchmarks/kv_types.py CASES... [--model FILE] [--limit 100]

CASES: lines as for `scrubjay eval`. For each KV type: the bytes of one token, how many plans are the wanted
ones, how many are those of f16, the largest difference between two logits of a chosen token up to where the
plans part, and the median time of a plan. The types take turns request by request, in one process.
"""

import argparse
import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from pathlib import Path

from scrubjay.agent.planner import Planner, PlanTooLong
from scrubjay.apps.evaluate import Case
from scrubjay.apps.plan_json import plan_json
from scrubjay.apps.scoring import PlanJson, same_plan
from scrubjay.apps.tool_files import tools_from
from scrubjay.apps.verify_cache import WatchedEngine
from scrubjay.models.cache_settings import CacheSettings
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.kv_types import KVType, cell_bytes
from scrubjay.models.traces import Trace, compare


class Kept:
    """One engine with its KV type, and what came of it."""

    def __init__(self, kv_type: KVType, engine: LlamaEngine) -> None:
        self.kv_type = kv_type
        self.watched = WatchedEngine(engine)
        self.bytes = cell_bytes(engine.metadata, kv_type)
        self.right = self.same = 0
        self.apart = 0.0
        self.ms: list[float] = []

    async def plan(self, case: Case) -> tuple[PlanJson, Trace]:
        """The plan of a case; one without an end is no plan."""
        assert case.tools is not None
        tools = list(tools_from(case.tools))
        started = time.perf_counter()
        try:
            plan: PlanJson = plan_json((await Planner(self.watched).write(case.query, tools)).plan.steps)
        except PlanTooLong:
            plan = [{"tool": "(no end)", "args": {}}]
        self.ms.append((time.perf_counter() - started) * 1e3)
        return plan, self.watched.trace

    def add(self, plan: PlanJson, trace: Trace, case: Case, exact: tuple[PlanJson, Trace]) -> None:
        """Count a plan, beside that of f16."""
        self.right += same_plan(plan, case.plan)
        self.same += list(plan) == list(exact[0])
        self.apart = max(self.apart, compare(trace, exact[1]).difference)


async def measure(model: Path, cases: list[Case]) -> list[Kept]:
    """Plan all cases with every KV type."""
    async with AsyncExitStack() as stack:
        kept = []
        for kv_type in KVType:
            settings = EngineSettings(cache=CacheSettings(disk_bytes=0, kv_type=kv_type))
            engine = await stack.enter_async_context(await LlamaEngine.load(model, settings))
            kept.append(Kept(kv_type, engine))
        for case in cases:
            exact: tuple[PlanJson, Trace] | None = None
            for one in kept:
                planned = await one.plan(case)
                exact = exact or planned
                one.add(*planned, case, exact)
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("cases", type=Path, nargs="+")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--limit", type=int, default=100, help="of each file, spread over it")
    options = parser.parse_args()
    cases: list[Case] = []
    for path in options.cases:
        lines = path.read_text("utf-8").splitlines()
        cases += map(Case.model_validate_json, lines[:: max(1, len(lines) // options.limit)][: options.limit])
    kept = asyncio.run(measure(options.model or bundled_planner(), cases))
    print(f"{len(cases)} requests")
    print("type   bytes a token   plans as wanted   plans of f16   logits apart   median ms")
    for one in kept:
        print(
            f"{one.kv_type:6} {one.bytes:13,} {one.right:17} {one.same:14} {one.apart:14.2g}"
            f" {statistics.median(one.ms):11.0f}"
        )


if __name__ == "__main__":
    main()
