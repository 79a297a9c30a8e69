"""What the retriever learns from: requests, the tools that serve each, and the tools that they stand among.

Only what may be trained on is drawn: the corpus without its held-out templates and unseen packs, MetaTool's
rows whose number is not divisible by 10, and Seal-Tools' test_in_domain.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...retrieval.parts import split
from ...tools.tool import Tool
from .corpus import UNSEEN_PACKS, Corpus, Pack, Schema
from .public import seal_tools


@dataclass(frozen=True, slots=True)
class Question:
    """A request, whole and in parts, and the numbers of its tools in the pool."""

    texts: tuple[str, ...]
    tools: frozenset[int]


@dataclass(frozen=True, slots=True)
class Pool:
    """Tools that a request must tell apart, and requests for them: `(text, names)`, or a pack's templates."""

    name: str
    tools: tuple[Tool, ...]
    requests: tuple[tuple[str, frozenset[str]], ...] = ()
    packs: tuple[Pack, ...] = ()

    def draw(self, count: int, rng: random.Random) -> list[Question]:
        """`count` requests at random."""
        numbers = {tool.name: number for number, tool in enumerate(self.tools)}
        drawn = rng.choices(self.requests, k=count) if self.requests else self._expanded(count, rng)
        return [question(text, (numbers[name] for name in names)) for text, names in drawn]

    def _expanded(self, count: int, rng: random.Random) -> list[tuple[str, frozenset[str]]]:
        packs = rng.choices(self.packs, [len(pack.entries) for pack in self.packs], k=count)
        examples = [pack.expand(rng.choice(pack.entries), rng) for pack in packs]
        return [(e.query, frozenset(call.tool for call in e.plan)) for e in examples if e.plan]


def question(text: str, tools: Iterable[int]) -> Question:
    """The request as retrieval looks it up: its parts, and the whole first if there are several."""
    parts = split(text)
    return Question(tuple(parts) if len(parts) == 1 else (text, *parts), frozenset(tools))


def load_pools(corpus: Corpus, data: Path) -> list[Pool]:
    """Every pool that may be trained on: built-in tools, the other packs, MetaTool and Seal-Tools (twice)."""
    seen = tuple(pack for pack in corpus.others if pack.domain not in UNSEEN_PACKS and pack.entries)
    builtin = tuple(pack for pack in corpus.builtin if pack.entries)
    schemas = {name: schema for pack in seen for name, schema in pack.tools.items()}
    seal_pool = sealtools_tools(data)
    return [
        Pool("builtin", _tools(corpus.builtin_tools.values()), packs=builtin),
        Pool("packs", _tools(schemas.values()), packs=seen),
        Pool("metatool", metatool_tools(data), tuple(metatool_requests(data, development=False))),
        Pool("sealtools", seal_pool, tuple(sealtools_requests(data, "test_in_domain.jsonl"))),
        # A tool's description reads like a request for it; most tools have no other.
        Pool("descriptions", seal_pool, tuple((t.description, frozenset((t.name,))) for t in seal_pool)),
    ]


def metatool_tools(data: Path) -> tuple[Tool, ...]:
    """MetaTool's 199 tools; names and descriptions are all that it says about them."""
    described = json.loads((data / "metatool" / "tools.json").read_text("utf-8"))
    return tuple(
        Tool(tool_name(name), text, {"type": "object", "properties": {}}) for name, text in described.items()
    )


def tool_name(name: str) -> str:
    """A name of MetaTool's or Seal-Tools' in the letters that a Tool's name may have (`PDF&URLTool`)."""
    return re.sub(r"[^A-Za-z0-9_./-]", "_", name)


def metatool_requests(data: Path, *, development: bool) -> list[tuple[str, frozenset[str]]]:
    """Requests for one tool each: the rows whose number is divisible by 10, or those that may be trained on.

    Whether rows are counted from 0, from 1 or as lines of the file, none of these is trained on.
    """
    with (data / "metatool" / "queries.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (row["Query"], frozenset((tool_name(row["Tool"]),)))
        for number, row in enumerate(rows)
        if (number % 10 == 0 if development else number % 10 not in (0, 8, 9))
    ]


def metatool_pairs(data: Path) -> list[tuple[str, frozenset[str]]]:
    """The requests for two tools, which are never trained on."""
    rows = json.loads((data / "metatool" / "multi_tool_queries.json").read_text("utf-8"))
    return [(row["query"], frozenset(map(tool_name, row["tool"]))) for row in rows]


def sealtools_requests(data: Path, file: str) -> list[tuple[str, frozenset[str]]]:
    """The requests of one of Seal-Tools' files, each with all the tools that it calls."""
    with (data / "sealtools" / file).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(row["query"], frozenset(tool_name(call["api"]) for call in row["calling"])) for row in rows]


def sealtools_tools(data: Path) -> tuple[Tool, ...]:
    """Seal-Tools' 4,076 tools."""
    schemas = seal_tools(data / "sealtools", "test_in_domain.jsonl").tools.values()
    return _tools(schema | {"name": tool_name(schema["name"])} for schema in schemas)


def _tools(schemas: Iterable[Schema]) -> tuple[Tool, ...]:
    return tuple(Tool.from_schema(schema) for schema in schemas)
