"""Turns that planners are not shown any more, and which of them a request is about.

A conversation may be longer than any context. The latest turns are shown; of the older ones, those that have
in common with the request what few others have, by BM25 over what was asked and what came out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from ..retrieval.keywords import KeywordIndex
from ..retrieval.text import SAY_NOTHING, words
from .evidence import texts_in
from .plan import Json

MOST_REMEMBERED = 1000
"""Turns that are read again when a conversation is opened, at about 35 µs each."""
MOST_RECALLED = 2
LEAST_SCORE = 0.1
"""A turn of the request's very words reaches about 0.4; benchmarks/recall.py shows what it does."""
_FEWEST_WORDS = 2
"""That both have. One alone is in common too easily."""
_MOST_WORDS = 300
_BLOCK = 8
_TALK = frozenset(
    words(
        "i i'm me my you your he she him her his they them we us our be am are was were been do does did have"
        " has had what who where when which how why can could would will shall should please not no yes ok so"
        " then there here now again and also too just one some any all about up out if but into at get got go"
        " tell give show make let want need like thank thanks hey hi"
    )
)


def first_shown(total: int, most: int) -> int:
    """How many of `total` turns are too old to be shown when at most `most` are.

    Where many are shown, they leave in blocks: while none leaves, a prompt begins as the one before it, and
    what was computed of that is reused.
    """
    block = _BLOCK if most > _BLOCK else 1
    return max(0, -(-(total - most) // block) * block)


class Recall:
    """The turns of one conversation by their words. Turns are added in order."""

    def __init__(self) -> None:
        self._index = KeywordIndex()
        self._words: list[frozenset[str]] = []

    def __len__(self) -> int:
        """How many turns it knows."""
        return len(self._words)

    def add(self, request: str, results: Sequence[Json]) -> None:
        """Add the next turn: what was asked and what came out."""
        counts = Counter(islice(chain(_telling(request), _telling_of(results)), _MOST_WORDS))
        self._index.add(len(self._words), counts)
        self._words.append(frozenset(counts))

    def about(self, request: str, before: int) -> list[int]:
        """Which of the turns 0 to `before` - 1 a request is about, in their order; most often none."""
        asked = set(_telling(request))
        scores = self._index.scores(asked)[:before]
        found = [
            int(number)
            for number in scores.argsort(kind="stable")[::-1][:MOST_RECALLED]
            if scores[number] >= LEAST_SCORE and len(asked & self._words[number]) >= _FEWEST_WORDS
        ]
        return sorted(found)


def _telling(text: str) -> Iterator[str]:
    return (word for word in words(text) if word not in SAY_NOTHING and word not in _TALK)


def _telling_of(results: Sequence[Json]) -> Iterator[str]:
    for text in texts_in(list(results)):
        yield from _telling(text)
