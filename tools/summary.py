"""A summary without a model: the sentences that say most of what a text says, in the text's own words.

TextRank (Mihalcea and Tarau, 2004): a sentence counts for as much as the sentences that share its words.
Texts say what they are about early on, so that earlier sentences start with more weight, and a sentence that
repeats a chosen one is passed over.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST_SENTENCES = 600
"""Sentences that are weighed; of a longer text, as many spread evenly over it."""

_DAMPING = 0.85
_ROUNDS = 30
_ALIKE = 0.6
_CLOSING = "\"')]\u201d\u2019\u00bb"
_END = re.compile(rf"(?:(?<=[.!?])|(?<=[.!?][{re.escape(_CLOSING)}]))\s+(?=\W{{0,2}}[^\Wa-z_])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Nos?|Figs?|Eq|Sec|Ch|pp?|vol|approx|ca|cf"
    r"|vs|et al|etc|e\.g|i\.e)\.$"
)
_SMALL_WORDS = frozenset(
    """about after all also an and any are as at be been but by can could did do does for from had
    has have he her his how if in into is it its may more most no not of on one or other our out
    over she should so some such than that the their them then there these they this those to up was
    we were what when which who will with would you your""".split()  # noqa: SIM905 - a list of words reads best as words
)


def summary(text: str, sentences: int = 5) -> str:
    """The most telling `sentences` sentences of `text`, in their order; all of a text that is no longer."""
    every = split_sentences(text)
    if len(every) <= sentences:
        return " ".join(every)
    step = max(1, -(-len(every) // MOST_SENTENCES))
    weighed = every[::step]
    chosen = _choose([_words(sentence) for sentence in weighed], sentences)
    return " ".join(weighed[index] for index in sorted(chosen))


def split_sentences(text: str) -> list[str]:
    """Sentences of running text; headings, page numbers and rows of figures are left out."""
    sentences: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        start = len(sentences)
        for part in _END.split(" ".join(paragraph.split())):
            if len(sentences) > start and _ABBREVIATION.search(sentences[-1]):
                sentences[-1] += f" {part}"
            else:
                sentences.append(part)
    return list(dict.fromkeys(filter(_is_sentence, sentences)))


def _is_sentence(text: str) -> bool:
    letters = sum(letter.isalpha() for letter in text)
    ends = text.rstrip(_CLOSING)[-1:] in {*".!?"}
    return ends and 20 <= len(text) <= 1_000 and letters > 0.55 * len(text)


def _words(sentence: str) -> frozenset[str]:
    words = (word for word in re.findall(r"\w+", sentence.casefold()) if word not in _SMALL_WORDS)
    return frozenset(word[:6] for word in words if len(word) > 1)  # six letters: forms of a word count as one


def _choose(words: Sequence[frozenset[str]], count: int) -> list[int]:
    alike = _similarity(words)
    weights = _rank(alike)
    chosen: list[int] = []
    for index in map(int, np.argsort(-weights, kind="stable")):
        if len(chosen) < count and all(alike[index, other] < _ALIKE for other in chosen):
            chosen.append(index)
    return chosen


def _similarity(words: Sequence[frozenset[str]]) -> NDArray[np.float64]:
    """Cosine of the words of each two sentences, rare words counting more; zero with itself."""
    vocabulary = {word: column for column, word in enumerate(sorted(frozenset().union(*words)))}
    table = np.zeros((len(words), max(1, len(vocabulary))))
    for row, own in enumerate(words):
        table[row, [vocabulary[word] for word in own]] = 1
    table *= np.log(1 + len(words) / np.maximum(1, table.sum(axis=0)))
    table /= np.maximum(1e-9, np.linalg.norm(table, axis=1, keepdims=True))
    alike: NDArray[np.float64] = table @ table.T
    np.fill_diagonal(alike, 0)
    return alike


def _rank(alike: NDArray[np.float64]) -> NDArray[np.float64]:
    start = 1 / (1 + np.arange(len(alike)) / 10)
    start /= start.sum()
    links = alike / np.maximum(1e-9, alike.sum(axis=0, keepdims=True))
    weights = start
    for _ in range(_ROUNDS):
        weights = (1 - _DAMPING) * start + _DAMPING * (links @ weights)
    return weights
