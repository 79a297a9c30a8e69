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

import numpy as np

from .embedder import Embedder, Vectors
from .store import set_aside

MOST = 1000
"""Requests that are remembered; older ones make room."""

_SCHEMA = """
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS used (
        number INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT UNIQUE, tools TEXT, feeds TEXT,
        model TEXT, vector BLOB
    );
"""

MOST_CHARACTERS = 1000
"""Of a request; a longer one is not remembered: it will hardly be said again."""


@dataclass(frozen=True, slots=True)
class Used:
    """A request that was served, the tools that served it, and which of them gave another what it needed.

    feeds: (giver, taker).
    """

    request: str
    tools: tuple[str, ...]
    feeds: tuple[tuple[str, str], ...] = ()


class Usage:
    """A damaged file is set aside with a warning. Raises sqlite3.Error and OSError when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def record(self, used: Used) -> None:
        """Remember a request whose plan was carried out, the newest plan for the same words only."""
        if len(used.request) > MOST_CHARACTERS:
            return
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
        return [_used(*row) for row in rows]

    def with_vectors(self, embedder: Embedder) -> tuple[list[Used], Vectors]:
        """What is remembered, with the vectors (requests, width) of the requests; each is read only once."""
        columns = "number, request, tools, feeds, model, vector"
        with closing(self._open()) as database, database:
            rows = database.execute(f"SELECT {columns} FROM used ORDER BY number").fetchall()
            model = embedder.fingerprint
            known = {row[0]: np.frombuffer(row[5], np.float32) for row in rows if row[4] == model}
            new = [row for row in rows if row[0] not in known]
            if new:
                read = embedder.embed([row[1] for row in new])
                known |= {row[0]: vector for row, vector in zip(new, read, strict=True)}
                database.executemany(
                    "UPDATE used SET model = ?, vector = ? WHERE number = ?",
                    [(model, known[row[0]].tobytes(), row[0]) for row in new],
                )
        vectors = [known[row[0]] for row in rows]
        return [_used(*row[1:4]) for row in rows], np.array(vectors, np.float32).reshape(-1, embedder.width)

    def forget(self, request: str | None = None) -> int:
        """Forget one request, or everything; how many were remembered."""
        with closing(self._open()) as database, database:
            if request is None:
                return database.execute("DELETE FROM used").rowcount
            return database.execute("DELETE FROM used WHERE request = ?", (request,)).rowcount

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._opened()
        except sqlite3.OperationalError:  # locked, read-only, no space: nothing is wrong with the file
            raise
        except sqlite3.DatabaseError:
            set_aside(self._path, "what was learned from use")
            return self._opened()

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=10)
        try:
            database.executescript(_SCHEMA)
        except BaseException:
            database.close()
            raise
        return database


class Habits:
    """Remembered requests as vectors, to say which tools requests like this one needed."""

    ALIKE = 0.75
    """A remembered request counts from this similarity on."""
    MOST_ADDED = 0.15
    """What the same request adds to a tool's score."""
    OFTEN = 2
    """A tool that so often gave another what it needed is brought along with it."""

    def __init__(self, used: Sequence[Used] = (), vectors: Vectors | None = None) -> None:
        """vectors: (used, width)."""
        self._used = used
        self._vectors = vectors
        self._feeds: dict[str, dict[str, int]] = {}
        for one in used:
            for giver, taker in set(one.feeds):
                givers = self._feeds.setdefault(taker, {})
                givers[giver] = givers.get(giver, 0) + 1

    def added(self, vectors: Vectors) -> dict[str, float]:
        """What to add to the scores of tools by name, for a request whose parts have these vectors."""
        added: dict[str, float] = {}
        if self._vectors is None or not self._used:
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


def _used(request: str, tools: str, feeds: str) -> Used:
    return Used(request, tuple(json.loads(tools)), tuple((a, b) for a, b in json.loads(feeds)))
