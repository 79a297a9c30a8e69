"""Turns vectors of requests towards the tools that serve them: people ask otherwise than tools are described.

One matrix, learned after the encoder (`python -m scrubjay.models.training.retriever_asking`); vectors of
tools stay as they are. Requests for two things in one breath gain most.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from .embedder import WEIGHTS, Embedder, Vectors, read_arrays


class Asking:
    """Learned with one encoder: vectors of another stay as they are. Raises ModelFilesError."""

    def __init__(self, path: Path = WEIGHTS / "asking.npz") -> None:
        stored = read_arrays(path)
        self._turn = stored["turn"].astype(np.float32)
        self._encoder = str(stored["encoder"])

    def turned(self, vectors: Vectors, embedder: Embedder) -> Vectors:
        """Unit vectors (requests, width) of requests, which came from `embedder`."""
        if embedder.fingerprint != self._encoder:
            return vectors
        found = vectors @ self._turn
        unit: Vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
        return unit


@cache
def bundled_asking() -> Asking:
    """What comes with scrubjay. Raises ModelFilesError."""
    return Asking()
