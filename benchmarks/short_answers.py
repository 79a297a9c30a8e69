"""The adapter for short answers on held-out records: how often it names just the parts that were asked for.

Wordings, values and numbers are such as its training never drew. Also says how long an answer takes.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from itertools import islice

from scrubjay.agent.plan import Plan, Step, print_plan
from scrubjay.agent.short_answers import open_short_answers
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.engine import LlamaEngine
from scrubjay.models.training.reasoning.answers import answers
from scrubjay.tools.say import spoken


async def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=300)
    arguments = parser.parse_args()
    right, silent, times = 0, 0, []
    async with await LlamaEngine.load(bundled_planner()) as engine:
        short = await open_short_answers(engine)
        if short is None:
            parser.error("no adapter for short answers is bundled")
        for problem in islice(answers(20260101, held_out=True), arguments.records):
            (turn,) = problem.history
            call, record = turn.plan[0], dict(turn.results[0])
            plan = print_plan(Plan((Step(1, call.tool, dict(call.args)),)))
            began = time.perf_counter()
            said = await short.answer(problem.request, plan, record, problem.facts)
            times.append(1e3 * (time.perf_counter() - began))
            wanted = ", ".join(spoken(record[name]) for name in problem.thought.split(", "))
            right += said == wanted
            silent += said is None
    count = arguments.records
    print(
        f"{count} records: {right / count:.1%} answered with what was asked for,"
        f" {silent / count:.1%} left whole; median {statistics.median(times):.0f} ms"
    )


if __name__ == "__main__":
    asyncio.run(main())
