"""How likely a request needs a tool that many example requests are known for: the built-in ones.

Two witnesses, both learned from the corpus (`python -m scrubjay.models.training.retriever_known`). A table
says for each word, pair of neighbours and pair with one word between how much it raises the odds of each
tool: it knows that "cross off" is complete_reminder, which a vector does not tell. And each tool has a vector
of its own, learned from requests instead of read from its description. What they say together is calibrated
on requests that neither has seen, so that a threshold means the same for all tools. A tool is known by its
name and description; what is not known is left to the rest of retrieval.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..tools.tool import Tool
from .embedder import WEIGHTS, Embedder, Vectors, read_arrays

SLOTS = 1 << 14
"""Phrases are told apart by a hash of this size."""

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")


class KnownTools:
    """What was learned of some tools, with one encoder: for vectors of another it knows none.

    Raises ModelFilesError.
    """

    def __init__(self, path: Path = WEIGHTS / "known.npz") -> None:
        stored = read_arrays(path)
        self._phrases, self._scales = stored["phrases"], stored["scales"]
        self._directions = stored["directions"].astype(np.float32)
        self._offsets, self._weights = stored["offsets"], stored["weights"]
        self._places = {str(key): place for place, key in enumerate(stored["keys"])}
        self._encoder = str(stored["encoder"])

    def log_odds(self, parts: Sequence[str], vectors: Vectors, tools: Sequence[Tool]) -> Vectors:
        """For each of `tools` ln(p / (1 - p)); nan: a tool that is not known.

        parts: a request, whole first, then its parts if there are several; vectors: theirs (parts, width).
        """
        places = [self._places.get(tool_key(tool), -1) for tool in tools]
        if all(place < 0 for place in places):
            return np.full(len(tools), np.nan, np.float32)
        told = evidence([self._said(part) for part in parts], vectors @ self._directions.T)
        odds = np.append(told @ self._weights + self._offsets, np.nan)
        found: Vectors = odds[places].astype(np.float32)
        return found

    def serves(self, embedder: Embedder) -> bool:
        """Whether the vectors of `embedder` are those that this was learned with."""
        return embedder.fingerprint == self._encoder

    def _said(self, part: str) -> Vectors:
        said: Vectors = self._phrases[phrase_slots(part)].sum(axis=0, dtype=np.float32) * self._scales
        return said


def evidence(said: Sequence[Vectors], near: Vectors) -> Vectors:
    """What speaks for each tool (tools, 3): the phrases of the whole, of its best part, and the best vector.

    said: for each part, by how much its phrases raise each tool. near: (parts, tools).
    """
    return np.stack([said[0], np.max(said, axis=0), near.max(axis=0)], axis=1)


@cache
def bundled_known() -> KnownTools:
    """What comes with scrubjay. Raises ModelFilesError."""
    return KnownTools()


def tool_key(tool: Tool) -> str:
    """What a tool is known by."""
    return _key(tool.name, tool.description)


@lru_cache(maxsize=1 << 14)  # asked for every candidate of every request
def _key(name: str, description: str) -> str:
    return hashlib.blake2b(f"{name}\n{description}".encode(), digest_size=8).hexdigest()


def phrase_slots(text: str) -> list[int]:
    """The slots of the table that a text's phrases fall into, each once; any number counts as the same."""
    return sorted({zlib.crc32(phrase.encode()) % SLOTS for phrase in _phrases(text)})


def _phrases(text: str) -> Iterator[str]:
    tokens = ["0" if token.isdigit() else token for token in _TOKEN.findall(text.lower())]
    tokens = ["<", *tokens, ">"]
    yield from tokens
    yield from (f"{first} {second}" for first, second in pairwise(tokens))
    yield from (f"{first} _ {second}" for first, second in zip(tokens, tokens[2:], strict=False))
