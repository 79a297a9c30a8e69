"""Thinking before writing: a block of free text within a budget, then what was asked for.

The block stands between two special tokens. Inside it any text may be written and no other special token;
when the budget is used up it is closed by force. What follows obeys its constraint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .confidence import Row
from .constrained import Chooser, Constraint
from .dialects import END, THINK, THINK_END
from .errors import ModelError
from .vocabulary import Vocabulary

_PAIRS = ((THINK, THINK_END), ("<think>", "</think>"))
"""What opens and closes a thought: in our vocabulary, in that of other models that think."""


class CannotThinkError(ModelError):
    """The model's vocabulary has no tokens that open and close a thought."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """How one thought is written.

    max_tokens: between the tokens that open and close it. temperature: 0 takes the likeliest token each
    time, otherwise tokens are drawn, by `seed`. then: the constraint of what follows, from the thought's
    text; None leaves the generation's own.
    """

    max_tokens: int = 128
    temperature: float = 0.0
    seed: int = 0
    then: Callable[[str], Constraint | None] | None = None

    def __post_init__(self) -> None:
        if self.max_tokens < 0 or not self.temperature >= 0:
            raise ValueError("a thought's budget and temperature are at least 0")


class ThinkFirst:
    """A `Chooser` that writes a thought, then leaves the choice to another one.

    then: makes that one from the thought's text.
    """

    def __init__(self, thinking: Thinking, vocabulary: Vocabulary, then: Callable[[str], Chooser]) -> None:
        self._thinking = thinking
        self._vocabulary = vocabulary
        self._make = then
        self._then: Chooser | None = None
        self._open, self.close = thought_tokens(vocabulary)
        self._never = np.array([token for token in vocabulary.controls() if token != self.close], np.intp)
        self._done = vocabulary.single(END)
        self._random = np.random.default_rng(thinking.seed)
        self._thought: list[int] = []

    @property
    def finished(self) -> bool:
        return self._then is not None and self._then.finished

    def begin(self) -> list[int]:
        return [self._open, *(self._end() if not self._thinking.max_tokens else [])]

    def choose(self, logits: Row) -> int:
        if self._then is not None:
            return self._then.choose(logits)
        row = logits.copy()
        if self._done is not None:  # our base never read the closing token
            row[self.close] = max(row[self.close], row[self._done])
        row[self._never] = -np.inf
        if self._thinking.temperature:
            row /= self._thinking.temperature
            row += self._random.gumbel(size=row.shape)
        return int(row.argmax())

    def accept(self, token: int) -> list[int]:
        if self._then is not None:
            return self._then.accept(token)
        if token == self.close:
            return self._end()[1:]
        self._thought.append(token)
        return self._end() if len(self._thought) >= self._thinking.max_tokens else []

    def possible(self, draft: list[int]) -> list[int]:
        return self._then.possible(draft) if self._then is not None else []

    def _end(self) -> list[int]:
        """Close the thought; what is forced then."""
        text = b"".join(map(self._vocabulary.piece, self._thought)).decode(errors="replace")
        self._then = self._make(text)
        return [self.close, *self._then.begin()]


def thought_tokens(vocabulary: Vocabulary) -> tuple[int, int]:
    """The tokens that open and close a thought. Raises `CannotThinkError`."""
    for opening, closing in _PAIRS:
        start, end = vocabulary.single(opening), vocabulary.single(closing)
        if start is not None and end is not None:
            return start, end
    raise CannotThinkError(
        "this model's vocabulary has no tokens that open and close a thought; ask it with think=never"
    )
