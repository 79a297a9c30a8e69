"""What a user's requests turned out to need: remembered, counted a little in later searches, and forgotten.

One SQLite file per user, which nobody else's retrieval reads.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .embedder import Embedder, Vectors

MOST = 1000
"""Requests that are remembered; older ones make room."""


@dataclass(frozen=True, slots=True)
class Used:
    """A request that was served, the tools that served it, and which of them gave another what it needed.

    feeds: (giver, taker).
    """

    request: str
    tools: tuple[str, ...]
    feeds: tuple[tuple[str, str], ...] = ()


class Usage:
    """Raises sqlite3.Error when its file cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def record(self, used: Used) -> None:
        """Remember a request whose plan was carried out, the newest plan for the same words only."""
        with closing(self._open()) as database, database:
            database.execute("DELETE FROM used WHERE request = ?", (used.request,))
            row = (used.request, json.dumps(used.tools), json.dumps(used.feeds))
            database.execute("INSERT INTO used (request, tools, feeds) VALUES (?, ?, ?)", row)
            newest = "SELECT number FROM used ORDER BY number DESC LIMIT ?"
            database.execute(f"DELETE FROM used WHERE number NOT IN ({newest})", (MOST,))

    def all(self) -> list[Used]:
        """What is remembered, the oldest first."""
        with closing(self._open()) as database:
            rows = database.execute("SELECT request, tools, feeds FROM used ORDER BY number").fetchall()
        return [
            Used(request, tuple(json.loads(tools)), tuple((a, b) for a, b in json.loads(feeds)))
            for request, tools, feeds in rows
        ]

    def forget(self, request: str | None = None) -> None:
        """Forget one request, or everything."""
        with closing(self._open()) as database, database:
            if request is None:
                database.execute("DELETE FROM used")
            else:
                database.execute("DELETE FROM used WHERE request = ?", (request,))

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=10)
        columns = "number INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT UNIQUE, tools TEXT, feeds TEXT"
        database.execute(f"CREATE TABLE IF NOT EXISTS used ({columns})")
        return database


class Habits:
    """Remembered requests as vectors, to say which tools requests like this one needed."""

    ALIKE = 0.75
    """A remembered request counts from this similarity on."""
    MOST_ADDED = 0.15
    """What the same request adds to a tool's score."""
    OFTEN = 2
    """A tool that so often gave another what it needed is brought along with it."""

    def __init__(self, used: Sequence[Used], embedder: Embedder) -> None:
        self._used = used
        self._vectors = embedder.embed([one.request for one in used]) if used else None
        self._feeds: dict[str, dict[str, int]] = {}
        for one in used:
            for giver, taker in set(one.feeds):
                givers = self._feeds.setdefault(taker, {})
                givers[giver] = givers.get(giver, 0) + 1

    def added(self, vectors: Vectors) -> dict[str, float]:
        """What to add to the scores of tools by name, for a request whose parts have these vectors."""
        added: dict[str, float] = {}
        if self._vectors is None:
            return added
        alike = (self._vectors @ vectors.T).max(axis=1)
        for place in (alike >= self.ALIKE).nonzero()[0]:
            part = (float(alike[place]) - self.ALIKE) / (1 - self.ALIKE)
            for name in self._used[place].tools:
                added[name] = max(added.get(name, 0.0), self.MOST_ADDED * part)
        return added

    def givers(self, tool: str) -> Iterable[str]:
        """The tools that often gave it what it needed."""
        return (giver for giver, times in self._feeds.get(tool, {}).items() if times >= self.OFTEN)
