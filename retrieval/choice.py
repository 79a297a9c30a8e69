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
LIKELY = -5.25
"""Log-odds from which a known tool is handed over: one that is needed but left out costs the request."""


def level(scores: Vectors) -> Vectors:
    """Scores that compare across parts: a part that nothing fits well still gets a tool among the first."""
    raised: Vectors = scores - np.float32(EVENNESS) * scores.max(axis=1, keepdims=True)
    return raised


def near_the_best(scores: Vectors, log_odds: Vectors) -> npt.NDArray[np.bool_]:
    """Which tools to hand over: known ones that are likely needed, and of the others those whose score for
    some part is close to the best for that part; at least one.

    log_odds: of known tools (tools,), nan for the others; see `known.py`.
    """
    near = np.zeros(scores.shape[1], bool)
    for row in scores:
        best = np.argsort(-row, kind="stable")[:MOST_PER_PART]
        near[best[row[best] >= row[best[0]] - MARGIN]] = True
    near = np.where(np.isnan(log_odds), near, log_odds >= LIKELY)
    if len(near) and not near.any():
        near[scores.max(axis=0).argmax()] = True
    return near
