"""A conversation that outlives the process: its turns, and the journal of its effects, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs

from .database import Database
from .events import Status
from .evidence import repair_text
from .joiner import Joined
from .journal import (
    EFFECTS_TABLE,
    OWNERS_TABLE,
    UNDONE_COLUMN,
    Interrupted,
    Journal,
    Owner,
    done_effects,
    forget_dead_owners,
    interrupted_effects,
    mark_told,
    mark_undone,
)
from .plan import Json
from .planner import MAX_TURNS, PastTurn
from .provenance import NOBODY, Provenance, as_json, from_json
from .recall import MOST_REMEMBERED, Recall, first_shown
from .undo import Done

_TURNS_TABLE = """
    CREATE TABLE turns (
        session TEXT NOT NULL, number INTEGER NOT NULL,
        request TEXT NOT NULL, plan TEXT NOT NULL, results TEXT NOT NULL, referable TEXT NOT NULL,
        answer TEXT NOT NULL, status TEXT NOT NULL, ended_at TEXT NOT NULL,
        PRIMARY KEY (session, number)
    )
"""

_MIGRATIONS = (
    (_TURNS_TABLE, EFFECTS_TABLE, OWNERS_TABLE),
    (
        "ALTER TABLE turns ADD COLUMN started_at TEXT",
        "ALTER TABLE turns ADD COLUMN sources TEXT",
        UNDONE_COLUMN,
    ),
    ("ALTER TABLE turns ADD COLUMN asked_by TEXT",),
)
"""What made each version of the file. Append; never change what users' files were made with."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that was served, as it is kept.

    plan: its text. results: one for each step. referable: whole results by step id. started_at, ended_at: in
    UTC; turns that older versions kept have no start. sources: where each result comes from. asked_by: the
    others who wrote the request.
    """

    number: int
    request: str
    plan: str
    results: Sequence[Json]
    referable: dict[int, Json]
    answer: str
    status: Status
    ended_at: datetime
    started_at: datetime | None = None
    sources: Sequence[Provenance] = ()
    asked_by: Provenance = NOBODY


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation of those in the file. last_request: what was asked last, at ended_at (in UTC)."""

    id: str
    turns: int
    last_request: str
    ended_at: datetime


def default_path() -> Path:
    """Where sessions are kept: `sessions.db` in the platform's folder for the user's data."""
    return Path(platformdirs.user_data_path("scrubjay", appauthor=False)) / "sessions.db"


