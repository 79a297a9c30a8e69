"""What is known beside the model about what comes next, as weights on the next token."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]


class Preference(Protocol):
    """Knows something about one line, whatever the model thinks."""

    def weights(self, line: bytes, pieces: Sequence[bytes]) -> Weights:
        """For each of `pieces`, that may follow the line so far, what is added to its logit."""
        ...

    def speaks(self, line: bytes) -> bool:
        """Whether it has something to say after `line`; `weights` is only asked where it has."""
        ...


class Beginnings:
    """Some beginnings of a line, and how likely they are.

    A line that has gone past a beginning has that beginning's weight, one that is on its way to several the
    greatest of theirs, and one that leads to none of them zero. Added to logits at every token, they decide
    between beginnings as if each had been weighed as a whole.
    """

    def __init__(self, beginnings: Mapping[str, float]) -> None:
        self._beginnings = {text.encode(): weight for text, weight in beginnings.items()}

    def speaks(self, line: bytes) -> bool:
        """While several are open."""
        return sum(beginning.startswith(line) for beginning in self._beginnings) > 1

    def weights(self, line: bytes, pieces: Sequence[bytes]) -> Weights:
        """What each line, with the piece, can still have."""
        beginnings = {b: weight for b, weight in self._beginnings.items() if b.startswith(line)}
        found = np.zeros(len(pieces), np.float32)
        for number, piece in enumerate(pieces):
            whole = line + piece
            reached = [w for b, w in beginnings.items() if b.startswith(whole) or whole.startswith(b)]
            if reached:
                found[number] = max(reached)
        return found
