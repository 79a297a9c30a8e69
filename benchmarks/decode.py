"""What a decoded token costs in the engine, against llama.cpp's own `llama_decode` in a bare loop.

    python benchmarks/decode.py [--tokens 128] [--rounds 9] [--json]

Models: the bundled planner where there is one, and two with random weights, of its size and of 110 million
parameters. In each round the bare loop, the engine and the engine under a grammar take turns, after the same
number of prompt tokens; the table has medians over the rounds, and of the ratios within a round.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import llama_cpp
from gguf import GGMLQuantizationType

from scrubjay.models.catalog import bundled_planner
from scrubjay.models.constrained import Constraint
from scrubjay.models.context import thread_count
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.errors import ModelFileError
from scrubjay.models.layout import Layout
from scrubjay.models.library import Model, load_model
from scrubjay.models.prompt import Prompt, Segment
from scrubjay.models.vocabulary import Vocabulary

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from tiny_model import Shape, make_tiny_planner

SMALL = Shape(layers=8, width=256, heads=8, kv_heads=8, feed_forward=768, vocabulary=8192)
LARGE = Shape(layers=12, width=768, heads=12, kv_heads=12, head_size=64, feed_forward=2304, vocabulary=16384)
TOOLS = (
    "send_sms(to: [str], message: str) Send a text message. | to: Phone numbers; message: Text to send",
    "get_phone_number(name: str) -> str Look up a phone number. | name: Whose number",
    "create_note(title: str, text: str) Write a note down. | title: Its title; text: What it says",
    "set_alarm(time: str, label?: str) Set an alarm. | time: When it rings; label: What it is for",
)
PROMPT = Prompt(
    (
        Segment.system(),
        *map(Segment.tool, TOOLS),
        Segment.request("text Sid and Lutfi that I'm running late and note it in my journal"),
    )
)
LINE = r"""
start: "$1 = " (sms | phone | note) ")\n"
sms: "send_sms(to=[" STRING "], message=" STRING
phone: "get_phone_number(name=" STRING
note: "create_note(title=" STRING ", text=" STRING
STRING: "\"" /[a-zA-Z ]{12,24}/ "\""
"""


class ManyLines:
    """A constraint that never ends: plan lines with strings of a sentence's length."""

    def next_grammar(self, written: str) -> str | None:
        return LINE


@dataclass
class Row:
    """What came out for one model; times in milliseconds per token."""

    model: str
    parameters_m: float
    bare_ms: float
    engine_ms: float
    engine_ratio: float
    constrained_ms: float
    constrained_ratio: float
    constrained_step_ms: float
    constrained_step_ratio: float
    forced_share: float


class Bare:
    """llama.cpp alone: a batch of one token, decoded again and again, and its logits asked for."""

    def __init__(self, path: Path, threads: int) -> None:
        self.model: Model = load_model(path)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = 2048
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED  # as in the engine
        params.no_perf = True
        self.context: Any = llama_cpp.llama_init_from_model(self.model.pointer, params)
        self.parameters = int(llama_cpp.llama_model_n_params(self.model.pointer))
        laid_out = Layout(self.model, Vocabulary(self.model)).tokens(PROMPT)
        self.prompt = [
            *laid_out.system,
            *(token for tool in laid_out.tools for token in tool),
            *laid_out.rest,
        ]

    def run(self, tokens: int) -> float:
        """Milliseconds per token after the prompt."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), False)
        array = (llama_cpp.llama_token * len(self.prompt))(*self.prompt)
        llama_cpp.llama_decode(self.context, llama_cpp.llama_batch_get_one(array, len(self.prompt)))
        llama_cpp.llama_synchronize(self.context)
        token = (llama_cpp.llama_token * 1)(self.prompt[-1])
        batch = llama_cpp.llama_batch_get_one(token, 1)
        started = time.perf_counter()
        for _ in range(tokens):
            if llama_cpp.llama_decode(self.context, batch) != 0:
                raise RuntimeError("llama_decode failed")
            llama_cpp.llama_get_logits(self.context)
        return (time.perf_counter() - started) / tokens * 1e3

    def close(self) -> None:
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model.pointer)


async def written(engine: LlamaEngine, constraint: Constraint | None, tokens: int) -> tuple[float, int, int]:
    """Seconds between the first and the last chunk, tokens and forced tokens in between."""
    first = last = 0.0
    count = forced = 0
    async for chunk in engine.generate(PROMPT, constraint=constraint, max_tokens=tokens):
        last = time.perf_counter()
        if first:
            count += chunk.tokens
            forced += chunk.forced
        else:
            first = last
    return last - first, count, forced


async def measure(name: str, path: Path, tokens: int, rounds: int, threads: int) -> Row:
    """All three ways in turn."""
    bare = Bare(path, threads)
    times: list[tuple[float, float, float, float, float]] = []
    try:
        async with await LlamaEngine.load(path, EngineSettings(threads=threads)) as engine:
            for number in range(rounds + 1):
                alone = bare.run(tokens)
                seconds, count, _ = await written(engine, None, tokens)
                held_seconds, held_count, forced = await written(engine, ManyLines(), tokens)
                if number:  # the first round fills caches
                    free = seconds / count * 1e3
                    held = held_seconds / held_count * 1e3
                    step = held_seconds / (held_count - forced) * 1e3
                    times.append((alone, free, held, step, forced / held_count))
    finally:
        bare.close()

    def median(of: Callable[[tuple[float, float, float, float, float]], float]) -> float:
        return statistics.median(of(one) for one in times)

    return Row(
        model=name,
        parameters_m=round(bare.parameters / 1e6, 1),
        bare_ms=median(lambda one: one[0]),
        engine_ms=median(lambda one: one[1]),
        engine_ratio=median(lambda one: one[1] / one[0]),
        constrained_ms=median(lambda one: one[2]),
        constrained_ratio=median(lambda one: one[2] / one[0]),
        constrained_step_ms=median(lambda one: one[3]),
        constrained_step_ratio=median(lambda one: one[3] / one[0]),
        forced_share=median(lambda one: one[4]),
    )


def print_table(rows: list[Row]) -> None:
    print(f"{'ms per token':28}     bare   engine  ratio  grammar  ratio  forced")
    for row in rows:
        print(
            f"{row.model:28} {row.bare_ms:8.3f} {row.engine_ms:8.3f} {row.engine_ratio:6.2f}"
            f" {row.constrained_ms:8.3f} {row.constrained_ratio:6.2f} {row.forced_share:7.0%}"
        )
        print(
            f"{'  per step of the model':28} {'':8} {'':8} {'':6}"
            f" {row.constrained_step_ms:8.3f} {row.constrained_step_ratio:6.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tokens", type=int, default=128, help="tokens written in each run")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=thread_count())
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        models = {"random, 11 M, Q8_0": SMALL, "random, 110 M, Q8_0": LARGE}
        paths = {name: Path(folder) / f"{shape.width}.gguf" for name, shape in models.items()}
        for name, path in paths.items():
            make_tiny_planner(path, shape=models[name], weight_type=GGMLQuantizationType.Q8_0)
        try:
            paths = {"bundled planner": bundled_planner(), **paths}
        except ModelFileError as error:
            print(error, file=sys.stderr)
        for name, path in paths.items():
            rows.append(asyncio.run(measure(name, path, options.tokens, options.rounds, options.threads)))
    print_table(rows)
    if options.json:
        print(
            json.dumps(
                {"tokens": options.tokens, "threads": options.threads, "rows": [asdict(row) for row in rows]}
            )
        )


if __name__ == "__main__":
    main()
