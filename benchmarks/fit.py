"""How well the scores of offered tools (`retrieval/fit.py`) tell what a request needs, without any planner.

`python benchmarks/fit.py` takes the held-out requests of the corpus with six tools each, as
`python -m scrubjay.models.training cases` makes them. Refusals are told from requests that can be served by
the highest score of the six (AUC: how often that is right for one of each, drawn at random).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scrubjay.models.training.cases import builtin_cases, refusal_cases, unseen_cases
from scrubjay.models.training.corpus import load_corpus
from scrubjay.retrieval.embedder import Embedder, OnnxEmbedder
from scrubjay.retrieval.fit import Fits
from scrubjay.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class Scored:
    """One request: the offered tools best first, those it needs, the highest log-odds, how long it took."""

    ranked: list[str]
    needed: set[str]
    highest: float
    ms: float


def scored(cases: Iterable[dict[str, Any]], fits: Fits) -> list[Scored]:
    """Score the tools of each case, their vectors being known."""
    found = []
    for case in cases:
        tools = [Tool.from_schema(schema) for schema in case["tools"]]
        fits.log_odds("warm up", tools)
        started = time.perf_counter()
        odds = np.array(fits.log_odds(case["query"], tools))
        ms = (time.perf_counter() - started) * 1000
        ranked = [tools[place].name for place in np.argsort(-odds, kind="stable")]
        needed = {step["tool"] for step in case["plan"]}
        found.append(Scored(ranked, needed, float(odds.max()), ms))
    return found


def highest(cases: Sequence[Scored]) -> npt.NDArray[np.float64]:
    """The highest log-odds of each."""
    return np.array([case.highest for case in cases])


def auc(served: npt.NDArray[np.float64], refused: npt.NDArray[np.float64]) -> float:
    """How often a served request stands above a refused one."""
    return float((served[:, None] > refused).mean() + (served[:, None] == refused).mean() / 2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--weights", type=Path, help="a folder with another encoder.onnx and tokenizer.json")
    arguments = parser.parse_args()
    if not arguments.corpus.is_dir():
        print(f"not measured: there is no corpus in {arguments.corpus}")
        return
    embedder: Embedder | None = OnnxEmbedder(arguments.weights) if arguments.weights else None
    fits, corpus = Fits(embedder), load_corpus(arguments.corpus, held_out=True)
    refused = highest(scored(refusal_cases(corpus), fits))
    print(
        f"{'six tools offered':22}{'requests':>9}{'first, one tool':>17}{'first, all':>12}{'AUC':>8}{'ms':>7}"
    )
    for name, cases in (("built-in tools", builtin_cases), ("unseen packs", unseen_cases)):
        found = scored(cases(corpus), fits)
        single = [case for case in found if len(case.needed) == 1]
        first = statistics.mean(case.ranked[0] in case.needed for case in single)
        every = statistics.mean(set(case.ranked[: len(case.needed)]) == case.needed for case in found)
        ms = statistics.median(case.ms for case in found)
        apart = auc(highest(found), refused)
        print(f"{name:22}{len(found):9}{first:17.3f}{every:12.3f}{apart:8.3f}{ms:7.1f}", flush=True)


if __name__ == "__main__":
    main()
