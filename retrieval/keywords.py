"""BM25 over an inverted index that documents can be added to and taken from one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_K1 = 1.5
_B = 0.75

_Term: TypeAlias = tuple[npt.NDArray[np.intp], npt.NDArray[np.float32], float]
"""One word: the documents that have it, what it adds to the score of each, and the most that it could add."""


class KeywordIndex:
    """Documents by number; numbers should be small, for scores come as an array that they index."""

    def __init__(self) -> None:
        self._postings: dict[str, dict[int, int]] = {}
        self._arrays: dict[str, tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]] = {}
        self._terms: dict[str, _Term] = {}  # as long as no document comes or goes
        self._documents: dict[int, tuple[str, ...]] = {}
        self._lengths = np.zeros(64, np.float32)
        self._total = 0

    def add(self, number: int, counts: Mapping[str, int]) -> None:
        """Add a document: how often each word stands in it."""
        self._terms.clear()
        while number >= len(self._lengths):
            self._lengths = np.concatenate([self._lengths, np.zeros_like(self._lengths)])
        self._documents[number] = tuple(counts)
        self._lengths[number] = length = sum(counts.values())
        self._total += length
        for word, count in counts.items():
            self._postings.setdefault(word, {})[number] = count
            self._arrays.pop(word, None)

    def remove(self, number: int) -> None:
        """Take a document out. Raises KeyError."""
        self._terms.clear()
        for word in self._documents.pop(number):
            del self._postings[word][number]
            if not self._postings[word]:
                del self._postings[word]
            self._arrays.pop(word, None)
        self._total -= int(self._lengths[number])
        self._lengths[number] = 0

    def words(self, number: int) -> tuple[str, ...]:
        """The words of a document, each once. Raises KeyError."""
        return self._documents[number]

    def scores(self, words: Iterable[str]) -> npt.NDArray[np.float32]:
        """BM25 by document number, as a share of what a document of these words could reach: 0 to about 1."""
        scores = np.zeros(len(self._lengths), np.float32)
        best = 0.0
        for word in dict.fromkeys(words):
            posting = self._postings.get(word)
            if not posting:
                best += self._weight(0) * (_K1 + 1)
                continue
            if word not in self._terms:
                self._terms[word] = self._term(word, posting)
            numbers, added, most = self._terms[word]
            scores[numbers] += added
            best += most
        return scores / best if best else scores

    def _term(self, word: str, posting: Mapping[int, int]) -> _Term:
        weight = self._weight(len(posting))
        numbers, counts = self._array(word, posting)
        mean = self._total / max(1, len(self._documents))
        norm = _K1 * (1 - _B + _B * self._lengths[numbers] / mean)
        added = np.asarray(weight * counts * (_K1 + 1) / (counts + norm), np.float32)
        return numbers, added, weight * (_K1 + 1)

    def _weight(self, documents: int) -> float:
        return log(1 + (len(self._documents) - documents + 0.5) / (documents + 0.5))

    def _array(
        self, word: str, posting: Mapping[int, int]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        if word not in self._arrays:
            numbers = np.fromiter(posting, np.intp, len(posting))
            self._arrays[word] = numbers, np.fromiter(posting.values(), np.float32, len(posting))
        return self._arrays[word]
