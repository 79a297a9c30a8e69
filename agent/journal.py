"""The journal of effects: each is written down before it runs and after, so that none is ever repeated.

    begin ──> the tool runs ──> finish
          │                 └─ killed here: it may have happened
          └─ killed here: it may have happened, as far as anybody can tell

What was begun and never finished, by a process that no longer lives, is reported and never run again by
itself.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from ..file_lock import FileLock, is_locked
from ..tools.effect import Effect
from .database import Database
from .evidence import repair_text
from .plan import Json
from .undo import Done

EFFECTS_TABLE = """
    CREATE TABLE effects (
        session TEXT NOT NULL, request TEXT NOT NULL, step INTEGER NOT NULL,
        tool TEXT NOT NULL, arguments TEXT NOT NULL, effect TEXT NOT NULL,
        owner TEXT NOT NULL, begun_at TEXT NOT NULL,
        ended_at TEXT, result TEXT, problem TEXT, told_at TEXT,
        PRIMARY KEY (session, request, step)
    )
"""
"""One row an effect. ended_at is NULL until it is finished, told_at until the user knows that it was not."""

UNDONE_COLUMN = "ALTER TABLE effects ADD COLUMN undone_at TEXT"
"""Since version 2: when the effect was taken back, or was found to be one that cannot be."""

OWNERS_TABLE = "CREATE TABLE owners (token TEXT PRIMARY KEY)"
"""The processes that have begun effects; each holds a file lock as long as it lives."""


class AlreadyBegunError(RuntimeError):
    """This step of this request has been begun before: it has happened, or may have, and is not run again."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An effect that may have happened: its process died before it could say how it ended.

    arguments: what the tool was called with, references resolved. begun_at: in UTC.
    """

    request: str
    step_id: int
    tool: str
    arguments: Mapping[str, Json]
    effect: Effect
    begun_at: datetime


class Owner:
    """The process (or one open session of it) that effects belong to, as long as it lives."""

    def __init__(self, database: Database) -> None:
        self.token = uuid4().hex
        self._database = database
        self._lock: FileLock | None = None

    def hold(self, connection: sqlite3.Connection) -> None:
        """Show that this process lives. Call it in the database's thread, before the first effect begins."""
        if self._lock is None:
            self._lock = FileLock(lock_path(self._database.path, self.token))
            self._lock.acquire()
        # Every time, since the transaction of the first effect may have been rolled back.
        connection.execute("INSERT OR IGNORE INTO owners VALUES (?)", (self.token,))

    def let_go(self, connection: sqlite3.Connection) -> None:
        """The session is closed: what it has begun and not finished may have happened."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
            _forget_owner(connection, self._database.path, self.token)


class Journal:
    """The effects of one request; an `executor.EffectJournal`."""

    def __init__(self, database: Database, owner: Owner, session: str, request: str) -> None:
        self._database = database
        self._owner = owner
        self._session = session
        self._request = request

    async def begin(self, step_id: int, tool: str, args: Mapping[str, Json], effect: Effect) -> None:
        """Write down that the step is about to run; it is on the disk when this returns.

        Raises AlreadyBegunError for a step that was begun before, and StorageError (the disk is full) when it
        could not be written down: then it must not run. Cancelled, it leaves no record: nothing has run.
        """
        row = (self._session, self._request, step_id, tool, json.dumps(args), effect.value)

        def insert(connection: sqlite3.Connection) -> None:
            self._owner.hold(connection)
            try:
                connection.execute(
                    "INSERT INTO effects (session, request, step, tool, arguments, effect, owner, begun_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, self._owner.token, _now()),
                )
            except sqlite3.IntegrityError as error:
                raise AlreadyBegunError(
                    f"step {step_id} of this request was begun before; it has happened or may have"
                ) from error

        writing = asyncio.ensure_future(self._database.run(insert))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            if writing.exception() is None:
                await self._database.run(lambda connection: self._erase(connection, step_id))
            raise

    async def finish(self, step_id: int, result: Json, problem: str) -> None:
        """Write down how the step ended: its result, or the problem if there is one. Raises StorageError."""
        ended = (_now(), json.dumps(result), repair_text(problem), self._session, self._request, step_id)

        def update(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE effects SET ended_at = ?, result = ?, problem = ?"
                " WHERE session = ? AND request = ? AND step = ?",
                ended,
            )

        await self._database.run(update)

    def _erase(self, connection: sqlite3.Connection, step_id: int) -> None:
        connection.execute(
            "DELETE FROM effects WHERE session = ? AND request = ? AND step = ? AND ended_at IS NULL",
            (self._session, self._request, step_id),
        )


def interrupted_effects(connection: sqlite3.Connection, path: Path, session: str) -> list[Interrupted]:
    """The session's effects that may have happened and that nobody has been told of, oldest first."""
    rows = connection.execute(
        "SELECT owner, request, step, tool, arguments, effect, begun_at FROM effects"
        " WHERE session = ? AND ended_at IS NULL AND told_at IS NULL ORDER BY begun_at, step",
        (session,),
    ).fetchall()
    living = {owner for owner in {row[0] for row in rows} if is_locked(lock_path(path, owner))}
    return [
        Interrupted(request, step, tool, json.loads(arguments), Effect(effect), datetime.fromisoformat(begun))
        for owner, request, step, tool, arguments, effect, begun in rows
        if owner not in living
    ]


