"""What thinking does to ordinary requests: exact plans with think=never and with think=auto.

Only requests that the switcher lets think are planned both ways; the others are planned alike. The requests
are the held-out ones of `python -m scrubjay.models.training cases` (built-in tools), and are told a `now`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from reasoning import planned  # type: ignore[import-not-found]

from scrubjay.agent.planner import Planner
from scrubjay.agent.thinker import Think, open_thinker
from scrubjay.models.catalog import bundled_adapters, bundled_planner
from scrubjay.models.engine import LlamaEngine
from scrubjay.models.switcher import needs_thought

FACTS = "Monday 2026-11-23 14:05 en_GB"


async def main() -> None:
    """Print a line for each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", default=[Path("runs/planner/builtin.jsonl")])
    parser.add_argument("--adapter", type=Path, default=next(iter(bundled_adapters()), None))
    arguments = parser.parse_args()
    if arguments.adapter is None:
        parser.error("no adapter is bundled; name one with --adapter")
    async with await LlamaEngine.load(bundled_planner()) as engine:
        thinker = await open_thinker(engine, [arguments.adapter], when=Think.ALWAYS)
        never, auto = Planner(engine), Planner(engine, thinker=thinker)
        for path in arguments.files:
            cases: list[dict[str, Any]] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            thinking = [
                {"facts": FACTS, "history": [], **case} for case in cases if needs_thought(case["query"])
            ]
            gained = lost = empty = 0
            for case in thinking:
                plain, thought = await planned(never, case), await planned(auto, case)
                gained += thought.exact and not plain.exact
                lost += plain.exact and not thought.exact
                empty += not thought.thought
            print(
                f"{path.stem}: {len(cases)} requests, {len(thinking)} think"
                f" ({len(thinking) / len(cases):.1%}), {empty} of them find nothing to work out;"
                f" auto against never: {100 * (gained - lost) / len(cases):+.2f} points"
                f" ({gained} more exact, {lost} fewer)"
            )


if __name__ == "__main__":
    asyncio.run(main())
