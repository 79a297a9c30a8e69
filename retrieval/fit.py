"""How likely it is that a request needs a tool, for a handful of tools that are offered together.

A search ranks within one request; these scores compare across requests, so that a threshold means the same
for all of them: log-odds, 0 where a tool is as likely needed as not. They were fitted on packs of tools that
the encoder does not train on (`python -m scrubjay.models.training.retriever_fit`), with the bundled encoder.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np

from ..tools.tool import Tool
from .embedder import WEIGHTS, Embedder, ModelFilesError, Vectors, bundled_embedder
from .entries import read_entries
from .parts import whole_and_parts
from .store import Entry, Store, entry_key
from .text import SAY_NOTHING, words

FEATURES = ("constant", "similarity", "whole", "ahead", "similarity_ahead", "said", "named")

_MOST_KEPT = 4096


class Fits:
    """Scores offered tools; keeps what it has read of them. Threads may share it.

    embedder: None takes the bundled one. store: where what is read of tools is kept between runs. indexed:
    has what somebody else read of a tool, with an embedder of this fingerprint.
    """

    def __init__(
        self,
        embedder: Embedder | None = None,
        store: Store | None = None,
        indexed: Callable[[Tool, str], Entry | None] = lambda tool, fingerprint: None,
    ) -> None:
        self._given = embedder
        self._store = store
        self._indexed = indexed
        self._entries: dict[bytes, Entry] = {}
        self._lock = threading.Lock()

    @property
    def _embedder(self) -> Embedder:
        return self._given or bundled_embedder()  # loaded when it is needed first

    def log_odds(self, request: str, tools: Sequence[Tool]) -> list[float]:
        """For each of `tools`, how likely `request` needs it: ln(p / (1 - p)); a blank request needs none.

        The tools are those that are offered together: one that is far ahead of the others is likelier than
        one of several that fit alike. Raises ModelFilesError.
        """
        if not tools or not request.strip():
            return [float("-inf")] * len(tools)
        weights = np.array([_coefficients()[name] for name in FEATURES], np.float32)
        found: list[float] = (self.features(request, tools) @ weights).tolist()
        return found

    def features(self, request: str, tools: Sequence[Tool]) -> Vectors:
        """What speaks for each tool (tools, FEATURES); `request` is not blank, and there are tools.

        similarity: of the part that it fits best. whole: of the whole request. ahead: by how much it fits
        better than the best other tool, for the part where that is most. said: the share of the request's
        words that the tool has. named: the share of its name's words that the request has.
        """
        parts = whole_and_parts(request)
        with self._lock:
            entries = self._known(tools)
            vectors = self._embedder.embed(parts)
        similar = np.stack([(vectors @ entry.vectors.T).max(axis=1) for entry in entries], axis=1)
        similarity, ahead = similar.max(axis=0), _ahead(similar).max(axis=0)
        asked = frozenset(words(request)) - SAY_NOTHING
        names = [frozenset(words(tool.name)) - SAY_NOTHING for tool in tools]
        columns = (
            [1.0] * len(tools),
            similarity,
            similar[0],
            ahead,
            similarity * ahead,
            [len(asked.intersection(entry.words)) / max(1, len(asked)) for entry in entries],
            [len(asked & name) / max(1, len(name)) for name in names],
        )
        return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)

    def _known(self, tools: Sequence[Tool]) -> list[Entry]:
        fingerprint = self._embedder.fingerprint
        there = [self._indexed(tool, fingerprint) for tool in tools]
        others = iter(self._read([tool for tool, entry in zip(tools, there, strict=True) if entry is None]))
        return [next(others) if entry is None else entry for entry in there]

    def _read(self, tools: Sequence[Tool]) -> list[Entry]:
        keys = [entry_key(tool, self._embedder.fingerprint) for tool in tools]
        new = {key: tool for key, tool in zip(keys, tools, strict=True) if key not in self._entries}
        if new:
            if len(self._entries) > _MOST_KEPT:
                self._entries = {key: self._entries[key] for key in keys if key not in new}
            read = read_entries(list(new.values()), self._embedder, self._store)
            self._entries |= dict(zip(new, read, strict=True))
        return [self._entries[key] for key in keys]


@cache
def bundled_fits() -> Fits:
    """One for all that have no reason to have their own."""
    return Fits()


def _ahead(similar: Vectors) -> Vectors:
    """By how much each tool (parts, tools) is closer to each part than the best of the others; none is 0."""
    places = np.argsort(-similar, axis=1, kind="stable")
    best = np.take_along_axis(similar, places[:, :1], axis=1)
    second = np.take_along_axis(similar, places[:, 1:2], axis=1) if similar.shape[1] > 1 else best * 0
    others: Vectors = np.where(np.arange(similar.shape[1]) == places[:, :1], second, best)
    ahead: Vectors = similar - others
    return ahead


@cache
def _coefficients() -> Mapping[str, float]:
    path = WEIGHTS / "fit.json"
    try:
        found: Mapping[str, float] = json.loads(path.read_text("utf-8"))
        return {name: float(found[name]) for name in FEATURES}
    except (OSError, ValueError, KeyError) as error:
        raise ModelFilesError(f"{path} cannot be used ({error}); install scrubjay again") from error
