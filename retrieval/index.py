"""The index of tools: vectors and words together, one tool added, changed or taken out at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..tools.tool import Tool
from .asking import bundled_asking
from .embedder import Embedder, Vectors
from .entries import Progress, read_entries
from .keywords import KeywordIndex
from .needs import Givers
from .store import Entry, Store
from .text import words
from .vectors import VectorIndex

KEYWORD_SHARE = 0.6
"""What a request's words count for beside the similarity of its vector; this and the next were found on what
is trained on, and on packs of tools that are kept from the encoder."""
CROWDING_SHARE = 0.2
"""What counts against a tool that lies close to requests of all kinds."""

_CANDIDATES = 48


@dataclass(frozen=True, slots=True)
class Matches:
    """Tools that could serve, with their scores for each part of a request: arrays (parts, tools).

    crowding: how close each lies to requests of all kinds (tools,).
    """

    tools: tuple[Tool, ...]
    similarity: Vectors
    keywords: Vectors
    crowding: Vectors

    @property
    def scores(self) -> Vectors:
        """All together (parts, tools)."""
        against = np.float32(CROWDING_SHARE) * self.crowding
        found: Vectors = self.similarity + np.float32(KEYWORD_SHARE) * self.keywords - against
        return found


class ToolIndex:
    """Tools by name. With a store, what was read of them is kept for the next run."""

    def __init__(self, embedder: Embedder, store: Store | None = None) -> None:
        self._embedder = embedder
        self._store = store
        self._vectors = VectorIndex(embedder.width)
        self._keywords = KeywordIndex()
        self._givers = Givers()
        self._numbers: dict[str, int] = {}
        self._tools: list[Tool | None] = []
        self._crowding: dict[int, float] = {}
        self._free: list[int] = []

    def add(self, tools: Sequence[Tool], progress: Progress | None = None) -> None:
        """Add tools; one that is there under the same name is replaced."""
        self.remove(tool.name for tool in tools if tool.name in self._numbers)
        entries = read_entries(tools, self._embedder, self._store, progress)
        numbers = []
        for tool, entry in zip(tools, entries, strict=True):
            if not self._free:
                self._free.append(len(self._tools))
                self._tools.append(None)
            number = self._free.pop()
            self._tools[number] = tool
            self._numbers[tool.name] = number
            self._keywords.add(number, Counter(entry.words))
            self._givers.add(tool)
            numbers.append(number)
        vectors = [entry.vectors for entry in entries]
        self._vectors.add(numbers, vectors)
        crowding = bundled_asking().crowding(vectors, self._embedder)
        self._crowding |= dict(zip(numbers, crowding.tolist(), strict=True))

    def remove(self, names: Iterable[str]) -> None:
        """Take tools out. Raises KeyError."""
        numbers = []
        for name in names:
            numbers.append(number := self._numbers.pop(name))
            self._givers.remove(name)
            self._keywords.remove(number)
            self._tools[number] = None
        if numbers:
            self._vectors.remove(numbers)
            self._free.extend(numbers)

    def find(self, parts: Sequence[str], vectors: Vectors) -> Matches:
        """The tools closest to any part by vector or by words; `vectors` are those of the parts."""
        if not self._numbers or not parts:
            nothing = np.zeros((len(parts), 0), np.float32)
            return Matches((), nothing, nothing, np.zeros(0, np.float32))
        by_word = np.stack([self._keywords.scores(words(part)) for part in parts])
        near = self._vectors.search(vectors, _CANDIDATES)
        numbers = np.unique(np.concatenate([near, *(_best(row, _CANDIDATES) for row in by_word)])).tolist()
        found = tuple(tool for number in numbers if (tool := self._tools[number]) is not None)
        crowding = np.array([self._crowding[number] for number in numbers], np.float32)
        return Matches(found, self._vectors.similarities(vectors, numbers), by_word[:, numbers], crowding)

    def entry(self, tool: Tool) -> Entry | None:
        """What was read of a tool, its words each once; None: it is not here."""
        number = self._numbers.get(tool.name)
        if number is None or self._tools[number] is not tool:
            return None
        return Entry(self._vectors.of(number), self._keywords.words(number))

    def giver(self, tool: Tool, vectors: Vectors) -> Tool | None:
        """The tool that gives what `tool` needs; of several, the closest to the parts with these vectors."""
        givers = self._givers.of(tool)
        if len(givers) < 2:
            return givers[0] if givers else None
        numbers = [self._numbers[giver.name] for giver in givers]
        return givers[int(self._vectors.similarities(vectors, numbers).max(axis=0).argmax())]

    def __len__(self) -> int:
        return len(self._numbers)


def _best(scores: Vectors, count: int) -> npt.NDArray[np.int64]:
    """The places of at most `count` scores above zero, the highest."""
    places = np.flatnonzero(scores)
    if len(places) > count:
        places = places[np.argpartition(-scores[places], count)[:count]]
    return places.astype(np.int64)
