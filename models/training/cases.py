"""Makes evaluation cases out of the held-out corpus: requests, offered tools, the plan that is wanted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .corpus import UNSEEN_PACKS, Corpus, Example, Pack, Schema
from .public import copied, seal_tools

OFFERED = 6


def builtin_cases(corpus: Corpus, seed: int = 0) -> Iterator[dict[str, Any]]:
    """One case for every held-out query template of the built-in tools' packs."""
    rng = random.Random(seed)
    yield from _pack_cases(corpus.builtin, rng, list(corpus.builtin_tools.values()))


def unseen_cases(corpus: Corpus, seed: int = 0) -> Iterator[dict[str, Any]]:
    """One case for every query template of the four packs whose tools are never trained on."""
    rng = random.Random(seed)
    packs = [pack for pack in corpus.others if pack.domain in UNSEEN_PACKS]
    yield from _pack_cases(packs, rng, [tool for pack in packs for tool in pack.tools.values()])


def refusal_cases(corpus: Corpus, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Held-out requests that no tool of their pack serves, with six of that pack's tools."""
    rng = random.Random(seed)
    for pack in (*corpus.builtin, *corpus.others):
        for number, query in enumerate(pack.none):
            example = Example(query, (), pack.tools)
            yield _case(f"{pack.domain}-none-{number}", example, list(pack.tools.values()), rng)


def seal_cases(data: Path, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Seal-Tools' development requests, whole, each with its gold tools among six of the 4,076.

    `copied` tells whether all text of the plan stands in the request, so that it can be copied from there.
    """
    rng = random.Random(seed)
    pack = seal_tools(data / "sealtools", "dev.jsonl", copies_only=False)
    tools = list(pack.tools.values())
    for number, entry in enumerate(pack.entries):
        case = _case(f"sealtools-{number}", Example(entry.query, entry.plan, pack.tools), tools, rng)
        yield case | {"copied": all(copied(c, pack.tools[c.tool], entry.query) for c in entry.plan)}


def dialogue_cases(corpus: Corpus, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Every later turn of the held-out dialogues, with the turns before it as `history`."""
    rng = random.Random(seed)
    for number, dialogue in enumerate(corpus.dialogues):
        for turn, example in enumerate(corpus.expand_dialogue(dialogue, rng)[1:], 2):
            yield _case(f"dialogue-{number}-{turn}", example, list(corpus.builtin_tools.values()), rng)


SETS = {
    "builtin": builtin_cases,
    "unseen": unseen_cases,
    "refusals": refusal_cases,
    "dialogues": dialogue_cases,
}


def _pack_cases(
    packs: tuple[Pack, ...] | list[Pack], rng: random.Random, others: list[Schema]
) -> Iterator[dict[str, Any]]:
    for pack in packs:
        for number, entry in enumerate(pack.entries):
            yield _case(
                f"{pack.domain}-{number}", pack.expand(entry, rng), [*pack.tools.values(), *others], rng
            )


def _case(name: str, example: Example, pool: list[Schema], rng: random.Random) -> dict[str, Any]:
    """Offer what the plan needs and random others of the pool, six in all unless the plan needs more."""
    by_name = {tool["name"]: tool for tool in reversed(pool)}
    needed = list(dict.fromkeys(call.tool for call in example.plan))
    reach = sorted(by_name.keys() - set(needed))
    names = needed + rng.sample(reach, max(0, min(len(reach), OFFERED - len(needed))))
    rng.shuffle(names)
    case: dict[str, Any] = {
        "id": name,
        "query": example.query,
        "tools": [by_name[n] for n in names],
        "plan": [{"tool": call.tool, "args": call.args} for call in example.plan],
    }
    if example.history:
        case["history"] = [
            {
                "query": turn.query,
                "plan": [{"tool": call.tool, "args": call.args} for call in turn.plan],
                "results": list(turn.results),
            }
            for turn in example.history
        ]
    return case
