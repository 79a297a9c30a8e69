"""`python -m scrubjay.models.training.retriever_fit`: finds the coefficients of `retrieval.fit`.

Logistic regression on the packs that the encoder was not trained on (`retriever_data.for_calibration`): their
training templates, each with 1 to 16 tools of its pack and of other packs, and requests that none of them
serves.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...retrieval.embedder import WEIGHTS
from ...retrieval.fit import FEATURES, Fits
from ...tools.tool import Tool
from .corpus import Corpus, Pack, load_corpus
from .retriever_data import for_calibration

TEMPLATES = 200
"""Of each pack."""
PENALTY = 1e-2

Array = npt.NDArray[np.float64]


def offers(corpus: Corpus, rng: random.Random) -> Iterator[tuple[str, list[Tool], set[str]]]:
    """Requests, the tools that are offered for each, and the names of those that it needs."""
    packs = [pack for pack in corpus.others if for_calibration(pack.domain)]
    tools = {pack.domain: [Tool.from_schema(schema) for schema in pack.tools.values()] for pack in packs}
    for pack in packs:
        strangers = [tool for domain, others in tools.items() if domain != pack.domain for tool in others]
        for text, needed in requests(pack, rng):
            own = [tool for tool in tools[pack.domain] if tool.name not in needed]
            more = rng.choice((0, 3, 5, 5, 5, 9, 15))
            among = rng.sample(own, min(len(own), more)) + rng.sample(strangers, rng.choice((0, 0, 3, 10)))
            offered = [*(tool for tool in tools[pack.domain] if tool.name in needed), *among]
            if offered:
                yield text, offered, needed


def requests(pack: Pack, rng: random.Random) -> Iterator[tuple[str, set[str]]]:
    """Some of a pack's templates with what they need, and all that nothing in it serves, some often."""
    for entry in rng.sample(pack.entries, min(TEMPLATES, len(pack.entries))):
        example = pack.expand(entry, rng)
        yield example.query, {call.tool for call in example.plan}
    for text in pack.none:
        for _ in range(2):
            yield text, set()


def regression(table: Array, wanted: Array) -> Array:
    """The coefficients of a logistic regression, by Newton's method."""
    found = np.zeros(table.shape[1])
    for _ in range(30):
        likely = 1 / (1 + np.exp(-table @ found))
        slope = table.T @ (likely - wanted) + PENALTY * found
        curve = (table * (likely * (1 - likely))[:, None]).T @ table + PENALTY * np.eye(len(found))
        found -= np.linalg.solve(curve, slope)
    return found


def table_of(fits: Fits, cases: Sequence[tuple[str, list[Tool], set[str]]]) -> tuple[Array, Array]:
    """A row for each offered tool, and whether it is needed."""
    rows = np.concatenate([fits.features(text, tools) for text, tools, _ in cases]).astype(np.float64)
    wanted = np.array([tool.name in needed for _, tools, needed in cases for tool in tools], np.float64)
    return rows, wanted


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(
        prog="python -m scrubjay.models.training.retriever_fit", description=__doc__
    )
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--out", type=Path, default=WEIGHTS / "fit.json")
    arguments = parser.parse_args()
    cases = list(offers(load_corpus(arguments.corpus), random.Random(0)))
    found = regression(*table_of(Fits(), cases))
    content = {name: round(value, 3) for name, value in zip(FEATURES, found.tolist(), strict=True)}
    arguments.out.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    print(f"{len(cases)} requests: {content}")


if __name__ == "__main__":
    main()
