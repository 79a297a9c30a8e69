"""An effect is written down before it runs and after; what a killed process left open is never repeated."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.agent.journal import AlreadyBegunError
from scrubjay.agent.session import Session
from scrubjay.tools.effect import Effect

KILLED_AT = Path(__file__).with_name("killed_at.py")
BETWEEN = "between the first record and the sending"


def killed(database: Path, point: str) -> None:
    command = [sys.executable, str(KILLED_AT), str(database), str(database.with_name("outbox")), point]
    ended = subprocess.run(command, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("point", "sent", "reported"),
    [
        ("before the first record", False, False),
        (BETWEEN, False, True),
        ("between the sending and the second record", True, True),
        ("after the second record", True, False),
    ],
)
def test_a_send_of_a_killed_process_is_reported_when_it_may_have_happened_and_never_runs_again(
    tmp_path: Path, point: str, sent: bool, reported: bool
) -> None:
    database = tmp_path / "sessions.db"
    killed(database, point)

    async def restart() -> None:
        async with await Session.open(database) as session:
            interrupted = await session.interrupted()
            assert [(effect.tool, effect.step_id) for effect in interrupted] == [("send_sms", 1)] * reported
            if point == "before the first record":
                return
            with pytest.raises(AlreadyBegunError):
                await session.journal("request-1").begin(1, "send_sms", {}, Effect.SEND)

    asyncio.run(restart())
    assert (tmp_path / "outbox").exists() == sent


async def _open(path: Path) -> Session:
    return await Session.open(path / "sessions.db")


def test_what_may_have_happened_is_told_with_its_arguments_until_the_user_knows(tmp_path: Path) -> None:
    killed(tmp_path / "sessions.db", BETWEEN)

    async def restart() -> None:
        async with await _open(tmp_path) as session:
            (effect,) = await session.interrupted()
            assert effect.arguments == {"to": ["+4917"], "message": "late"}
            assert effect.effect is Effect.SEND
        async with await _open(tmp_path) as session:
            await session.mark_told(await session.interrupted())
        async with await _open(tmp_path) as session:
            assert await session.interrupted() == []

    asyncio.run(restart())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sessions.db"]


def test_an_effect_under_way_in_a_living_process_is_not_reported_by_another(tmp_path: Path) -> None:
    async def two() -> None:
        async with await _open(tmp_path) as first, await _open(tmp_path) as second:
            await first.journal("r").begin(1, "send_sms", {}, Effect.SEND)
            assert await second.interrupted() == []
            await first.journal("r").finish(1, "Sent", "")
            assert await second.interrupted() == []

    asyncio.run(two())


def test_what_a_session_leaves_open_when_it_closes_is_reported(tmp_path: Path) -> None:
    async def two() -> None:
        async with await _open(tmp_path) as first:
            await first.journal("r").begin(1, "send_sms", {}, Effect.SEND)
            await first.journal("r").begin(2, "send_sms", {}, Effect.SEND)
            await first.journal("r").finish(2, None, "the phone is off")
        async with await _open(tmp_path) as second:
            assert [effect.step_id for effect in await second.interrupted()] == [1]

    asyncio.run(two())


def test_a_step_is_begun_once_in_its_request_and_conversation(tmp_path: Path) -> None:
    async def begin() -> None:
        async with await _open(tmp_path) as session:
            await session.journal("r1").begin(1, "send_sms", {}, Effect.SEND)
            await session.journal("r1").begin(2, "send_sms", {}, Effect.SEND)
            await session.journal("r2").begin(1, "send_sms", {}, Effect.SEND)
            other = await Session.open(tmp_path / "sessions.db", id="other")
            await other.journal("r1").begin(1, "send_sms", {}, Effect.SEND)
            await other.aclose()
            with pytest.raises(AlreadyBegunError, match="step 1"):
                await session.journal("r1").begin(1, "send_sms", {}, Effect.SEND)

    asyncio.run(begin())


def test_cancelled_while_it_is_written_down_a_step_leaves_no_record_since_it_does_not_run(
    tmp_path: Path,
) -> None:
    async def cancel() -> None:
        async with await _open(tmp_path) as session:
            lock = sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)
            lock.execute("BEGIN IMMEDIATE")
            begin = asyncio.create_task(session.journal("r").begin(1, "send_sms", {}, Effect.SEND))
            await asyncio.sleep(0.05)
            begin.cancel()
            await asyncio.sleep(0.05)
            lock.execute("COMMIT")
            lock.close()
            with pytest.raises(asyncio.CancelledError):
                await begin
        async with await _open(tmp_path) as session:
            assert await session.interrupted() == []

    asyncio.run(cancel())


def test_two_records_of_an_effect_cost_little(tmp_path: Path) -> None:
    async def many() -> float:
        async with await _open(tmp_path) as session:
            started = asyncio.get_running_loop().time()
            for step in range(1, 21):
                await session.journal("r").begin(step, "send_sms", {}, Effect.SEND)
                await session.journal("r").finish(step, "Sent", "")
            return (asyncio.get_running_loop().time() - started) / 20

    assert asyncio.run(many()) < 0.25
