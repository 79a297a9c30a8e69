"""Vectors of tools in FAISS, each under a number of ours, added and removed one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .embedder import Vectors


class VectorIndex:
    """Exact search by inner product: 10,000 vectors take a millisecond, so nothing need be approximate."""

    def __init__(self, width: int) -> None:
        import faiss

        faiss.omp_set_num_threads(1)  # more threads wait for each other longer than they search
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(width))

    def add(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """Add vectors (numbers, width); none of the numbers may be in use."""
        if len(numbers):
            self._index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(numbers, np.int64))

    def remove(self, numbers: Sequence[int]) -> None:
        """Take vectors out."""
        self._index.remove_ids(np.asarray(numbers, np.int64))

    def search(self, vectors: Vectors, count: int) -> npt.NDArray[np.int64]:
        """The numbers of the `count` closest for each vector, best first; fewer if there are fewer."""
        _, numbers = self._index.search(np.ascontiguousarray(vectors), min(count, len(self)))
        return np.asarray(numbers)

    def similarities(self, vectors: Vectors, numbers: npt.NDArray[np.int64]) -> Vectors:
        """Inner products (vectors, numbers)."""
        found: Vectors = vectors @ self._index.reconstruct_batch(numbers).T
        return found

    def __len__(self) -> int:
        return int(self._index.ntotal)
