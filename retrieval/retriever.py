"""Finds the few of many tools that could serve a request, and says why.

The way of a request: split into parts, each part looked up by vector and by words, tools ranked by the part
that they fit best, as many taken as their scores suggest, and what those cannot do without brought along.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from math import isnan

import numpy as np

from ..tools.registry import ToolRegistry
from ..tools.tool import Tool
from .asking import bundled_asking
from .choice import level, near_the_best
from .embedder import Embedder, Vectors, bundled_embedder
from .entries import Progress
from .fit import Fits
from .index import Matches, ToolIndex
from .known import bundled_known
from .parts import whole_and_parts
from .store import Entry, Store
from .usage import Habits, Usage, Used

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A tool with what speaks for it.

    score: what it is ranked by, comparable within one search. similarity: of vectors, -1 to 1. keywords: 0 to
    1. remembered: what was added from use. part: the words of the request that it fits best. likely: how
    probable it is that the request needs it, of a tool that many requests are known for. needed_by: the tool
    that it was brought along for.
    """

    tool: Tool
    score: float = 0.0
    similarity: float = 0.0
    keywords: float = 0.0
    remembered: float = 0.0
    part: str = ""
    likely: float | None = None
    needed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Tools, best first; the first `handed` are those that a planner gets."""

    found: tuple[Found, ...]
    handed: int


class Retriever:
    """Picks tools of a registry, which may change between requests. Threads may share it.

    embedder: None loads the bundled one when it is first needed. store: keeps the index between runs.
    usage: what is learned from one user's plans; None learns nothing.
    progress: is told how many of the new tools have been read.
    """

    def __init__(
        self,
        tools: ToolRegistry,
        *,
        embedder: Embedder | None = None,
        store: Store | None = None,
        usage: Usage | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.tools = tools
        self._embedder = embedder
        self._store = store
        self._usage = usage
        self._progress = progress
        self._indexed: tuple[Tool, ...] = ()
        self._known: dict[str, Tool] = {}  # the same by name
        self._index: ToolIndex | None = None
        self._habits: Habits | None = None
        self._lock = threading.Lock()
        self.fits = Fits(store=store, indexed=self._entry)
        """How likely tools are needed, from what was read of them here."""

    def choose(self, request: str, limit: int = 16) -> list[Tool]:
        """The tools that could serve `request`, in the registry's order: all if there are at most `limit`.

        Raises ModelFilesError when there are more and the embedding model cannot be used.
        """
        tools = tuple(self.tools)
        if len(tools) <= limit:
            return list(tools)
        search = self.search(request, limit)
        names = {found.tool.name for found in search.found[: search.handed]}
        return [tool for tool in tools if tool.name in names]

    def search(self, request: str, limit: int = 16) -> Search:
        """The tools that fit best, with what speaks for them; first those that seem needed, at most `limit`.

        An empty request finds nothing in particular: the first tools of the registry. Raises ModelFilesError.
        """
        tools = tuple(self.tools)
        parts = whole_and_parts(request)
        if not tools or not parts:
            found = tuple(Found(tool) for tool in tools[:limit])
            return Search(found, len(found))
        with self._lock:
            embedder, index = self._updated(tools)
            vectors = embedder.embed(parts)
            asking = bundled_asking().turned(vectors, embedder)
            matches = index.find(parts, asking)
            habits = self._learned(embedder)
            known = _known_log_odds(embedder, parts, vectors, matches.tools)
            ranked, near = _ranked(matches, parts, habits.added(vectors), known, limit)
            judged = {found.tool.name for found in ranked if found.likely is not None}
            taken = self._with_needed(near, judged, index, asking, habits)[:limit]
        names = {found.tool.name for found in taken}
        rest = [found for found in ranked if found.tool.name not in names]
        return Search((*taken, *rest), len(taken))

    def learn(self, used: Used) -> None:
        """Remember what a plan that was carried out used, if there is a `usage`. Raises sqlite3.Error."""
        if self._usage is not None:
            self._usage.record(used)
            with self._lock:
                self._habits = None

    def _entry(self, tool: Tool, fingerprint: str) -> Entry | None:
        """What the index has read of a tool, with the embedder of that fingerprint."""
        with self._lock:
            if self._index is None or self._embedder is None or self._embedder.fingerprint != fingerprint:
                return None
            return self._index.entry(tool)

    def _with_needed(
        self, near: Sequence[Found], judged: Set[str], index: ToolIndex, vectors: Vectors, habits: Habits
    ) -> list[Found]:
        """`near`, and behind each tool those that give it what it needs, unless they are there anyway.

        Schemas don't bring a tool along whose own likeliness with this one has been `judged`.
        """
        taken = {found.tool.name: found for found in near}
        for found in near:
            giver = index.giver(found.tool, vectors)
            if giver and found.tool.name in judged and giver.name in judged:
                giver = None
            names = [*([giver.name] if giver else []), *habits.givers(found.tool.name)]
            for name in names:
                if name not in taken and name in self.tools:
                    taken[name] = Found(self.tools.get(name), found.score, needed_by=found.tool.name)
        return sorted(taken.values(), key=lambda found: -found.score)

    def _updated(self, tools: tuple[Tool, ...]) -> tuple[Embedder, ToolIndex]:
        """The index, with what has changed in the registry since it was last asked."""
        if self._embedder is None:
            self._embedder = bundled_embedder()
        if self._index is None:
            self._index = ToolIndex(self._embedder, self._store)
        if tools != self._indexed:
            indexed = set(map(id, self._indexed))
            new = [tool for tool in tools if id(tool) not in indexed]
            if len(tools) < len(self._known) + sum(tool.name not in self._known for tool in new):
                gone = self._known.keys() - {tool.name for tool in tools}
                self._index.remove(gone)
                for name in gone:
                    del self._known[name]
            self._index.add(new, self._progress)
            self._known |= {tool.name: tool for tool in new}
            self._indexed = tools
        return self._embedder, self._index

    def _learned(self, embedder: Embedder) -> Habits:
        if self._habits is None:
            try:
                self._habits = Habits(*self._usage.with_vectors(embedder)) if self._usage else Habits()
            except (sqlite3.Error, OSError) as error:
                _log.warning("what was learned from use is left out: %s", error)
                self._habits = Habits()
        return self._habits


def _known_log_odds(
    embedder: Embedder, parts: Sequence[str], vectors: Vectors, tools: Sequence[Tool]
) -> Vectors:
    known = bundled_known()
    if not known.serves(embedder):
        return np.full(len(tools), np.nan, np.float32)
    return known.log_odds(parts, vectors, tools)


def _ranked(
    matches: Matches, parts: Sequence[str], added: Mapping[str, float], known: Vectors, limit: int
) -> tuple[list[Found], list[Found]]:
    """All matches, best first, and those of them that their scores suggest to hand over."""
    remembered = np.array([added.get(tool.name, 0.0) for tool in matches.tools], np.float32)
    scores = matches.scores + remembered
    levelled = level(scores)
    best, places = levelled.argmax(axis=0), np.arange(len(matches.tools))
    order = np.argsort(-levelled[best, places], kind="stable")
    columns = (
        levelled[best, places],
        matches.similarity[best, places],
        matches.keywords[best, places],
        remembered,
        best,
        1 / (1 + np.exp(-known)),
    )
    rows = zip(order.tolist(), *(column[order].tolist() for column in columns), strict=True)
    found = [
        Found(
            matches.tools[place],
            score,
            similarity,
            keywords,
            added,
            parts[part],
            None if isnan(likely) else likely,
        )
        for place, score, similarity, keywords, added, part, likely in rows
    ]
    near = near_the_best(scores, known)[order].tolist()
    return found, [one for one, close in zip(found, near, strict=True) if close][:limit]
