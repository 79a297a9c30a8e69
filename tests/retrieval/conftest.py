"""Tools to find, and an embedder that needs no weights."""

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from scrubjay.retrieval.embedder import Vectors
from scrubjay.retrieval.text import words
from scrubjay.tools.tool import Tool

MakeTool = Callable[..., Tool]


class WordEmbedder:
    """Texts that share words lie close together: each word is a random direction of its own."""

    width = 1024

    def __init__(self, fingerprint: str = "words-1") -> None:
        self.fingerprint = fingerprint
        self.read: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.read += texts
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> Vectors:
        directions = [
            np.random.default_rng(zlib.crc32(w.encode())).normal(size=self.width) for w in words(text)
        ]
        vector = np.sum(directions, axis=0) if directions else np.ones(self.width)
        unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def make() -> MakeTool:
    """Makes a tool of a name, a description, examples and the descriptions of its parameters."""

    def make(tool: str, description: str, /, *examples: str, gives: str = "", **parameters: str) -> Tool:
        properties = {key: {"type": "string", "description": text} for key, text in parameters.items()}
        schema = {"type": "object", "properties": properties, "required": list(parameters)}
        returns = {"type": "string", "description": gives} if gives else {}
        return Tool(tool, description, schema, returns, examples=examples)

    return make


@pytest.fixture
def fillers(make: MakeTool) -> list[Tool]:
    """Tools that nobody asks for."""
    return [make(f"filler{n}", f"Turns crank number {n}.") for n in range(40)]
