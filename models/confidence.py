"""How sure a model was of what it wrote."""

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float32]
Rows = NDArray[np.float32]
"""Several of them, the first dimension counts."""

# How many logits wait to be summed together: NumPy's cost for a call is several times that for one row.
_BATCH_LOGITS = 65_536


class Confidence:
    """Sums the logarithms of the probabilities that a model gave the tokens it chose.

    They are probabilities among all tokens, not only those that a grammar allows: where the model would
    rather write what is forbidden, its confidence is low.
    """

    def __init__(self, vocabulary_size: int) -> None:
        self._rows = np.empty((max(1, _BATCH_LOGITS // vocabulary_size), vocabulary_size), np.float32)
        self._tokens: list[int] = []
        self._sum = 0.0

    def add(self, logits: Row, token: int) -> None:
        """Count a token that was chosen from these logits, shape (vocabulary,)."""
        self._rows[len(self._tokens)] = logits
        self._tokens.append(token)
        if len(self._tokens) == len(self._rows):
            self._settle()

    def take(self) -> float:
        """The sum since the last call."""
        if self._tokens:
            self._settle()
        taken, self._sum = self._sum, 0.0
        return taken

    def _settle(self) -> None:
        rows = self._rows[: len(self._tokens)]
        rows -= rows.max(axis=1, keepdims=True)
        chosen = rows[np.arange(len(rows)), self._tokens]
        self._sum += float((chosen - np.log(np.exp(rows, out=rows).sum(axis=1))).sum())
        self._tokens.clear()
