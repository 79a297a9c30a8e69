"""Examples to pages of one fixed size: what the base reads, and what the adapter writes after it.

The keys and values of all tools are computed once in a run and lie behind each page's own, so that an example
is two segments, its prompt and what is written, which look back at the tools it was offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .examples import TokenExample

SLOTS = 16
"""Lines of the table for what an example looks back at: its tools, and its prompt."""


@dataclass(frozen=True, slots=True)
class PageShape:
    """Tokens that are read and written in a step, and how many examples at most."""

    prompts: int = 1152
    written: int = 1536
    examples: int = 32


PAGES = {"reasoning": PageShape(), "answers": PageShape(prompts=2304, written=384)}
"""By the kind of adapter: short answers take few tokens after long records."""


@dataclass(frozen=True, slots=True)
class Page:
    """Tokens of many segments behind each other, as tensors of a fixed size.

    tokens, positions: [tokens]. table: int32, as `attention.segment_attention` takes it; the first `seen`
    lines are what segments look back at. target, weight: [tokens], the token that is to follow each, and how
    much it counts; a prompt's page has none.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    table: torch.Tensor
    seen: int
    target: torch.Tensor
    weight: torch.Tensor


@dataclass(frozen=True, slots=True)
class Tools:
    """Where each tool's cells are: first one and number of tokens, behind the system token's at 0."""

    places: dict[str, tuple[int, int]]

    @classmethod
    def laid_out(cls, lengths: dict[str, int]) -> Tools:
        """Behind each other, in their order."""
        places, first = {}, 1
        for name, length in lengths.items():
            places[name] = (first, length)
            first += length
        return cls(places)

    @property
    def cells(self) -> int:
        """How many there are."""
        return 1 + sum(length for _, length in self.places.values())


class PagePacker:
    """Fills pages with examples."""

    def __init__(self, shape: PageShape, tools: Tools) -> None:
        self._shape = shape
        self._tools = tools

    def pages(self, examples: Iterable[TokenExample]) -> Iterator[tuple[Page, Page, int]]:
        """What is read, what is written, and how many examples; without end if `examples` has none."""
        batch: list[TokenExample] = []
        read = written = 0
        for example in examples:
            more_read, more_written = len(example.prompt), len(example.written) - 1
            full = read + more_read > self._shape.prompts or written + more_written > self._shape.written
            if batch and (full or len(batch) == self._shape.examples):
                yield (*self.pack(batch), len(batch))
                batch, read, written = [], 0, 0
            batch.append(example)
            read, written = read + more_read, written + more_written
        if batch:
            yield (*self.pack(batch), len(batch))

    def pack(self, examples: Sequence[TokenExample]) -> tuple[Page, Page]:
        """Lay out examples that fit; what is read, what is written.

        Cells behind the read page's own are the tools'; behind the written page's own are the read page's,
        then the tools'.
        """
        shape, many = self._shape, self._shape.examples
        read, wrote = _Filled(shape.prompts, many), _Filled(shape.written, many)
        for number, example in enumerate(examples):
            offered = [self._tools.places[name] for name in example.tools]
            if len(offered) + 1 > SLOTS - 1:
                raise ValueError(f"{len(offered)} tools are too many for one example")
            start = 1 + max((length for _, length in offered), default=0)
            first = read.used
            read.add(number, example.prompt, start, shape.prompts, offered)
            seen = [(first, len(example.prompt)), *((shape.prompts + at, n) for at, n in offered)]
            scored = list(zip(example.targets, example.scored, strict=True))
            start += len(example.prompt)
            wrote.add(number, example.written[:-1], start, shape.written, seen, shape.prompts, scored)
        return read.page(), wrote.page()


class _Filled:
    """The arrays of a page while it is being filled."""

    def __init__(self, size: int, many: int) -> None:
        self.used = 0
        self.seen = SLOTS * many
        self.tokens, self.positions = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.target, self.weight = np.zeros(size, np.int64), np.zeros(size, np.float32)
        self.table = np.zeros((self.seen + many, 6), np.int32)

    def add(
        self,
        number: int,
        ids: list[int],
        start: int,
        size: int,
        back: Sequence[tuple[int, int]],
        system: int = 0,
        scored: Sequence[tuple[int, bool]] = (),
    ) -> None:
        """Append a segment that looks back at `back`, places behind the page's own `size` tokens."""
        first, end = self.used, self.used + len(ids)
        self.tokens[first:end] = ids
        self.positions[first:end] = np.arange(start, start + len(ids))
        for slot, (at, length) in enumerate(back, 1):
            self.table[SLOTS * number + slot] = size + at, length, size + system, number, slot, 0
        bits = sum(1 << slot for slot in range(1, len(back) + 1))
        self.table[self.seen + number] = first, len(ids), size + system, number, 0, bits
        for place, (token, counts) in enumerate(scored):
            self.target[first + place] = token
            self.weight[first + place] = counts
        self.used = end

    def page(self) -> Page:
        arrays = self.tokens, self.positions, self.table, self.target, self.weight
        tokens, positions, table, target, weight = map(torch.from_numpy, arrays)
        return Page(tokens, positions, table, self.seen, target, weight)


def tools_page(tools: Tools, ids: dict[str, list[int]], system: int) -> Page:
    """The system token and all tools, each of which sees only itself and the system token."""
    filled = _Filled(tools.cells, 1 + len(ids))
    filled.tokens[0] = system
    filled.used = 1
    filled.table[filled.seen] = 0, 1, 0, 0, 0, 0
    for number, name in enumerate(tools.places, 1):
        first, length = tools.places[name]
        filled.tokens[first : first + length] = ids[name]
        filled.positions[first : first + length] = np.arange(1, 1 + length)
        filled.table[filled.seen + number] = first, length, 0, number, 0, 0
    return filled.page()
