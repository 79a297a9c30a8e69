"""Thinking before writing: a block of free text within a budget, then what was asked for.

The block stands between two special tokens. Inside it any text may be written and no other special token;
when the budget is used up it is closed by force. What follows obeys its constraint. Where the thought was
trained for it, the sums that it writes down are worked out for it (`sums.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .confidence import Row
from .constrained import Chooser, Constraint
from .dialects import END, THINK, THINK_END
from .errors import ModelError
from .sums import worked_out
from .vocabulary import Vocabulary

_PAIRS = ((THINK, THINK_END), ("<think>", "</think>"))
"""What opens and closes a thought: in our vocabulary, in that of other models that think."""


class CannotThinkError(ModelError):
    """No adapter for thinking fits the model, or its vocabulary has no tokens for a thought's ends."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """How one thought is written.

    max_tokens: between the tokens that open and close it. temperature: 0 takes the likeliest token each
    time, otherwise tokens are drawn, by `seed`. then: the constraint of what follows, from the thought's
    text; None leaves the generation's own. sums: what follows "=" in a line is worked out, where it can be.
    """

    max_tokens: int = 128
    temperature: float = 0.0
    seed: int = 0
    then: Callable[[str], Constraint | None] | None = None
    sums: bool = False

    def __post_init__(self) -> None:
        if self.max_tokens < 0 or not self.temperature >= 0:
            raise ValueError("a thought's budget and temperature are at least 0")


class ThinkFirst:
    """A `Chooser` that writes a thought, then leaves the choice to another one.

    It may stand for several thoughts, which differ only in how they are drawn, as long as they are the same.

    then: makes that other chooser from the thought's text.
    """

    def __init__(
        self, thoughts: Sequence[Thinking], vocabulary: Vocabulary, then: Callable[[str], Chooser]
    ) -> None:
        self._most, self._sums = thoughts[0].max_tokens, thoughts[0].sums
        self._vocabulary = vocabulary
        self._make = then
        self._then: Chooser | None = None
        self._open, self.close = thought_tokens(vocabulary)
        self._never = np.array([token for token in vocabulary.controls() if token != self.close], np.intp)
        self._done = vocabulary.single(END)
        self._luck = [(one.temperature, np.random.default_rng(one.seed)) for one in thoughts]
        self._drawn: list[int] = []
        """What was drawn and not yet accepted, for each thought."""
        self._thought: list[int] = []

    @property
    def finished(self) -> bool:
        return self._then is not None and self._then.finished

    def begin(self) -> list[int]:
        return [self._open, *(self._end() if not self._most else [])]

    def draw(self, logits: Row) -> list[list[int]]:
        """Draw the next token of each thought, from logits of shape (vocabulary,).

        Returns which thoughts have drawn the same, by their places; the first thought is in the first group.
        """
        row = logits.copy()
        if self._done is not None:  # our base never read the closing token
            row[self.close] = max(row[self.close], row[self._done])
        row[self._never] = -np.inf
        odds = _Odds(row)
        self._drawn = [odds.draw(temperature, random) for temperature, random in self._luck]
        groups: dict[int, list[int]] = {}
        for place, token in enumerate(self._drawn):
            groups.setdefault(token, []).append(place)
        return list(groups.values())

    def part(self, places: Sequence[int]) -> ThinkFirst:
        """A chooser for some of the thoughts, which have drawn the same."""
        other = copy(self)
        other._luck = [self._luck[place] for place in places]
        other._drawn = [self._drawn[place] for place in places]
        other._thought = list(self._thought)
        return other

    def choose(self, logits: Row) -> int:
        if self._then is not None:
            return self._then.choose(logits)
        if not self._drawn:
            self.draw(logits)
        return self._drawn[0]

    def accept(self, token: int) -> list[int]:
        if self._then is not None:
            return self._then.accept(token)
        self._drawn = []
        if token == self.close:
            return self._end()[1:]
        self._thought.append(token)
        forced = self._worked_out() if self._sums else []
        if len(self._thought) + len(forced) > self._most:
            forced = []  # half a number would be a wrong one
        self._thought += forced
        return [*forced, *self._end()] if len(self._thought) >= self._most else forced

    def possible(self, draft: list[int]) -> list[int]:
        return self._then.possible(draft) if self._then is not None else []

    def _worked_out(self) -> list[int]:
        """The tokens of what comes out, where the thought has just written down a sum."""
        piece = self._vocabulary.piece
        if not piece(self._thought[-1]).endswith(b"="):
            return []
        result = worked_out(self._text().rpartition("\n")[2])
        tokens = [] if result is None else self._vocabulary.tokenize(result)
        return tokens[1:] if tokens and piece(tokens[0]) == b" " else tokens  # some begin every text with it

    def _text(self) -> str:
        return b"".join(map(self._vocabulary.piece, self._thought)).decode(errors="replace")

    def _end(self) -> list[int]:
        """Close the thought; what is forced then."""
        self._then = self._make(self._text())
        return [self.close, *self._then.begin()]


class _Odds:
    """How likely each token comes next; summed once for all thoughts of one temperature."""

    def __init__(self, logits: Row) -> None:
        self._logits = logits
        self._likeliest = int(logits.argmax())
        self._ladders: dict[float, NDArray[np.float64]] = {}

    def draw(self, temperature: float, random: np.random.Generator) -> int:
        """The likeliest token for temperature 0, otherwise one by chance."""
        if not temperature:
            return self._likeliest
        if temperature not in self._ladders:
            odds = np.exp((self._logits - self._logits[self._likeliest]) / temperature)
            self._ladders[temperature] = np.cumsum(odds, dtype=np.float64)
        ladder = self._ladders[temperature]
        # Above 0 and at most the sum: no token without a chance is ever met.
        return int(ladder.searchsorted((1 - random.random()) * ladder[-1]))


def thought_tokens(vocabulary: Vocabulary) -> tuple[int, int]:
    """The tokens that open and close a thought. Raises `CannotThinkError`."""
    for opening, closing in _PAIRS:
        start, end = vocabulary.single(opening), vocabulary.single(closing)
        if start is not None and end is not None:
            return start, end
    raise CannotThinkError(
        "this model's vocabulary has no tokens that open and close a thought; ask it with think=never"
    )
