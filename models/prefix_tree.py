"""A radix tree over token ids: which cached segments hold the beginning of a prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .segment_key import Part, SegmentKey

Tokens = tuple[int, ...]


@dataclass(slots=True)
class _Node:
    """The tokens that lead here from the node above, and the segment that holds their KV."""

    tokens: Tokens
    key: SegmentKey | None
    children: dict[int, _Node] = field(default_factory=dict)


class PrefixTree:
    """Segments by the tokens that lead to their end; those of one adapter know nothing of another's."""

    def __init__(self) -> None:
        self._roots: dict[str, _Node] = {}

    def insert(self, key: SegmentKey) -> None:
        """Add a segment. One that could not be used, since what it sees is not here, is left out."""
        path = key.before + key.tokens
        node = self._roots.setdefault(key.adapter, _Node((), None))
        at = 0
        while (child := node.children.get(path[at]) if at < len(path) else None) is not None:
            shared = _common(child.tokens, path[at:])
            at += shared
            if shared < len(child.tokens):
                if at < len(key.before):
                    return
                if at < len(path):
                    node = _split(node, child, shared)
                break
            node = child
        if len(key.before) <= at < len(path):
            node.children[path[at]] = _Node(path[at:], key)

    def match(self, tokens: Tokens, adapter: str, here: Callable[[SegmentKey], bool]) -> list[Part]:
        """The parts of segments that hold the longest known beginning of `tokens`, without a gap.

        Segments that are not `here` any more are forgotten, with all that builds on them.
        """
        parts: list[Part] = []
        node, at = self._roots.get(adapter), 0
        while node is not None and at < len(tokens):
            child = node.children.get(tokens[at])
            if child is None:
                break
            assert child.key is not None
            if not here(child.key):
                del node.children[tokens[at]]
                break
            shared = _common(child.tokens, tokens[at:])
            if parts and parts[-1].key == child.key:
                parts[-1] = Part(child.key, parts[-1].start, at + shared)
            else:
                parts.append(Part(child.key, at, at + shared))
            at += shared
            node = child if shared == len(child.tokens) else None
        return parts

    def sweep(self, here: Callable[[SegmentKey], bool]) -> None:
        """Forget all segments that are not here any more, with all that builds on them."""
        nodes = list(self._roots.values())
        while nodes:
            node = nodes.pop()
            node.children = {
                token: child for token, child in node.children.items() if child.key and here(child.key)
            }
            nodes.extend(node.children.values())

    def clear(self) -> None:
        """Forget everything."""
        self._roots.clear()

    def __iter__(self) -> Iterator[SegmentKey]:
        """Every segment that a match can still name."""
        nodes, keys = list(self._roots.values()), dict[SegmentKey, None]()
        while nodes:
            node = nodes.pop()
            if node.key is not None:
                keys[node.key] = None
            nodes.extend(node.children.values())
        return iter(keys)


def _split(parent: _Node, child: _Node, at: int) -> _Node:
    """Put a node into the middle of the way to `child`; both name the segment that holds them."""
    middle = _Node(child.tokens[:at], child.key, {child.tokens[at]: child})
    parent.children[child.tokens[0]] = middle
    child.tokens = child.tokens[at:]
    return middle


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two sequences have in common from their beginnings."""
    if one == other[: len(one)]:
        return len(one)
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(other))
