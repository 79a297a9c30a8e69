"""What a switch to an adapter and back costs: milliseconds, and tokens read anew (counted).

Milliseconds: a token is decoded right after a switch, and another one with nothing switched, in turns; a
switch costs what the first takes over the second. Median of the pairs, in processor time of the one thread,
which others on the machine don't lengthen.

Tokens: the same short generation runs many times over a prompt whose tools are in the cache, always under the
model alone, always under the adapter, and in turns. All three read and write as many.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir

import llama_cpp

from scrubjay.models.adapter_file import read_adapter
from scrubjay.models.adapters import Adapters, AdapterUse, Switch
from scrubjay.models.batch import Batch, Stream
from scrubjay.models.catalog import bundled_adapters, bundled_planner
from scrubjay.models.context import Context
from scrubjay.models.dialects import tool_text
from scrubjay.models.engine import LlamaEngine
from scrubjay.models.library import load_model
from scrubjay.models.prompt import Prompt, Segment
from scrubjay.models.thinking import Thinking
from scrubjay.tools.builtin import builtin_tools

FACTS = "Monday 2026-11-23 14:05 en_GB"
REQUEST = "remind me two days before the 3rd to pay the rent"
READ = 400
"""Tokens that stand before those that are timed, as of a request with its tools."""


def switch_ms(path: Path, times: int) -> float:
    """The median cost of a switch, to the adapter in the file `path` or away from it."""
    model = load_model(bundled_planner())
    context = Context(model, 2048, 1, batch=READ, threads=1)
    adapters = Adapters(model)
    file = read_adapter(path, bundled_planner())
    adapters.add(file)
    batch, token = Batch(READ), 300

    def decode(stream: Stream, on: Switch | None) -> float:
        began = time.thread_time()
        context.switch(on)
        batch.clear()
        batch.add(stream, READ, 1)
        context.decode(batch)
        return 1e3 * (time.thread_time() - began)

    decode(Stream(0, 0, [token] * READ), None)
    costs = []
    for number in range(times):
        on = adapters.get(AdapterUse(file.name)) if number % 2 == 0 else None
        after, again = (decode(Stream(0, READ + place, [token]), on) for place in range(2))
        costs.append(after - again)
        context.remove(0, start=READ)
    context.close()
    llama_cpp.llama_model_free(model.pointer)
    return statistics.median(costs[2:])


async def tokens_each(path: Path, times: int) -> dict[str, float]:
    """How many tokens a generation reads and writes: under the model, the adapter, and both in turns."""
    async with await LlamaEngine.load(bundled_planner()) as engine:
        file = await engine.add_adapter(path)
        tools = [Segment.tool(tool_text(tool.schema())) for tool in builtin_tools(Path(gettempdir()))[:8]]
        prompt = Prompt((Segment.system(), *tools, Segment.facts(FACTS), Segment.request(REQUEST)))

        async def read(uses: Sequence[AdapterUse | None]) -> float:
            before = engine.computed_tokens
            for use in uses:
                async for _ in engine.generate(prompt, max_tokens=1, adapter=use, thinking=Thinking(1)):
                    pass
            return (engine.computed_tokens - before) / len(uses)

        use = AdapterUse(file.name)
        await read([None])  # the tools are read once
        return {
            "model": await read([None] * times),
            "adapter": await read([use] * times),
            "in turns": await read([None, use] * (times // 2)),
        }


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapter", type=Path, default=next(iter(bundled_adapters()), None))
    parser.add_argument("--times", type=int, default=400)
    arguments = parser.parse_args()
    print(f"a switch costs {switch_ms(arguments.adapter, arguments.times):.2f} ms")
    for way, tokens in asyncio.run(tokens_each(arguments.adapter, arguments.times // 4)).items():
        print(f"{way:9} {tokens:5.2f} tokens read and written in each generation")


if __name__ == "__main__":
    main()
