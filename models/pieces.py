"""Where a prompt is cut: what is read in one go, kept and found again as one.

A piece ends where a special token begins something new, a message or a tool, or where a batch is full. So
prompts that begin alike share all that comes before the message in which they part, and where the cuts lie
follows from the tokens before them alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

SHORTEST = 32
"""Tokens of a piece; a batch of fewer takes nearly as long."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The rule of one model: a piece has at least `shortest` and at most `longest` tokens; `edges` are the
    model's special tokens."""

    longest: int
    edges: Collection[int] = field(repr=False)
    shortest: int = SHORTEST

    def ends(self, tokens: Sequence[int]) -> Iterator[int]:
        """Where the pieces of a prompt end, in order; what comes after the last one is no whole piece yet."""
        start = 0
        while (end := self._end(tokens, start)) is not None:
            yield end
            start = end

    def _end(self, tokens: Sequence[int], start: int) -> int | None:
        full = start + self.longest
        for place in range(start + self.shortest, min(full, len(tokens))):
            if tokens[place] in self.edges:
                return place
        return full if full <= len(tokens) else None


def until_next(ends: Sequence[int], position: int, most: int) -> int:
    """How many tokens to read from `position`: up to the next of `ends`, which are in order, or `most`."""
    place = bisect_right(ends, position)
    return most if place == len(ends) else min(most, ends[place] - position)
