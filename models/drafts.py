"""Drafts: guesses of the tokens that come next, which the model checks several at a time.

Arguments are mostly copies of the request and of results. So when the last words have stood before, those
that followed them then are likely to follow again. Reading several tokens at once takes a model less than
reading them one by one: a guess that is right saves steps, and a wrong one costs a part of a step. What is
written is the same with and without.

Words are looked for as text: what opens a quotation is made of other tokens than the same words elsewhere.
"""

from collections.abc import Sequence
from typing import Protocol

LONGEST = 4
"""Tokens whose text must have stood before, at most; the longest run is looked for first."""

_CHANCES = (0.5, 0.75, 0.85, 0.9)
"""How often the token after a run of 1, 2, ... tokens is the one that followed it before, at first."""

_BELIEF = 2.0
"""How many tokens these are worth, beside those that are seen."""

_MEMORY = 0.9
"""What a token that was seen is worth when the next one is."""

_STEPS = {3: 1.3, 7: 1.9, 15: 3.2}
"""How many steps of one token a step with so many guesses takes: llama.cpp reads tokens in fours
(`benchmarks/peers/pace.py` times it)."""

_WORTH = 1.1
"""Tokens for the time of one below which nothing is guessed."""


_ALONE = 3
"""Bytes that a token must have to be looked for by itself."""

_BYTES = 8
"""Bytes of text that are enough for a token, mostly."""


def in_fours(read: int, drafted: int) -> int:
    """How many of `drafted` tokens to read beside `read` certain ones: part of a four takes as long as a
    whole one, so a last part is left out."""
    over = (read + drafted) % 4
    return drafted - over if over < drafted and read + drafted > 4 else drafted


class Words(Protocol):
    """A model's tokens and their texts; `Vocabulary` is one."""

    def tokenize(self, text: str) -> list[int]:
        """The tokens of a text, none of them special."""
        ...

    def piece(self, token: int) -> bytes:
        """The text of a token."""
        ...


class Hint:
    """What may come out, from somebody who knows less and may still be writing it."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        """So far; another thread may set it at any time."""


class Lookup:
    """Guesses from what was read and written so far.

    It watches how often runs that stood before are followed as they were then, also where it guesses
    nothing, and guesses as far as that is worth its time.
    """

    def __init__(self, prompt: Sequence[int], most: int, words: Words, hint: Hint | None = None) -> None:
        """prompt: its tokens. most: how many tokens a draft may have, at most 15. hint: what may follow."""
        self._most = most
        self._words = words
        self._hint = hint
        pieces = [words.piece(token) for token in prompt]
        self._prompt = b"".join(pieces)
        self._hinted = b""
        self._written = b""
        self._text = self._prompt
        """All of these, one after the other."""
        self._last = pieces[-LONGEST:]
        self._right = [_BELIEF * chance for chance in _CHANCES]
        self._seen = [_BELIEF] * LONGEST

    def add(self, tokens: Sequence[int], chosen: int) -> None:
        """Take note of tokens that were written; only the first `chosen` ones had an alternative."""
        for place, token in enumerate(tokens):
            piece = self._words.piece(token)
            if place < chosen:
                self._watch(piece)
            self._written += piece
            self._text += piece
            self._last = [*self._last, piece][-LONGEST:]

    def propose(self, read: int, room: int) -> list[int]:
        """What may come next, at most `room` tokens; often nothing. read: how many tokens are certain."""
        found = self._match() if room > 0 else None
        if found is None:
            return []
        start, run = found
        worth, wanted = max(
            (self._expected(run, count) / steps, count)
            for count, steps in _STEPS.items()
            if count <= self._most or count == min(_STEPS)
        )
        if worth < _WORTH:
            return []
        count = min(wanted, self._most) + (1 - read) % 4
        return self._tokens_from(start, min(count, room))

    def _match(self) -> tuple[int, int] | None:
        """Where what followed the last tokens' text before begins, and how many tokens stood there."""
        self._take_hint()
        for run in range(len(self._last), 0, -1):
            text = b"".join(self._last[-run:]).lstrip(b" ")
            start = self._text.rfind(text, 0, len(self._text) - 1) if text else -1
            if start >= 0 and (run > 1 or self._telling(text, start)):
                return start + len(text), run
        return None

    def _take_hint(self) -> None:
        if self._hint is None or len(hinted := self._hint.text.encode()) == len(self._hinted):
            return
        self._hinted = hinted
        self._text = self._prompt + hinted + self._written

    def _telling(self, text: bytes, start: int) -> bool:
        """Whether a single token is long enough, and stood there and nowhere else."""
        return len(text) >= _ALONE and self._text.find(text) == start

    def _tokens_from(self, start: int, count: int) -> list[int]:
        """`count` tokens of the text from `start` on; from where it ends, it goes on with itself."""
        rest = self._text[start:]
        wanted = _BYTES * (count + 1)
        text = (rest * (wanted // len(rest) + 1))[:wanted]
        return self._words.tokenize(text.decode(errors="ignore"))[:count]

    def _expected(self, run: int, count: int) -> float:
        """How many tokens a step with so many guesses is expected to write."""
        written, chance = 1.0, 1.0
        for length in range(run, run + count):
            place = min(length, LONGEST) - 1
            chance *= self._right[place] / self._seen[place]
            written += chance
        return written

    def _watch(self, piece: bytes) -> None:
        """See whether what comes next is what came before."""
        if (found := self._match()) is None:
            return
        start, run = found
        self._right[run - 1] = _MEMORY * self._right[run - 1] + self._text.startswith(piece, start)
        self._seen[run - 1] = _MEMORY * self._seen[run - 1] + 1
