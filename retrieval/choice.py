"""Which tools are best for a request of several parts, and how many of them to hand over.

Scores are arrays (parts, tools). The numbers below were found on what is trained on; docs/retrieval.md tells
what others give.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .embedder import Vectors

EVENNESS = 0.5
"""How far the parts of a request are brought level: at 1 the best tools of all parts would stand equal."""
MARGIN = 0.3
"""A tool this far below the best for every part of a request is not what was asked for."""
MOST_PER_PART = 8


def level(scores: Vectors) -> Vectors:
    """Scores that compare across parts: a part that nothing fits well still gets a tool among the first."""
    raised: Vectors = scores - np.float32(EVENNESS) * scores.max(axis=1, keepdims=True)
    return raised


def near_the_best(scores: Vectors) -> npt.NDArray[np.bool_]:
    """Which tools to hand over: those whose score for some part is close to the best for that part."""
    near = np.zeros(scores.shape[1], bool)
    for row in scores:
        best = np.argsort(-row, kind="stable")[:MOST_PER_PART]
        near[best[row[best] >= row[best[0]] - MARGIN]] = True
    return near
