"""Chooses the tools that could serve a request by the words they share with it (BM25)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..tools.registry import ToolRegistry
from ..tools.tool import Tool

_WORD = re.compile(r"[^\W_]+")
_CHANGE_OF_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Retriever:
    """Picks tools of a registry, which may change between requests."""

    def __init__(self, tools: ToolRegistry) -> None:
        self._tools = tools
        self._indexed: tuple[Tool, ...] = ()
        self._index: _Index | None = None

    def choose(self, request: str, limit: int = 16) -> list[Tool]:
        """The tools that could serve `request`, in the registry's order: all if there are at most `limit`.

        Counted are words of names, descriptions, parameters and examples. Tools that share no word with the
        request fill what is left, the first registered first.
        """
        tools = tuple(self._tools)
        if len(tools) <= limit:
            return list(tools)
        if self._index is None or tools != self._indexed:
            self._index, self._indexed = _Index([list(_words_of(tool)) for tool in tools]), tools
        scores = self._index.scores(_words(request))
        best = sorted(range(len(tools)), key=lambda place: (-scores[place], place))[:limit]
        return [tools[place] for place in sorted(best)]


class _Index:
    def __init__(self, documents: list[list[str]]) -> None:
        # Here, since few programs have so many tools that they need it, and it takes 0.2 s.
        import bm25s  # type: ignore[import-untyped]

        self._count = len(documents)
        self._known = {word for document in documents for word in document}
        self._bm25: Any = bm25s.BM25()
        self._bm25.index(documents, show_progress=False)

    def scores(self, words: Iterable[str]) -> list[float]:
        """A score for each document; words that repeat count once."""
        known = sorted(set(words) & self._known)
        return [float(score) for score in self._bm25.get_scores(known)] if known else [0.0] * self._count


def _words_of(tool: Tool) -> Iterator[str]:
    yield from _words(tool.name)
    yield from _words(tool.description)
    for name, schema in tool.parameters["properties"].items():
        yield from _words(name)
        yield from _words(str(schema.get("description", "")))
    yield from _words(str(tool.returns.get("description", "")))
    for example in tool.examples:
        yield from _words(example)


def _words(text: str) -> Iterator[str]:
    """Lower-case words; names are parted: getUser_names is get, user, name."""
    for match in _WORD.finditer(_CHANGE_OF_CASE.sub(" ", text)):
        word = match[0].lower()
        yield word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
