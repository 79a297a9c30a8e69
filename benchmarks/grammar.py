"""What the grammar of a line costs: its text, and llguidance's matcher for it.

python benchmarks/grammar.py [--json]

Eight built-in tools, strings from evidence, the bundled planner's vocabulary. The common case is a request
of 30 words; the others are requests that nobody should wait for either. Times are of the processor, so that
other work on the machine doesn't count.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from llguidance import LLMatcher, LLTokenizer

from scrubjay.agent.grammar import PlanGrammar
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.library import load_model
from scrubjay.models.vocabulary import Vocabulary
from scrubjay.tools.builtin import builtin_tools

ROUNDS = 40
TOOLS = 8
ALLOWED_MS = 10.0

HAN = [chr(code) for code in range(0x4E00, 0x9FFF)]
REQUESTS: dict[str, Callable[[random.Random], str]] = {
    "30 words": lambda chance: _words(chance, 30),
    "2,000 words": lambda chance: _words(chance, 2_000),
    "100,000 characters of words": lambda chance: _words(chance, 20_000)[:100_000],
    "100,000 Chinese characters": lambda chance: _letters(chance, HAN),
    "100,000 punctuation marks": lambda chance: _letters(chance, ".,;:!?-"),
    "one word of 100,000 letters": lambda chance: _letters(chance, "abcdefgh"),
}


@dataclass(frozen=True)
class Cost:
    """Medians in ms. first_line_ms, next_line_ms: the text of the grammar; matcher_ms: llguidance's part.

    ratio: first_line_ms + matcher_ms over those of the common case.
    """

    request: str
    first_line_ms: float
    matcher_ms: float
    next_line_ms: float
    first_mask_ms: float
    ratio: float = 1.0


def measure(name: str, schemas: Sequence[dict[str, Any]], tokenizer: LLTokenizer) -> Cost:
    """The costs of one kind of request, with other tools and other words each time."""
    chance = random.Random(name)
    rounds = ROUNDS if name == "30 words" else 3
    times = [_once(REQUESTS[name](chance), chance.sample(schemas, TOOLS), tokenizer) for _ in range(rounds)]
    return Cost(name, *(statistics.median(column) for column in zip(*times, strict=True)))


def _once(
    request: str, schemas: Sequence[dict[str, Any]], tokenizer: LLTokenizer
) -> tuple[float, float, float, float]:
    clock = [time.process_time()]

    def lap() -> float:
        clock.append(time.process_time())
        return (clock[-1] - clock[-2]) * 1000

    grammar = PlanGrammar(schemas, [request])
    lark = grammar.next_grammar("") or ""
    first_line = lap()
    matcher = LLMatcher(tokenizer, lark, log_level=0)
    made = lap()
    matcher.compute_bitmask()
    mask = lap()
    grammar.next_grammar(f"$1 = {schemas[0]['name']}()\n")
    return first_line, made, lap(), mask


def _words(chance: random.Random, count: int) -> str:
    return " ".join("".join(chance.choices("abcdefghij", k=chance.randint(2, 8))) for _ in range(count))


def _letters(chance: random.Random, alphabet: Sequence[str]) -> str:
    return "".join(chance.choices(alphabet, k=100_000))


def print_costs(costs: Sequence[Cost]) -> None:
    """A table, one request a row."""
    print(f"{'request':30}{'text ms':>10}{'matcher ms':>12}{'next line ms':>14}{'mask ms':>9}{'ratio':>8}")
    for cost in costs:
        print(
            f"{cost.request:30}{cost.first_line_ms:10.2f}{cost.matcher_ms:12.2f}"
            f"{cost.next_line_ms:14.2f}{cost.first_mask_ms:9.2f}{cost.ratio:8.1f}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        schemas = [tool.schema() for tool in builtin_tools(Path(folder))]
    vocabulary = Vocabulary(load_model(bundled_planner()))
    tokenizer = vocabulary.grammar_tokenizer()
    measured = [measure(name, schemas, tokenizer) for name in REQUESTS]
    common = measured[0].first_line_ms + measured[0].matcher_ms
    costs = [
        Cost(**{**asdict(cost), "ratio": (cost.first_line_ms + cost.matcher_ms) / common})
        for cost in measured
    ]
    print_costs(costs)
    print(f"the common case takes {common:.1f} ms, of {ALLOWED_MS:.0f} ms allowed")
    if arguments.json:
        print(json.dumps({"costs": [asdict(cost) for cost in costs], "within_target": common <= ALLOWED_MS}))


if __name__ == "__main__":
    main()
