"""What a decoded token costs in the engine, against llama.cpp's own `llama_decode` in a bare loop.

    python benchmarks/decode.py [--tokens 128] [--rounds 9] [--json]

Models: the bundled planner where there is one, and two with random weights, of its size and of 110 million
parameters. In each round the bare loop, the engine and the engine under a grammar take turns, after the same
number of prompt tokens. A step is the time from one return of `llama_decode` to the next, everything that the
engine's thread does in between included; the table compares medians, and tenth percentiles (undisturbed),
which hold on a busy machine too. A grammar's forced tokens are read together: it is compared by the mean time
per token.
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
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

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
from tiny_model import Shape, make_tiny_planner  # type: ignore[import-not-found]

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


@dataclass(frozen=True, slots=True)
class Run:
    """Milliseconds of each step that read one token, and per token on the average; how many were forced."""

    steps_ms: list[float]
    mean_ms: float
    forced_share: float = 0.0

    @property
    def step_ms(self) -> float:
        return statistics.median(self.steps_ms)

    @property
    def undisturbed_ms(self) -> float:
        return statistics.quantiles(self.steps_ms, n=10)[0]


@dataclass(frozen=True, slots=True)
class Row:
    """What came out for one model: medians over the rounds, of milliseconds and of ratios within a round."""

    model: str
    parameters_m: float
    threads: int
    bare_step_ms: float
    engine_step_ms: float
    engine_ratio: float
    bare_undisturbed_ms: float
    engine_undisturbed_ms: float
    engine_undisturbed_ratio: float
    bare_mean_ms: float
    constrained_mean_ms: float
    constrained_ratio: float
    forced_share: float


class Clock:
    """Takes the time of every return of `llama_decode`, whoever calls it."""

    def __init__(self) -> None:
        self._decode = llama_cpp.llama_decode
        self._returns: list[tuple[float, int]] = []

    def __call__(self, context: Any, batch: llama_cpp.llama_batch) -> int:
        code: int = self._decode(context, batch)
        self._returns.append((time.perf_counter(), batch.n_tokens))
        return code

    def steps(self) -> list[float]:
        """Milliseconds of the steps since the last call that read one token after another one."""
        returns, self._returns = self._returns, []
        return [
            (end - start) * 1e3 for (start, before), (end, size) in pairwise(returns) if before == size == 1
        ]


class Bare:
    """llama.cpp alone: a batch of one token, decoded again and again, and its logits asked for."""

    def __init__(self, path: Path, threads: int | None) -> None:
        self.model: Model = load_model(path)
        self.threads = threads or thread_count(self.model)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = 2048
        params.n_threads = params.n_threads_batch = self.threads
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

    def run(self, tokens: int, clock: Clock) -> Run:
        """Read the prompt, then so many tokens."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), False)
        array = (llama_cpp.llama_token * len(self.prompt))(*self.prompt)
        llama_cpp.llama_decode(self.context, llama_cpp.llama_batch_get_one(array, len(self.prompt)))
        llama_cpp.llama_synchronize(self.context)
        token = (llama_cpp.llama_token * 1)(self.prompt[-1])
        batch = llama_cpp.llama_batch_get_one(token, 1)
        clock.steps()
        started = time.perf_counter()
        for _ in range(tokens):
            if llama_cpp.llama_decode(self.context, batch) != 0:
                raise RuntimeError("llama_decode failed")
            llama_cpp.llama_get_logits(self.context)
        return Run(clock.steps(), (time.perf_counter() - started) / tokens * 1e3)

    def close(self) -> None:
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model.pointer)


async def write(engine: LlamaEngine, constraint: Constraint | None, tokens: int, clock: Clock) -> Run:
    """Write at least so many tokens, in as many generations as it takes."""
    clock.steps()
    seconds = 0.0
    count = forced = 0
    while count < tokens:
        started = 0.0
        async for chunk in engine.generate(PROMPT, constraint=constraint, max_tokens=tokens):
            if started:
                count += chunk.tokens
                forced += chunk.forced
            else:
                started = time.perf_counter()
        seconds += time.perf_counter() - started
    return Run(clock.steps(), seconds / count * 1e3, forced / count)


async def measure(name: str, path: Path, tokens: int, rounds: int, threads: int | None) -> Row:
    """All three ways in turn."""
    bare = Bare(path, threads)
    clock = Clock()
    runs: list[tuple[Run, Run, Run]] = []
    try:
        with patch("llama_cpp.llama_decode", clock):
            async with await LlamaEngine.load(path, EngineSettings(threads=bare.threads)) as engine:
                for number in range(rounds + 1):
                    alone = bare.run(tokens, clock)
                    free = await write(engine, None, tokens, clock)
                    held = await write(engine, ManyLines(), tokens, clock)
                    if number:  # the first round fills caches
                        runs.append((alone, free, held))
    finally:
        bare.close()

    def median(of: Callable[[Run, Run, Run], float]) -> float:
        return round(statistics.median(of(*run) for run in runs), 4)

    return Row(
        model=name,
        parameters_m=round(bare.parameters / 1e6, 1),
        threads=bare.threads,
        bare_step_ms=median(lambda alone, free, held: alone.step_ms),
        engine_step_ms=median(lambda alone, free, held: free.step_ms),
        engine_ratio=median(lambda alone, free, held: free.step_ms / alone.step_ms),
        bare_undisturbed_ms=median(lambda alone, free, held: alone.undisturbed_ms),
        engine_undisturbed_ms=median(lambda alone, free, held: free.undisturbed_ms),
        engine_undisturbed_ratio=median(lambda alone, free, held: free.undisturbed_ms / alone.undisturbed_ms),
        bare_mean_ms=median(lambda alone, free, held: alone.mean_ms),
        constrained_mean_ms=median(lambda alone, free, held: held.mean_ms),
        constrained_ratio=median(lambda alone, free, held: held.mean_ms / alone.mean_ms),
        forced_share=median(lambda alone, free, held: held.forced_share),
    )


def print_table(rows: list[Row]) -> None:
    print(f"{'milliseconds':20}{'a step: bare, engine':>27}{'undisturbed':>28}{'a token: bare, grammar':>29}")
    for row in rows:
        print(
            f"{row.model:20}"
            f" {row.bare_step_ms:8.3f} {row.engine_step_ms:8.3f} ({row.engine_ratio:4.2f}x)"
            f" {row.bare_undisturbed_ms:8.3f} {row.engine_undisturbed_ms:8.3f}"
            f" ({row.engine_undisturbed_ratio:4.2f}x)"
            f" {row.bare_mean_ms:8.3f} {row.constrained_mean_ms:8.3f} ({row.constrained_ratio:4.2f}x,"
            f" {row.forced_share:.0%} forced)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tokens", type=int, default=128, help="tokens written in each run")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, help="by default what the engine takes")
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
        print(json.dumps({"tokens": options.tokens, "rows": [asdict(row) for row in rows]}))


if __name__ == "__main__":
    main()
