"""How people ask: vectors of requests are turned towards the tools that serve them, and some are kept.

One matrix, learned after the encoder (`python -m scrubjay.models.training.retriever_asking`): people ask
otherwise than tools are described, and requests for two things in one breath gain most from it. Vectors of
tools stay as they are. The requests that are kept tell which tools lie close to whatever is asked ("hubs";
Conneau et al. 2018 correct similarities in this way): to be close to one request says little of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path

import numpy as np

from .embedder import WEIGHTS, Embedder, Vectors, read_arrays

NEAREST = 5
"""Of the requests that are kept, so many tell how close a tool lies to requests."""

_AT_ONCE = 256


class Asking:
    """Learned with one encoder: vectors of another stay as they are. Raises ModelFilesError."""

    def __init__(self, path: Path = WEIGHTS / "asking.npz") -> None:
        stored = read_arrays(path)
        self._turn = stored["turn"].astype(np.float32)
        self._requests = stored["requests"].astype(np.float32) * stored["scale"]
        self._encoder = str(stored["encoder"])

    def turned(self, vectors: Vectors, embedder: Embedder) -> Vectors:
        """Unit vectors (requests, width) of requests, which came from `embedder`."""
        if embedder.fingerprint != self._encoder:
            return vectors
        found = vectors @ self._turn
        unit: Vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
        return unit

    def crowding(self, tools: Sequence[Vectors], embedder: Embedder) -> Vectors:
        """For each tool, given by its vectors (any, width) of `embedder`, how close it lies to requests."""
        found = np.zeros(len(tools), np.float32)
        if embedder.fingerprint == self._encoder:
            for start in range(0, len(tools), _AT_ONCE):
                some = tools[start : start + _AT_ONCE]
                starts = [0, *accumulate(map(len, some))][:-1]
                similar = np.maximum.reduceat(np.concatenate(some) @ self._requests.T, starts, axis=0)
                found[start : start + _AT_ONCE] = nearest(similar)
        return found


def nearest(similar: Vectors) -> Vectors:
    """Similarities (tools, requests) to the mean of each tool's highest (tools,)."""
    found: Vectors = np.partition(similar, -NEAREST, axis=1)[:, -NEAREST:].mean(axis=1)
    return found


@cache
def bundled_asking() -> Asking:
    """What comes with scrubjay. Raises ModelFilesError."""
    return Asking()
