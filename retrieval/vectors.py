"""Vectors of tools in FAISS, several to a tool, under numbers of ours; tools come and go one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .embedder import Vectors

_NEXT = 1 << 32
"""The vectors of tool n are called n, n + _NEXT, n + 2 * _NEXT and so on."""


class VectorIndex:
    """Exact search by inner product: 10,000 vectors take a millisecond, so nothing need be approximate.

    A tool is as close as the closest of its vectors.
    """

    def __init__(self, width: int) -> None:
        import faiss

        faiss.omp_set_num_threads(1)  # more threads wait for each other longer than they search
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(width))
        self._counts: dict[int, int] = {}

    def add(self, numbers: Sequence[int], vectors: Sequence[Vectors]) -> None:
        """Add tools with their vectors (any, width); none of the numbers may be in use."""
        if not numbers:
            return
        self._counts |= {number: len(own) for number, own in zip(numbers, vectors, strict=True)}
        self._index.add_with_ids(np.concatenate(list(vectors)), self._names(numbers))

    def remove(self, numbers: Sequence[int]) -> None:
        """Take tools out."""
        self._index.remove_ids(self._names(numbers))
        for number in numbers:
            del self._counts[number]

    def search(self, vectors: Vectors, count: int) -> npt.NDArray[np.int64]:
        """The numbers of the tools of the `count` closest vectors for each of `vectors`, in any order."""
        _, names = self._index.search(np.ascontiguousarray(vectors), min(count, self._index.ntotal))
        return np.unique(names % _NEXT)

    def similarities(self, vectors: Vectors, numbers: Sequence[int]) -> Vectors:
        """Inner products (vectors, numbers) with the closest vector of each tool."""
        counts = np.array([self._counts[number] for number in numbers])
        found = vectors @ self._index.reconstruct_batch(self._names(numbers)).T
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        closest: Vectors = np.maximum.reduceat(found, starts, axis=1)
        return closest

    def of(self, number: int) -> Vectors:
        """The vectors (any, width) of a tool. Raises KeyError."""
        found: Vectors = self._index.reconstruct_batch(self._names([number]))
        return found

    def _names(self, numbers: Sequence[int]) -> npt.NDArray[np.int64]:
        return np.array([n + _NEXT * place for n in numbers for place in range(self._counts[n])], np.int64)
