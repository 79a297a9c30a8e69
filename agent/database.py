"""An SQLite file that survives what happens to files: many processes, crashes, damage, full disks.

All work runs in one thread beside the event loop, each piece of it as one transaction that is on the disk
when it returns (WAL, synchronous=FULL).
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from ..file_lock import FileLock

T = TypeVar("T")

BUSY_S = 10.0
"""How long a transaction waits for those of other processes."""


class StorageError(OSError):
    """What has to be kept could not be kept, or not be read. The message says where and what to do."""


class DiskFullError(StorageError):
    """There is no room left; nothing of the transaction has been kept."""


class DamagedError(StorageError):
    """The file is no database, or a broken one. reason: what SQLite says of it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is damaged ({reason}); it is set aside when it is opened the next time")
        self.reason = reason


class Database:
    """An open database. Make it with `open`; close it with `aclose`.

    path: its file. notice: what the user should be told about how it was opened; empty when all is well.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notice = ""
        self._connection: sqlite3.Connection
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scrubjay-database")

    @classmethod
    async def open(cls, path: Path, migrations: Sequence[Sequence[str]]) -> Self:
        """Open the database at `path`, made if it isn't there, and bring it to the latest version.

        migrations: the statements that lead to version 1, 2, ...; what has been released never changes.
        A damaged file is set aside and a new one begun, which `notice` then tells. Raises StorageError.
        """
        database = cls(path)
        try:
            await database._in_thread(lambda: database._open(migrations))
        except BaseException:
            database._thread.shutdown(wait=False)
            raise
        return database

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns: it gets the connection, inside a transaction of its own. Raises StorageError.

        Cancelling does not stop a transaction that has begun: then it takes place and nobody hears of it.
        """
        return await self._in_thread(lambda: self._transaction(work))

    async def aclose(self) -> None:
        """Wait for what is under way, and close."""
        await self._in_thread(self._connection.close)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return _in_transaction(self._connection, work)
        except sqlite3.Error as error:
            raise _explained(error, self.path) from error

    def _open(self, migrations: Sequence[Sequence[str]]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = _connected(self.path)
            except DamagedError:
                self.notice = _set_aside(self.path)
                self._connection = _connected(self.path)
            _in_transaction(self._connection, lambda connection: _migrate(connection, migrations, self.path))
        except sqlite3.Error as error:
            raise _explained(error, self.path) from error
        except StorageError:
            raise
        except OSError as error:
            raise StorageError(f"{self.path.parent} cannot hold data: {error.strerror}") from error


def _connected(path: Path) -> sqlite3.Connection:
    """A connection to a database that is sound. Raises DamagedError when it is not."""
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedError(path, verdict)
        _switch_to_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error as error:
        connection.close()
        raise _explained(error, path) from error
    except DamagedError:
        connection.close()
        raise
    return connection


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Only one process can switch a new file, and SQLite doesn't wait for it as it does elsewhere."""
    give_up = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _in_transaction(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite has rolled back by itself when the disk was full
            connection.execute("ROLLBACK")
        raise
    return result


def _migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]], path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise StorageError(
            f"{path} was written by a newer Scrubjay (version {version}, this one knows {len(migrations)}): "
            "update Scrubjay, or choose another data folder"
        )
    for statements in migrations[version:]:
        for statement in statements:
            connection.execute(statement)
    if version < len(migrations):
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _set_aside(path: Path) -> str:
    """Move a damaged file out of the way, once, whoever notices; returns what to tell the user."""
    lock = FileLock(path.with_name(path.name + ".repair"), BUSY_S)
    lock.acquire()
    try:
        with closing(_connected(path)):
            return ""  # another process has set it aside meanwhile
    except DamagedError as error:
        aside = path.with_name(f"{path.name}.damaged-{datetime.now():%Y%m%d-%H%M%S-%f}")
        for ending in ("", "-wal", "-shm"):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.rename(aside.with_name(aside.name + ending))
        return (
            f"{path} was damaged ({error.reason}). It has been moved to {aside}, and a new one begun. "
            f"`sqlite3 {aside.name} .recover` may save what it holds."
        )
    finally:
        lock.release()


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; the upper bits only refine it."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _explained(error: sqlite3.Error, path: Path) -> StorageError:
    code = _code(error)
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError(f"the disk that holds {path} is full: free some space and try again")
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return DamagedError(path, str(error))
    if code == sqlite3.SQLITE_BUSY:
        return StorageError(f"{path} has been in use by another process for {BUSY_S:.0f} s; try again")
    if code == sqlite3.SQLITE_IOERR:
        return StorageError(f"{path} could not be read or written ({error}); is the disk full or gone?")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StorageError(f"{path} could not be opened for writing ({error}); check who may write there")
    return StorageError(f"{path}: {error}")
