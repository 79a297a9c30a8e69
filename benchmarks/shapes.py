"""Well-known shapes in full size, with random weights: they load, plan under their own template, and every
plan is valid. tests/agent/test_any_model.py does the same with a slice of each.

    python benchmarks/shapes.py [--model Qwen2.5-0.5B] [--requests 2]

Needs 3 GB of disk and memory for the largest, Phi-3-mini. What such a model writes is noise.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from scrubjay.agent.plan import print_plan
from scrubjay.agent.planner import PlanTooLong
from scrubjay.agent.reader import parse_plan
from scrubjay.models.engine import EngineSettings, LlamaEngine

sys.path.append(str(Path(__file__).parent.parent.parent))
from scrubjay.tests.agent.test_any_model import REQUESTS, TOOLS, Insisting
from scrubjay.tests.foreign_model import SHAPES, make_foreign_model


async def plan(path: Path, requests: int) -> str:
    """What came of it, in words. Raises what makes a plan invalid."""
    valid, steps, cut = 0, 0, 0
    started = time.perf_counter()
    async with await LlamaEngine.load(path, EngineSettings(context_tokens=4096)) as engine:
        loaded = time.perf_counter() - started
        planner = Insisting(engine, max_tokens=160)
        for request in REQUESTS[:requests]:
            text = ""
            try:
                async for chunk in planner.plan(request, TOOLS):
                    text += chunk.text
            except PlanTooLong:
                cut += 1
                text = text[: text.rfind("\n") + 1] + "done\n"
            written = parse_plan(text)
            if print_plan(written) != text:
                raise ValueError(f"not a plan: {text!r}")
            for step in written.steps:
                tool = next(tool for tool in TOOLS if tool.name == step.tool)
                if not list(step.references()):
                    tool.validate_arguments(dict(step.args))
            valid, steps = valid + 1, steps + len(written.steps)
        dialect = engine.metadata["scrubjay.dialect"]
    took = time.perf_counter() - started - loaded
    return (
        f"{dialect}; loaded in {loaded:.1f} s; {valid} of {requests} plans valid, {steps} steps,"
        f" {cut} cut off after 160 tokens; {took / requests:.1f} s each"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", choices=tuple(SHAPES))
    parser.add_argument("--requests", type=int, default=2)
    options = parser.parse_args()
    for name, shape in SHAPES.items():
        if options.model in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "model.gguf"
                make_foreign_model(path, shape, "Q4_0")
                size = path.stat().st_size / 1e9
                print(f"{name} ({size:.1f} GB): {asyncio.run(plan(path, options.requests))}", flush=True)


if __name__ == "__main__":
    main()
