"""What is wrong with plans that are not the wanted ones, in kinds that can be counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .scoring import PlanJson, equal

Step = Mapping[str, Any]

_REFERENCE = re.compile(r"\$\d")


def mistakes(plan: PlanJson, wanted: PlanJson, schemas: Mapping[str, Mapping[str, Any]]) -> Counter[str]:
    """The kinds of mistakes in one plan; calls of one tool are compared in their order.

    schemas: of each offered tool, as `Tool.schema()` gives them.
    """
    if not plan or not wanted:
        return Counter(
            ["refused, though a tool serves it" if wanted else "not refused"] if plan or wanted else []
        )
    found = Counter(_calls(plan, wanted))
    for name in {step["tool"] for step in wanted}:
        ours = [step for step in plan if step["tool"] == name]
        theirs = [step for step in wanted if step["tool"] == name]
        properties = schemas.get(name, {}).get("parameters", {}).get("properties", {})
        for mine, gold in zip(ours, theirs, strict=False):
            found.update(_arguments(mine["args"], gold["args"], properties))
    if not found:
        found["the same calls, in a wrong order or with references to other steps"] += 1
    return found


def _calls(plan: PlanJson, wanted: PlanJson) -> Iterator[str]:
    ours, theirs = Counter(step["tool"] for step in plan), Counter(step["tool"] for step in wanted)
    extra, missing = ours - theirs, theirs - ours
    swapped = min(extra.total(), missing.total())
    yield from ["another tool than the wanted one"] * swapped
    for name in list(extra.elements())[swapped:]:
        yield "a call too many, of a tool that is needed" if name in theirs else "a call too many"
    for name in list(missing.elements())[swapped:]:
        yield "a second call of a tool left out" if name in ours else "a call left out"


def _arguments(mine: Step, gold: Step, properties: Mapping[str, Any]) -> Iterator[str]:
    for name in gold.keys() - mine.keys():
        yield f"an optional argument left out ({_kind(properties.get(name, {}))})"
    for name in mine.keys() - gold.keys():
        yield f"an optional argument too many ({_kind(properties.get(name, {}))})"
    for name in mine.keys() & gold.keys():
        if not equal(mine[name], gold[name]) and not _is_moved_reference(mine[name], gold[name]):
            yield _value(mine[name], gold[name], properties.get(name, {}))


def _is_moved_reference(mine: Any, gold: Any) -> bool:
    """Whether both are references: which step they name depends on the order of the steps."""
    if isinstance(mine, list) and isinstance(gold, list):
        return len(mine) == len(gold) and all(map(_is_moved_reference, mine, gold))
    return _refers(mine) and _refers(gold)


def _value(mine: Any, gold: Any, schema: Mapping[str, Any]) -> str:
    if _refers(gold) or _refers(mine):
        return "words where a result belongs" if _refers(gold) else "a result where words belong"
    if isinstance(gold, list) and isinstance(mine, list):
        if len(mine) != len(gold):
            return "a list with too few items" if len(mine) < len(gold) else "a list with too many items"
        return "a list with other items"
    if "enum" in schema:
        return "another value of an enum"
    if isinstance(mine, str) and isinstance(gold, str):
        return _span(mine, gold)
    return f"another value ({_kind(schema)})"


def _span(mine: str, gold: str) -> str:
    if gold.lower() == mine.lower():
        return "text in other letter case"
    if gold in mine:
        return "text with words too many"
    if mine in gold:
        return "text with words left out"
    overlap = set(gold.lower().split()) & set(mine.lower().split())
    return "text that begins and ends elsewhere" if overlap else "text from another place in the request"


def _refers(value: Any) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(map(_refers, value))
    return isinstance(value, str) and _REFERENCE.match(value) is not None


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "enum"
    kind = schema.get("type", "any")
    return kind if isinstance(kind, str) else "any"
