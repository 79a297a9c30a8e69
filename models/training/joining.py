"""Several requests said in one breath: the plan is one after the other, steps numbered through."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from .augment import strings
from .corpus import REFERENCE, Call, Example, Json

_NUMBER = re.compile(r"(?<=\$)\d+")
_OPENINGS = (
    "",
    "",
    "",
    "Please ",
    "First, ",
    "Firstly, ",
    "I need a few things. ",
    "I need your help. ",
    "hey ",
)
_BETWEEN = (
    *(", ", " and ", ", and ", ". ", ". ", "; ", ". Then ", ", then ", " and then "),
    *(". Also, ", ". Also ", " and also ", ". Next, ", ". After that, ", ". Additionally, ", ". Second, "),
)
_LAST = (*_BETWEEN, ". Finally, ", ". Lastly, ", " and finally ", ", and finally ", ". Oh and ")


def join_some(examples: list[Example], share: float, rng: random.Random) -> list[Example]:
    """Join about `share` of the examples in twos to fours; the others stay as they are, order is lost."""
    single = list({e.query: e for e in examples if e.plan and not e.history}.values())
    rng.shuffle(single)
    rest = [e for e in examples if not e.plan or e.history]
    joined = []
    many = int(share * len(single) + rng.random())
    while many > 1 and len(single) > 1:
        size = min(rng.choice((2, 2, 3, 3, 4)), len(single))
        joined.append(join(single[-size:], rng))
        del single[-size:]
        many -= size
    return rest + single + joined


def join(examples: Sequence[Example], rng: random.Random) -> Example:
    """One example out of several; their tools must not differ where their names are the same."""
    kept = [text for e in examples for call in e.plan for text in strings(call.args)]
    query = rng.choice(_OPENINGS)
    for number, example in enumerate(examples):
        if number:
            query += rng.choice(_LAST if number == len(examples) - 1 else _BETWEEN)
        said = example.query if number == len(examples) - 1 else example.query.rstrip(" .!?,;")
        query += said if query.endswith(". ") or not query else _uncapitalised(said, kept)
    plan: list[Call] = []
    for example in examples:
        done = len(plan)
        plan += [Call(call.tool, _renumbered(call.args, done)) for call in example.plan]
    return Example(query, tuple(plan), {n: tool for e in examples for n, tool in e.tools.items()})


def _uncapitalised(text: str, kept: Sequence[str]) -> str:
    """`text` in the middle of a sentence; a word that an argument begins with stays as it is."""
    word = text.split(" ", 1)[0]
    return text if not text or any(word in k for k in kept) else text[0].lower() + text[1:]


def _renumbered(value: Json, by: int) -> Json:
    if isinstance(value, str):
        return (
            _NUMBER.sub(lambda m: str(int(m[0]) + by), value, count=1)
            if REFERENCE.fullmatch(value)
            else value
        )
    if isinstance(value, list):
        return [_renumbered(item, by) for item in value]
    if isinstance(value, dict):
        return {key: _renumbered(item, by) for key, item in value.items()}
    return value
