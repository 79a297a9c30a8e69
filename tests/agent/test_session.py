"""A session keeps every finished turn, whatever happens to its file and to the processes that use it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from scrubjay.agent.database import Database, DiskFullError, StorageError
from scrubjay.agent.events import Status
from scrubjay.agent.joiner import Joined
from scrubjay.agent.planner import PastTurn
from scrubjay.agent.session import Session, default_path
from scrubjay.tools.effect import Effect

TURN = PastTurn(
    "text Sid",
    '$1 = get_phone_number(name="Sid")\ndone\n',
    [{"phone": "0611"}, None, "…"],
    {1: {"phone": "0611"}},
)
DONE = Joined(Status.DONE, "It is 0611.")

KEEPS_RECORDING = """
import asyncio, sys
from pathlib import Path
from scrubjay.agent.events import Status
from scrubjay.agent.joiner import Joined
from scrubjay.agent.planner import PastTurn
from scrubjay.agent.session import Session

async def main():
    session = await Session.open(Path(sys.argv[1]), id=sys.argv[2])
    for number in range(int(sys.argv[3])):
        turn = PastTurn(f"request {number}", "none\\n", [], {})
        await session.record_turn(turn, Joined(Status.NOT_SERVED, ""))
        print(number, flush=True)
    await session.aclose()