class Session:
    """One conversation of those in a file; a `turns.Conversation`. Use `async with`, or call `aclose`.

    id: its name. notice: what the user should be told about the file (it was damaged); empty if all is well.
    """

    def __init__(self, database: Database, session_id: str) -> None:
        self.id = session_id
        self.notice = database.notice
        self._database = database
        self._owner = Owner(database)
        self._recall = Recall()
        self._unknown = 0  # how many turns are older than those that it knows

    @classmethod
    async def open(cls, path: Path | None = None, id: str = "main") -> Self:
        """Open the conversation `id` in the file `path`, by default `default_path()`; a new one if need be.

        Several conversations live in one file, and several processes may use them at once. Raises
        StorageError when the file cannot be used.
        """
        database = await Database.open(path or default_path(), _MIGRATIONS)
        await database.run(lambda connection: forget_dead_owners(connection, database.path))
        return cls(database, repair_text(id))

    async def record_turn(self, turn: PastTurn, joined: Joined, started_at: datetime | None = None) -> None:
        """Keep a turn that has been served: it is on the disk when this returns. Raises StorageError."""
        row = (
            *map(repair_text, (turn.request, turn.plan)),
            json.dumps(turn.results),
            json.dumps(turn.referable),
            repair_text(joined.text),
            joined.status.value,
            datetime.now(UTC).isoformat(),
            started_at and started_at.astimezone(UTC).isoformat(),
            json.dumps([as_json(source) for source in turn.sources]),
            json.dumps(as_json(turn.asked_by)),
        )

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO turns (session, number, request, plan, results, referable, answer, status,"
                " ended_at, started_at, sources, asked_by)"
                " SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
                " FROM turns WHERE session = ?",
                (self.id, *row, self.id),
            )

        await self._database.run(insert)

    async def history(self, limit: int = MAX_TURNS) -> list[Turn]:
        """The latest `limit` turns, oldest first. Raises StorageError."""

        return await self._database.run(
            lambda connection: _turns(connection, self.id, "TRUE ORDER BY number DESC LIMIT ?", limit)[::-1]
        )

    async def past_turns(self, about: str = "", most: int = MAX_TURNS) -> Sequence[PastTurn]:
        """The latest turns as planners see them, oldest first, and those that a request is about; see
        `turns.Conversation`. Raises StorageError."""

        def select(connection: sqlite3.Connection) -> list[Turn]:
            self._learn(connection)
            start = first_shown(len(self._recall), most)
            chosen = [*range(start, len(self._recall) - 1), *self._recall.about(about, start)]
            chosen += [len(self._recall) - 1] if len(self._recall) else []
            numbers = [self._unknown + place + 1 for place in chosen]
            return [turn for number in numbers for turn in _turns(connection, self.id, "number = ?", number)]

        return [
            PastTurn(turn.request, turn.plan, turn.results, turn.referable, turn.sources, turn.asked_by)
            for turn in await self._database.run(select)
        ]

    def _learn(self, connection: sqlite3.Connection) -> None:
        """Add to `_recall` what this and other processes have recorded since; forget what they dropped."""
        (total,) = connection.execute(
            "SELECT COALESCE(MAX(number), 0) FROM turns WHERE session = ?", (self.id,)
        ).fetchone()
        if total < self._unknown + len(self._recall):
            self._recall = Recall()
        if not len(self._recall):
            self._unknown = max(0, total - MOST_REMEMBERED)
        rows = connection.execute(
            "SELECT request, results FROM turns WHERE session = ? AND number > ? ORDER BY number",
            (self.id, self._unknown + len(self._recall)),
        )
        for request, results in rows:
            self._recall.add(request, json.loads(results))

    async def all_in_file(self) -> list[Summary]:
        """The conversations of the file that have turns, the latest first. Raises StorageError."""

        def select(connection: sqlite3.Connection) -> list[Summary]:
            rows = connection.execute(
                "SELECT session, COUNT(*), request, MAX(ended_at) FROM turns GROUP BY session ORDER BY 4 DESC"
            )
            return [Summary(id, turns, last, datetime.fromisoformat(at)) for id, turns, last, at in rows]

        return await self._database.run(select)

    async def forget(self, latest: int | None = None) -> int:
        """Drop the `latest` turns of this conversation, or all; returns how many there were.

        With all turns go the records of effects that have ended; so they can no longer be taken back.
        Raises StorageError.
        """

        def delete(connection: sqlite3.Connection) -> int:
            self._recall = Recall()
            if latest is None:
                connection.execute(
                    "DELETE FROM effects WHERE session = ? AND ended_at IS NOT NULL", (self.id,)
                )
            return connection.execute(
                "DELETE FROM turns WHERE session = ? AND number IN"
                " (SELECT number FROM turns WHERE session = ? ORDER BY number DESC LIMIT ?)",
                (self.id, self.id, -1 if latest is None else latest),
            ).rowcount

        return await self._database.run(delete)

    def journal(self, request_id: str) -> Journal:
        """Where the effects of a request are written down."""
        return Journal(self._database, self._owner, self.id, request_id)

    async def done_effects(self, request: str | None = None) -> Sequence[Done]:
        """The effects of `request`, or of the latest request that has any, which nobody has undone.

        In the order in which they ended. Raises StorageError.
        """
        return await self._database.run(lambda connection: done_effects(connection, self.id, request))

    async def mark_undone(self, effects: Sequence[Done]) -> None:
        """These are settled: they were taken back, or cannot be. Raises StorageError."""
        await self._database.run(lambda connection: mark_undone(connection, self.id, effects))

    async def interrupted(self) -> list[Interrupted]:
        """The effects of processes that died in the middle: they may have happened. Oldest first.

        Effects that are under way in a living process are not among them. Tell the user, then call
        `mark_told`; none is ever run again by itself. Raises StorageError.
        """
        path = self._database.path
        return await self._database.run(lambda connection: interrupted_effects(connection, path, self.id))

    async def mark_told(self, told: Sequence[Interrupted]) -> None:
        """The user has been told of these; they are not reported again. Raises StorageError."""
        await self._database.run(lambda connection: mark_told(connection, self.id, told))

    async def aclose(self) -> None:
        """Close the file; what was begun and not finished is from now on reported as interrupted."""
        await self._database.run(self._owner.let_go)
        await self._database.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _turns(connection: sqlite3.Connection, session: str, which: str, value: int) -> list[Turn]:
    rows = connection.execute(
        "SELECT number, request, plan, results, referable, answer, status, ended_at, started_at, sources,"
        f" asked_by FROM turns WHERE session = ? AND {which}",
        (session, value),
    )
    return [_turn(*row) for row in rows]


def _turn(
    number: int,
    request: str,
    plan: str,
    results: str,
    referable: str,
    answer: str,
    status: str,
    ended: str,
    started: str | None,
    sources: str | None,
    asked_by: str | None,
) -> Turn:
    by_step = {int(step): result for step, result in json.loads(referable).items()}
    times = datetime.fromisoformat(ended), datetime.fromisoformat(started) if started else None
    of_whom = tuple(from_json(source) for source in json.loads(sources or "[]"))
    asked = from_json(json.loads(asked_by or "[]"))
    kept = number, request, plan, json.loads(results), by_step, answer, Status(status)
    return Turn(*kept, *times, of_whom, asked)
