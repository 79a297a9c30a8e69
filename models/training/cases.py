"""Makes evaluation cases out of the held-out corpus: requests, offered tools, the plan that is wanted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from .corpus import UNSEEN_PACKS, Corpus, Example, Pack, Schema

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
