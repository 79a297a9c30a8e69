"""How many of the best tools to hand over, read from how their scores fall off."""

from __future__ import annotations

import numpy as np

from .embedder import Vectors

MARGIN = 0.25
"""A tool this far below the best for every part of a request is not what was asked for."""
MOST_PER_PART = 6


def order(scores: Vectors) -> list[int]:
    """Places of tools, best first; scores are (parts, tools), and a tool is as good as for its best part."""
    return [int(place) for place in np.argsort(-scores.max(axis=0), kind="stable")]


def handed(scores: Vectors, limit: int) -> list[int]:
    """Places of the tools to hand over, best first: those near the best of a part, at most `limit`."""
    near = np.zeros(scores.shape[1], bool)
    for row in scores:
        best = np.argsort(-row, kind="stable")[:MOST_PER_PART]
        near[best[row[best] >= row[best[0]] - MARGIN]] = True
    return [place for place in order(scores) if near[place]][:limit]
