"""Where tools stand in a prompt that a chat template has written.

A template may put anything before and after each tool, so each is given marks before the template sees it:
one before its first text and one after its last. What stands alike around all of them belongs to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count, pairwise
from typing import Any

EDGE = "\ufdd1"  # no character: no text should have it


def with_edges(value: Any) -> Any:
    """A JSON value with a mark before its first text and one after its last; names of fields have none."""
    last = sum(1 for _ in _texts(value)) - 1
    places = count()

    def copy(value: Any) -> Any:
        if isinstance(value, str):
            place = next(places)
            return EDGE * (place == 0) + value + EDGE * (place == last)
        if isinstance(value, Mapping):
            return {name: copy(item) for name, item in value.items()}
        if isinstance(value, list):
            return [copy(item) for item in value]
        return value

    return copy(value)


def tool_edges(marked: str, tools: int) -> list[int]:
    """Where each of so many tools begins in a text without its marks, and where the last one ends; nothing
    where the template has left out marks, or doubled some."""
    plain, *pieces = marked.split(EDGE)
    if not tools or len(pieces) != 2 * tools:
        return []
    starts, ends, between = [], [], [plain]
    at = len(plain)
    for tool, after in zip(pieces[::2], pieces[1::2], strict=True):
        starts.append(at)
        ends.append(at + len(tool))
        at = ends[-1] + len(after)
        between.append(after)
    lead = _common_start([before[::-1] for before in between[:-1]])
    trail = _common_start([after[: len(after) - lead] for after in between[1:-1]] + between[-1:])
    if tools == 1:
        lead = trail = 0
    edges = [start - lead for start in starts] + [ends[-1] + trail]
    return edges if all(one < other for one, other in pairwise(edges)) else []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _common_start(texts: Sequence[str]) -> int:
    """How many characters all texts have in common at their beginnings."""
    columns = zip(*texts, strict=False)
    return next((place for place, column in enumerate(columns) if len(set(column)) > 1), min(map(len, texts)))
