"""What is known beside the model about how a line begins, as weights on the next token."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def preferred(lines: Sequence[bytes], beginnings: Mapping[bytes, float]) -> NDArray[np.float32]:
    """What each of `lines` (the line so far with a next token) gets: the best weight that it can still have.

    A line that has gone past a beginning has that beginning's weight, one that is on its way to several the
    greatest of theirs, and one that leads to none of them zero. Added to logits at every token, they decide
    between beginnings as if each had been weighed as a whole.
    """
    weights = np.zeros(len(lines), np.float32)
    for number, line in enumerate(lines):
        reached = [w for b, w in beginnings.items() if b.startswith(line) or line.startswith(b)]
        if reached:
            weights[number] = max(reached)
    return weights
