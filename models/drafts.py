"""Drafts: guesses of the tokens that come next, which the model checks several at a time.

Arguments are mostly copies of the request and of results. So when the last tokens have stood before, those
that followed them then are likely to follow again. Reading eight tokens at once takes a model far less than
eight times as long as reading one: a guess that is right saves steps, and a wrong one costs a part of a step.
What is written is the same with and without.
"""

from collections.abc import Sequence

LONGEST = 4
"""Tokens that must have stood before in the same order, at most; the longest run is looked for first."""

SHORTEST = 2

# How much the latest draft counts in the share that is expected to be right, and below which share only long
# runs are followed: one drafted token costs about a quarter of a step.
_WEIGHT = 0.3
_DOUBT = 0.35


class Lookup:
    """Guesses from what was read and written so far.

    known: the prompt's tokens. most: how many tokens a draft may have; 0: never any.
    """

    def __init__(self, known: Sequence[int], most: int) -> None:
        self._most = most
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}  # runs of tokens, and where what followed them begins
        self._share = 0.7
        if most:
            self.add(known)

    def add(self, tokens: Sequence[int]) -> None:
        """Take note of tokens that were written."""
        if not self._most:
            return
        for token in tokens:
            end = len(self._tokens)
            for length in range(SHORTEST, LONGEST + 1):
                if end >= length:
                    self._after[tuple(self._tokens[end - length : end])] = end
            self._tokens.append(token)

    def propose(self, room: int) -> list[int]:
        """What may come next, at most `room` tokens; often nothing."""
        most = min(self._most, room)
        if most < 1:
            return []
        shortest = SHORTEST if self._share > _DOUBT else LONGEST
        for length in range(LONGEST, shortest - 1, -1):
            start = self._after.get(tuple(self._tokens[-length:]))
            if start is not None:
                wanted = max(1, min(most, round(2 * self._most * self._share)))
                return self._tokens[start : start + wanted]
        return []

    def learn(self, drafted: int, right: int) -> None:
        """Take note of how many tokens of a draft the model would have written, too."""
        self._share += _WEIGHT * (right / drafted - self._share)