def done_effects(connection: sqlite3.Connection, session: str, request: str | None) -> list[Done]:
    """The effects of a request, or of the latest one that has any, that happened and were not taken back."""
    wanted = "session = ? AND ended_at IS NOT NULL AND problem = '' AND undone_at IS NULL"
    if request is None:
        latest = f"SELECT request FROM effects WHERE {wanted} ORDER BY ended_at DESC, rowid DESC LIMIT 1"
        row = connection.execute(latest, (session,)).fetchone()
        if row is None:
            return []
        (request,) = row
    rows = connection.execute(
        f"SELECT step, tool, arguments, effect, result FROM effects WHERE {wanted} AND request = ?"
        " ORDER BY ended_at, rowid",
        (session, request),
    )
    return [
        Done(request, step, tool, json.loads(arguments), Effect(effect), json.loads(result))
        for step, tool, arguments, effect, result in rows
    ]


def mark_undone(connection: sqlite3.Connection, session: str, effects: Sequence[Done]) -> None:
    """These were taken back, or cannot be."""
    connection.executemany(
        "UPDATE effects SET undone_at = ? WHERE session = ? AND request = ? AND step = ?",
        [(_now(), session, effect.request, effect.step_id) for effect in effects],
    )


def mark_told(connection: sqlite3.Connection, session: str, told: Sequence[Interrupted]) -> None:
    """The user knows of these: they are not reported again. They stay in the journal as they are."""
    connection.executemany(
        "UPDATE effects SET told_at = ? WHERE session = ? AND request = ? AND step = ?",
        [(_now(), session, effect.request, effect.step_id) for effect in told],
    )


def forget_dead_owners(connection: sqlite3.Connection, path: Path) -> None:
    """Clear away what killed processes left behind, their effects aside."""
    for (token,) in connection.execute("SELECT token FROM owners").fetchall():
        if not is_locked(lock_path(path, token)):
            _forget_owner(connection, path, token)


def lock_path(database: Path, token: str) -> Path:
    """The file that an owner holds locked."""
    return database.with_name(f"{database.name}.owner-{token}")


def _forget_owner(connection: sqlite3.Connection, path: Path, token: str) -> None:
    connection.execute("DELETE FROM owners WHERE token = ?", (token,))
    lock_path(path, token).unlink(missing_ok=True)


def _now() -> str:
    return datetime.now(UTC).isoformat()
