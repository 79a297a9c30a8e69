"""A radix tree over token ids: which cached segments hold the beginning of a prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .pieces import Pieces
from .segment_key import SegmentKey

Tokens = tuple[int, ...]


@dataclass(slots=True)
class _Node:
    """A segment; None: the root. The children are those right after it, by their tokens."""

    key: SegmentKey | None
    children: dict[Tokens, _Node] = field(default_factory=dict)


class PrefixTree:
    """Segments by the tokens that lead to their end; those of one adapter know nothing of another's.

    All prompts are cut by one rule: two of them share the segments before the one in which they part, and no
    segment is ever used in part.
    """

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._roots: dict[str, _Node] = {}

    def insert(self, key: SegmentKey) -> None:
        """Add a segment. One that could not be used, since what it sees is not here, is left out."""
        node, end = self._roots.setdefault(key.adapter, _Node(None)), 0
        for tokens in self._cut(key.before + key.tokens):
            if end == len(key.before) or tokens not in node.children:
                break
            node, end = node.children[tokens], end + len(tokens)
        if end == len(key.before) and len(key.tokens) <= self._pieces.longest:
            node.children.setdefault(key.tokens, _Node(key))

    def match(self, tokens: Tokens, adapter: str, here: Callable[[SegmentKey], bool]) -> list[SegmentKey]:
        """The segments that hold the longest known beginning of `tokens`, one after the other.

        Segments that are not `here` any more are forgotten, with all that builds on them.
        """
        keys: list[SegmentKey] = []
        node = self._roots.get(adapter, _Node(None))
        for piece in self._cut(tokens):
            child = node.children.get(piece)
            if child is None or child.key is None:
                break
            if not here(child.key):
                del node.children[piece]
                break
            keys.append(child.key)
            node = child
        return keys

    def sweep(self, here: Callable[[SegmentKey], bool]) -> None:
        """Forget all segments that are not here any more, with all that builds on them."""
        nodes = list(self._roots.values())
        while nodes:
            node = nodes.pop()
            node.children = {
                tokens: child for tokens, child in node.children.items() if child.key and here(child.key)
            }
            nodes.extend(node.children.values())

    def __iter__(self) -> Iterator[SegmentKey]:
        """Every segment that a match can still name."""
        nodes = list(self._roots.values())
        while nodes:
            node = nodes.pop()
            if node.key is not None:
                yield node.key
            nodes.extend(node.children.values())

    def _cut(self, tokens: Tokens) -> Iterator[Tokens]:
        """The whole pieces of a prompt."""
        start = 0
        for end in self._pieces.ends(tokens):
            yield tokens[start:end]
            start = end
