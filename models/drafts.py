"""Drafts: guesses of the tokens that come next, which the model checks several at a time.

Arguments are mostly copies of the request and of results. So when the last tokens have stood before, those
that followed them then are likely to follow again. Reading several tokens at once takes a model less than
reading them one by one: a guess that is right saves steps, and a wrong one costs a part of a step. What is
written is the same with and without.
"""

from collections.abc import Sequence

LONGEST = 4
"""Tokens that must have stood before in the same order, at most; the longest run is looked for first."""

_WEIGHT = 0.5
"""How much the latest draft counts in the share that is expected to be right."""

_DOUBT = 0.4
"""The share below which only the longest runs are followed."""

# How far to guess, by the share that is expected to be right. llama.cpp reads tokens in fours: a fourth costs
# nothing, four take about as long as two steps and sixteen as five (benchmarks/drafts.py --curve).
_LENGTHS = ((0.95, 15), (0.85, 7), (0.0, 3))


class Lookup:
    """Guesses from what was read and written so far.

    known: the prompt's tokens. most: how many tokens a draft may have; 0: never any.
    """

    def __init__(self, known: Sequence[int], most: int) -> None:
        self._most = most
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}  # runs of tokens, and where what followed them begins
        self._often: set[int] = set()  # tokens that stood more than once: they say nothing of what follows
        self._share = 0.7
        if most:
            self.add(known)

    def add(self, tokens: Sequence[int]) -> None:
        """Take note of tokens that were written."""
        if not self._most:
            return
        for token in tokens:
            end = len(self._tokens)
            if end and (self._tokens[-1],) in self._after:
                self._often.add(self._tokens[-1])
            for length in range(1, min(LONGEST, end) + 1):
                self._after[tuple(self._tokens[end - length : end])] = end
            self._tokens.append(token)

    def propose(self, read: int, room: int) -> list[int]:
        """What may come next, at most `room` tokens; often nothing. read: how many tokens are certain."""
        wanted = next(length for share, length in _LENGTHS if self._share >= share)
        wanted = min(wanted, self._most) + (1 - read) % 4
        if room < 1 or not self._tokens:
            return []
        for length in range(LONGEST, 0 if self._share > _DOUBT else LONGEST - 1, -1):
            start = self._after.get(tuple(self._tokens[-length:]))
            if start is not None and (length > 1 or self._tokens[-1] not in self._often):
                return self._tokens[start : start + min(wanted, room)]
        return []

    def learn(self, drafted: int, right: int) -> None:
        """Take note of how many tokens of a draft the model would have written, too."""
        self._share += _WEIGHT * (right / drafted - self._share)
