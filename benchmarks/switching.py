"""What a switch to the reasoning adapter and back costs: milliseconds, and tokens read anew (counted).

The same short generation runs many times over a prompt that is in the cache: always under the model alone,
always under the adapter, and in turns. A switch costs what the third takes over the mean of the first two.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir

from scrubjay.models.adapters import AdapterUse
from scrubjay.models.catalog import bundled_adapters, bundled_planner
from scrubjay.models.dialects import tool_text
from scrubjay.models.engine import LlamaEngine
from scrubjay.models.prompt import Prompt, Segment
from scrubjay.models.thinking import Thinking
from scrubjay.tools.builtin import builtin_tools

FACTS = "Monday 2026-11-23 14:05 en_GB"
REQUEST = "remind me two days before the 3rd to pay the rent"


async def timed(engine: LlamaEngine, prompt: Prompt, uses: Sequence[AdapterUse | None]) -> tuple[float, int]:
    """Median milliseconds of a generation of four tokens, and how many tokens all of them read."""
    before, times = engine.computed_tokens, []
    for use in uses:
        began = time.perf_counter()
        async for _ in engine.generate(prompt, max_tokens=1, adapter=use, thinking=Thinking(1)):
            pass
        times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times), engine.computed_tokens - before


async def main() -> None:
    """Print a line for each of the three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    arguments = parser.parse_args()
    async with await LlamaEngine.load(bundled_planner()) as engine:
        file = await engine.add_adapter(bundled_adapters()[0])
        tools = [Segment.tool(tool_text(tool.schema())) for tool in builtin_tools(Path(gettempdir()))[:8]]
        ends = Segment.facts(FACTS), Segment.request(REQUEST)
        prompt = Prompt((Segment.system(), *tools, *ends))
        use, many = AdapterUse(file.name), arguments.times
        ways: dict[str, list[AdapterUse | None]] = {
            "model": [None],
            "adapter": [use],
            "in turns": [None, use],
        }
        results = {}
        for _ in range(2):  # the first warms up
            for way, pattern in ways.items():
                results[way] = await timed(engine, prompt, pattern * (many // len(pattern)))
    for way, (ms, tokens) in results.items():
        print(f"{way:9} {ms:6.2f} ms a generation, {tokens / many:5.2f} tokens read and written in each")
    alone = (results["model"][0] + results["adapter"][0]) / 2
    print(f"a switch costs {results['in turns'][0] - alone:.2f} ms")


if __name__ == "__main__":
    asyncio.run(main())
