"""A lock that a process holds until it lets go or dies, however it dies, on every platform.

It is an empty SQLite database with an exclusive transaction: the standard library has no other lock that the
operating system releases for a killed process on Linux, macOS and Windows alike.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path


class FileLock:
    """The lock at `path`, a file that belongs to the lock alone. To be used from one thread."""

    def __init__(self, path: Path, timeout_s: float = 0.0) -> None:
        self.path = path
        self._timeout_s = timeout_s
        self._connection: sqlite3.Connection | None = None

    def acquire(self) -> None:
        """Wait for the lock. Raises sqlite3.OperationalError after `timeout_s`."""
        connection = sqlite3.connect(self.path, timeout=self._timeout_s, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            connection.close()
            raise
        self._connection = connection

    def release(self) -> None:
        """Let go of the lock, if it is held."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock at `path`."""
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire()
    except sqlite3.OperationalError:
        return True
    lock.release()
    return False