asyncio.run(main())
"""


def recorder(path: Path, session: str, turns: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", KEEPS_RECORDING, str(path), session, str(turns)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def requests_in(path: Path, session: str) -> list[str]:
    async def read() -> list[str]:
        async with await Session.open(path, id=session) as opened:
            return [turn.request for turn in await opened.history(limit=1_000_000)]

    return asyncio.run(read())


def test_turns_come_back_as_they_were_recorded(tmp_path: Path) -> None:
    async def keep() -> None:
        async with await Session.open(tmp_path / "a" / "sessions.db") as session:
            await session.record_turn(TURN, DONE)
            assert session.notice == ""
        async with await Session.open(tmp_path / "a" / "sessions.db") as session:
            assert await session.past_turns() == [TURN]
            (turn,) = await session.history()
            assert (turn.number, turn.answer, turn.status) == (1, "It is 0611.", Status.DONE)

    asyncio.run(keep())


def test_the_history_is_the_latest_turns_oldest_first_of_this_conversation(tmp_path: Path) -> None:
    async def keep() -> None:
        path = tmp_path / "sessions.db"
        async with await Session.open(path) as session, await Session.open(path, id="other") as other:
            for number in range(6):
                await session.record_turn(PastTurn(str(number), "none\n", [], {}), DONE)
                await other.record_turn(PastTurn("elsewhere", "none\n", [], {}), DONE)
            assert [turn.request for turn in await session.history(limit=3)] == ["3", "4", "5"]
            assert [turn.number for turn in await session.history(limit=3)] == [4, 5, 6]

    asyncio.run(keep())


@pytest.mark.parametrize(
    "text", ["", "\x00", "日本\n'; DROP TABLE turns; --", "{$1}", "👩‍🚀", "x" * 1_000_000]
)
def test_any_text_is_kept_byte_for_byte(tmp_path: Path, text: str) -> None:
    async def keep() -> None:
        async with await Session.open(tmp_path / "sessions.db", id=f"s{text[:5]}") as session:
            await session.record_turn(PastTurn(text, "none\n", [text], {1: text}), Joined(Status.DONE, text))
            (turn,) = await session.history()
            assert (turn.request, turn.results, turn.referable, turn.answer) == (
                text,
                [text],
                {1: text},
                text,
            )

    asyncio.run(keep())


def test_half_of_a_surrogate_pair_is_repaired_not_fatal(tmp_path: Path) -> None:
    async def keep() -> None:
        async with await Session.open(tmp_path / "sessions.db", id="\udc80") as session:
            await session.record_turn(PastTurn("a\ud800b", "none\n", ["\ud83d"], {}), DONE)
            (turn,) = await session.history()
            assert turn.request == "a\ufffdb"

    asyncio.run(keep())


def test_several_processes_record_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sessions.db"
    processes = [recorder(path, session, 15) for session in ("main", "main", "other")]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    for process in processes:
        assert process.stdout
        process.stdout.close()
    assert len(requests_in(path, "main")) == 30
    assert requests_in(path, "other") == [f"request {number}" for number in range(15)]


def test_a_killed_process_has_kept_every_turn_that_it_finished(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    with recorder(path, "main", 1_000_000) as process:
        assert process.stdout
        finished = [next(process.stdout) for _ in range(20)]
        os.kill(process.pid, signal.SIGKILL)
        finished += list(process.stdout)
    kept = requests_in(path, "main")
    assert len(finished) <= len(kept) <= len(finished) + 1
    assert kept == [f"request {number}" for number in range(len(kept))]


def _overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"this is no database, " * 500),
        lambda path: _overwrite(path, 4096, os.urandom(20_000)),
        lambda path: os.truncate(path, path.stat().st_size // 2 + 100),
    ],
    ids=["another file", "overwritten", "truncated"],
)
def test_a_damaged_file_is_set_aside_and_the_user_is_told_where(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    path = tmp_path / "sessions.db"

    async def fill_damage_and_open() -> None:
        async with await Session.open(path) as session:
            for _ in range(50):
                await session.record_turn(PastTurn("x" * 500, "none\n", [], {}), DONE)
        damage(path)
        async with await Session.open(path) as session:
            assert "was damaged" in session.notice
            assert [name for name in os.listdir(tmp_path) if "damaged-" in name and name in session.notice]
            assert await session.history() == []
            await session.record_turn(TURN, DONE)
        async with await Session.open(path) as session:
            assert session.notice == ""
            assert await session.past_turns() == [TURN]

    asyncio.run(fill_damage_and_open())


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "sessions.db").touch()
    assert requests_in(tmp_path / "sessions.db", "main") == []
    assert not list(tmp_path.glob("*.damaged-*"))


@pytest.mark.parametrize("where", ["folder", "under a file"])
def test_a_path_that_cannot_hold_a_database_gives_one_clear_error(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path if where == "folder" else tmp_path / "file" / "sessions.db"
    with pytest.raises(StorageError, match=str(tmp_path)):
        requests_in(path, "main")


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    requests_in(path, "main")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match="newer Scrubjay"):
        requests_in(path, "main")
    assert path.exists()


def test_a_file_of_an_older_version_is_brought_up_to_date_with_its_data(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    first = ["CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"]
    second = ["ALTER TABLE t ADD COLUMN b", "UPDATE t SET b = a + 1"]

    async def upgrade() -> list[tuple[int, int]]:
        await (await Database.open(path, [first])).aclose()
        both = await asyncio.gather(*(Database.open(path, [first, second]) for _ in range(4)))
        rows = await both[0].run(lambda connection: connection.execute("SELECT a, b FROM t").fetchall())
        for database in both:
            await database.aclose()
        return rows

    assert asyncio.run(upgrade()) == [(1, 2)]


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def upgrade() -> None:
        await (await Database.open(path, [["CREATE TABLE t (a)"]])).aclose()
        with pytest.raises(StorageError):
            await Database.open(path, [["CREATE TABLE t (a)"], ["CREATE TABLE u (a)", "NO SQL"]])
        database = await Database.open(path, [["CREATE TABLE t (a)"]])
        assert await database.run(lambda c: c.execute("SELECT name FROM sqlite_schema").fetchall()) == [
            ("t",)
        ]
        await database.aclose()

    asyncio.run(upgrade())


def test_on_a_full_disk_an_effect_does_not_begin_and_no_turn_is_lost(small_disk: Path) -> None:
    async def fill() -> None:
        async with await Session.open(small_disk / "sessions.db") as session:
            await session.record_turn(TURN, DONE)
            ballast = _fill_up(small_disk)
            begun = await _begin_until_the_disk_is_full(session)
            with pytest.raises(DiskFullError, match="free some space"):
                await session.journal("r").begin(begun + 1, "send_sms", {}, Effect.SEND)
            with pytest.raises(DiskFullError):
                await session.record_turn(PastTurn("x" * 100_000, "none\n", [], {}), DONE)
            assert await session.past_turns() == [TURN]

            ballast.unlink()
            await session.record_turn(TURN, DONE)
            assert await session.past_turns() == [TURN, TURN]
        async with await Session.open(small_disk / "sessions.db") as session:
            assert [effect.step_id for effect in await session.interrupted()] == list(range(1, begun + 1))

    asyncio.run(fill())


def _fill_up(disk: Path) -> Path:
    """A file that takes all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return ballast


async def _begin_until_the_disk_is_full(session: Session) -> int:
    """How many effects could still begin: SQLite may have some room of its own."""
    with suppress(DiskFullError):
        for step in range(1, 1_000):
            await session.journal("r").begin(step, "send_sms", {"message": "x" * 500}, Effect.SEND)
    return step - 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, for who may mount one."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_a_database_without_room_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    async def fill() -> None:
        async with await Session.open(tmp_path / "sessions.db") as session:
            await session.record_turn(TURN, DONE)
            await session._database.run(
                lambda connection: connection.execute("PRAGMA max_page_count = 20").close()
            )
            with pytest.raises(DiskFullError, match="free some space"):
                await session.journal("r").begin(1, "send_sms", {"message": "x" * 100_000}, Effect.SEND)
            assert await session.past_turns() == [TURN]
            assert await session.interrupted() == []

    asyncio.run(fill())


def test_by_default_sessions_live_in_the_platforms_data_folder() -> None:
    assert default_path().name == "sessions.db"
    assert "scrubjay" in str(default_path())
