"""Reads tools: the texts of each to vectors, its words counted, or both taken from where they were kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..tools.tool import Tool
from .embedder import Embedder
from .store import Entry, Store, entry_key
from .text import tool_text, tool_words

_AT_ONCE = 64

Progress = Callable[[int, int], None]
"""Is told how many tools of how many have been read."""


def read_entries(
    tools: Sequence[Tool], embedder: Embedder, store: Store | None = None, progress: Progress | None = None
) -> list[Entry]:
    """An entry for each tool, in their order. What `store` has is not read; what is new goes into it."""
    if store is None:
        return _read(tools, embedder, progress)
    keys = [entry_key(tool, embedder.fingerprint) for tool in tools]
    known = {
        key: entry for key, entry in store.load(keys).items() if entry.vectors.shape[1] == embedder.width
    }
    missing = {key: tool for key, tool in zip(keys, tools, strict=True) if key not in known}
    if missing:
        read = dict(zip(missing, _read(list(missing.values()), embedder, progress), strict=True))
        store.save(read)
        known |= read
    return [known[key] for key in keys]


def _read(tools: Sequence[Tool], embedder: Embedder, progress: Progress | None) -> list[Entry]:
    entries: list[Entry] = []
    for start in range(0, len(tools), _AT_ONCE):
        some = tools[start : start + _AT_ONCE]
        texts = [[tool_text(tool), *tool.examples] for tool in some]
        vectors = embedder.embed([text for each in texts for text in each])
        place = 0
        for tool, each in zip(some, texts, strict=True):
            entries.append(Entry(vectors[place : place + len(each)], tuple(tool_words(tool))))
            place += len(each)
        if progress is not None:
            progress(len(entries), len(tools))
    return entries
