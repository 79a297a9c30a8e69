"""Keeps what was read of tools between runs, so that ten thousand of them are embedded once.

One SQLite file, safe for several processes at once. An entry's key holds the tool's schema and the model's
fingerprint, so an entry can be missing but never out of date.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ..tools.tool import Tool

T = TypeVar("T")

_log = logging.getLogger(__name__)

_APPLICATION = 0x5C12B1A7
_VERSION = 2
"""Changes with how texts and words are made from a tool."""
_COLUMNS = "key BLOB PRIMARY KEY, check_sum INTEGER, texts INTEGER, vectors BLOB, words TEXT"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a tool: the vectors (texts, width) of its text and of its examples, and its words, as
    often as they stand there."""

    vectors: npt.NDArray[np.float32]
    words: tuple[str, ...]


def entry_key(tool: Tool, model: str) -> bytes:
    """Differs whenever anything differs that an entry is made from."""
    content = [_VERSION, model, tool.name, tool.description, tool.examples, tool.parameters, tool.returns]
    return hashlib.blake2b(json.dumps(content, default=str).encode(), digest_size=16).digest()


class Store:
    """Entries in a file that is made when needed. A file that is damaged, or is something else, is set aside
    under another name, with a warning, and begun anew. A file that cannot be written keeps nothing.

    The file stays open: closing it writes everything to its place, which takes longer than a tool.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def __del__(self) -> None:
        self._close()  # a connection refers to itself, and would be closed who knows when

    def load(self, keys: Iterable[bytes]) -> dict[bytes, Entry]:
        """The entries that are there. Those that are damaged are left out."""
        wanted = list(keys)

        def read(database: sqlite3.Connection) -> dict[bytes, Entry]:
            found = {}
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                marks = ", ".join("?" * len(some))
                query = f"SELECT key, check_sum, texts, vectors, words FROM entries WHERE key IN ({marks})"
                for key, check, texts, vectors, words in database.execute(query, some):
                    if check == _check_sum(texts, vectors, words):
                        rows = np.frombuffer(vectors, np.float32).reshape(texts, -1)
                        found[key] = Entry(rows, tuple(words.split()))
            return found

        return self._with_database(read, {})

    def save(self, entries: Mapping[bytes, Entry]) -> None:
        """Add entries, or put them in the place of damaged ones."""
        rows = []
        for key, entry in entries.items():
            content = len(entry.vectors), entry.vectors.tobytes(), " ".join(entry.words)
            rows.append((key, _check_sum(*content), *content))

        def write(database: sqlite3.Connection) -> None:
            database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)", rows)
            database.commit()

        self._with_database(write, None)

    def _with_database(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        with self._lock:
            try:
                try:
                    return work(self._opened())
                except (
                    sqlite3.OperationalError
                ):  # locked, read-only, no space: nothing is wrong with the file
                    raise
                except (sqlite3.DatabaseError, TypeError, AttributeError):
                    self._close()
                    set_aside(self._path, "the index of tools")
                    return work(self._opened())
            except (sqlite3.Error, OSError) as error:
                self._close()
                _log.warning("the index of tools in %s cannot be used, and is made for this run only: %s",
                             self._path, error)  # fmt: skip
                return otherwise

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            self._database = self._open()
        return self._database

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=10, check_same_thread=False)
        try:
            database.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is read again
            if not self._ours(database):
                self._begin(database)
        except BaseException:
            database.close()
            raise
        return database

    @staticmethod
    def _ours(database: sqlite3.Connection) -> bool:
        """Whether it can be used as it is. Raises DatabaseError when it belongs to somebody else."""
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        if tables and application != _APPLICATION:
            raise sqlite3.DatabaseError("it is the database of another program")
        return (application, version) == (_APPLICATION, _VERSION) and "entries" in tables

    def _begin(self, database: sqlite3.Connection) -> None:
        """Make an empty table, unless another process has made one meanwhile."""
        database.execute("BEGIN IMMEDIATE")
        if not self._ours(database):
            database.execute("DROP TABLE IF EXISTS entries")
            database.execute(f"CREATE TABLE entries ({_COLUMNS})")
            database.execute(f"PRAGMA application_id = {_APPLICATION}")
            database.execute(f"PRAGMA user_version = {_VERSION}")
        database.commit()
        with suppress(sqlite3.OperationalError):  # in use already: the file goes on as it is
            database.execute("PRAGMA journal_mode = WAL")


def set_aside(path: Path, what: str) -> None:
    """Rename a damaged database, so that a new one can be made, and say so. Raises OSError."""
    aside = path.with_name(path.name + ".damaged")
    _log.warning("%s in %s is damaged; it is made anew, the old file is %s", what, path, aside)
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _check_sum(texts: int, vectors: bytes, words: str) -> int:
    return zlib.crc32(words.encode(), zlib.crc32(vectors, texts))
