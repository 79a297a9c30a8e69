"""What the retriever learns from: requests, the tools that serve each, and the tools that they stand among.

Only what may be trained on is drawn: the corpus without its held-out templates, unseen packs and the packs
that the scores are calibrated on, MetaTool's rows whose number is not divisible by 10, Seal-Tools'
test_in_domain, and the public utterances.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...retrieval.parts import split
from ...retrieval.text import name_words
from ...tools.tool import Tool
from .corpus import UNSEEN_PACKS, Corpus, Entry, Pack, Schema
from .metatool import metatool_requests, metatool_tools, tool_name
from .public import load_public, seal_tools

CALIBRATION_PERCENT = 6

Request = tuple[str, frozenset[int]]
Draw = Callable[[random.Random], Request]


@dataclass(frozen=True, slots=True)
class Question:
    """A request, whole and in parts, and the numbers of its tools in the pool."""

    texts: tuple[str, ...]
    tools: frozenset[int]


@dataclass(frozen=True, slots=True)
class Pool:
    """Tools that a request must tell apart, and where requests for them come from.

    sources: each draws one request; weights: how often each is drawn from. together: how many requests in a
    row come from one source, so that they share the tools that are read for them. joined: how often two
    requests become one. groups: what each tool belongs to, as words, where something is known of it.
    """

    name: str
    tools: tuple[Tool, ...]
    sources: tuple[Draw, ...]
    weights: tuple[float, ...]
    together: int = 1
    joined: float = 0.0
    groups: tuple[str, ...] = ()

    def draw(self, count: int, rng: random.Random) -> list[Question]:
        """`count` requests at random."""
        questions = []
        for source in rng.choices(self.sources, self.weights, k=-(-count // self.together)):
            questions += [self._question(source, rng) for _ in range(self.together)]
        return questions[:count]

    def _question(self, source: Draw, rng: random.Random) -> Question:
        text, tools = source(rng)
        if rng.random() < self.joined:
            other, more = rng.choices(self.sources, self.weights)[0](rng)
            # Mostly whole: what splits by rule needs no learning.
            whole = join(text, other, rng)
            return Question((whole,), tools | more) if rng.random() < 0.7 else question(whole, tools | more)
        return question(text, tools)


def question(text: str, tools: Iterable[int]) -> Question:
    """The request as retrieval looks it up: its parts, and the whole first if there are several."""
    parts = split(text)
    return Question(tuple(parts) if len(parts) == 1 else (text, *parts), frozenset(tools))


def join(first: str, second: str, rng: random.Random) -> str:
    """Two requests in one breath."""
    link = rng.choice((" and ", ", and ", " and also ", ". Also, ", " Additionally, ", ", plus ", " "))
    first = first if link == " " else first.rstrip(" .?!")
    return first + link + (second[:1].lower() + second[1:] if link != " " else second)


def load_pools(corpus: Corpus, data: Path) -> list[Pool]:
    """Every pool that may be trained on."""
    seal_pool = sealtools_tools(data)
    metatool = metatool_tools(data)
    return [
        _packs("builtin", corpus.builtin),
        _packs("packs", trained_packs(corpus), corpus.builtin_tools.values(), together=48, grouped=True),
        Pool("metatool", metatool, *_among(metatool, metatool_requests(data, development=False)), joined=0.3),
        Pool("sealtools", seal_pool, *_among(seal_pool, sealtools_requests(data, "test_in_domain.jsonl"))),
        # Intents: the shortest of names for the plainest of requests.
        _packs("intents", load_public(data)[1:], together=4, joined=0.1),
    ]


def trained_packs(corpus: Corpus) -> tuple[Pack, ...]:
    """The packs that the encoder learns from, beside those of the built-in tools."""
    kept_back = UNSEEN_PACKS | {pack.domain for pack in corpus.others if for_calibration(pack.domain)}
    return tuple(pack for pack in corpus.others if pack.domain not in kept_back and pack.entries)


def for_calibration(domain: str) -> bool:
    """Whether a pack is kept from the encoder, so that its scores for unknown tools can be measured."""
    return domain not in UNSEEN_PACKS and zlib.crc32(f"scores:{domain}".encode()) % 100 < CALIBRATION_PERCENT


def _packs(
    name: str,
    packs: Sequence[Pack],
    others: Iterable[Schema] = (),
    *,
    together: int = 1,
    joined: float = 0.0,
    grouped: bool = False,
) -> Pool:
    """One pool of the tools of all packs; a tool that several packs declare alike is one tool.

    grouped: whether a pack's name is what its tools would be found under.
    """
    schemas: dict[str, Schema] = {}
    groups: list[str] = []
    numbers: list[dict[str, int]] = []
    places: dict[str, int] = {}
    declared = [(name_words(pack.domain), pack.tools) for pack in packs]
    for group, tools in (*declared, ("", {schema["name"]: schema for schema in others})):
        numbers.append({})
        for tool, schema in tools.items():
            key = f"{tool} {schema.get('description', '')}"
            if key not in schemas:
                places[key] = len(schemas)
                schemas[key] = schema
                groups.append(group)
            numbers[-1][tool] = places[key]
    sources = tuple(partial(_of_pack, pack, places) for pack, places in zip(packs, numbers, strict=False))
    weights = tuple(float(len(pack.entries)) for pack in packs)
    known = tuple(groups) if grouped else ()
    return Pool(name, _tools(schemas.values()), sources, weights, together, joined, known)


def _of_pack(pack: Pack, numbers: dict[str, int], rng: random.Random) -> Request:
    while not (entry := rng.choice(pack.entries)).plan:
        pass
    return _expanded(pack, entry, numbers, rng)


def _expanded(pack: Pack, entry: Entry, numbers: dict[str, int], rng: random.Random) -> Request:
    example = pack.expand(entry, rng)
    return example.query, frozenset(numbers[call.tool] for call in example.plan)


def _among(
    tools: Sequence[Tool], requests: Sequence[tuple[str, frozenset[str]]]
) -> tuple[tuple[Draw, ...], tuple[float, ...]]:
    numbers = {tool.name: number for number, tool in enumerate(tools)}
    ready = [(text, frozenset(numbers[name] for name in names)) for text, names in requests]
    return (lambda rng: rng.choice(ready),), (1.0,)


def sealtools_requests(data: Path, file: str) -> list[tuple[str, frozenset[str]]]:
    """The requests of one of Seal-Tools' files, each with all the tools that it calls."""
    with (data / "sealtools" / file).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(row["query"], frozenset(tool_name(call["api"]) for call in row["calling"])) for row in rows]


def sealtools_tools(data: Path) -> tuple[Tool, ...]:
    """Seal-Tools' 4,076 tools."""
    schemas = seal_tools(data / "sealtools", "test_in_domain.jsonl").tools.values()
    return _tools(schemas)


def _tools(schemas: Iterable[Schema]) -> tuple[Tool, ...]:
    return tuple(Tool.from_schema(schema) for schema in schemas)
