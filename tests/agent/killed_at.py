"""A process that sends a message under the journal and is killed on the way. For test_journal.py.

usage: killed_at.py DATABASE OUTBOX POINT
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from scrubjay.agent.session import Session
from scrubjay.tools.effect import Effect


async def send(database: Path, outbox: Path, point: str) -> None:
    def here(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    session = await Session.open(database)
    journal = session.journal("request-1")
    here("before the first record")
    await journal.begin(1, "send_sms", {"to": ["+4917"], "message": "late"}, Effect.SEND)
    here("between the first record and the sending")
    with outbox.open("a") as file:
        file.write("late\n")
    here("between the sending and the second record")
    await journal.finish(1, "Sent", "")
    here("after the second record")


if __name__ == "__main__":
    asyncio.run(send(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
