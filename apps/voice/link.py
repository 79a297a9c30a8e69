"""The assistant in a process of its own, so that the window never waits for it: what crosses the pipe."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TypeAlias

from ...agent.agent import Agent
from ...agent.events import ConsentAsked
from .assistant import Assistant
from .shown import Shown, Trouble
from .sound import SoundError, microphone, silent_room
from .starting import Choices, open_assistant

_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Ask:
    """Serve this typed request."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A button was pressed under the question about this step."""

    asked: ConsentAsked
    allowed: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """The key to talk is held, or let go."""

    held: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """Be silent, and stop the request."""


Order: TypeAlias = Ask | Answer | Talk | Stop


class AssistantProcess:
    """An assistant that works in another process. `connection` gives what it shows, and takes orders."""

    def __init__(self, choices: Choices) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, choices), name="scrubjay-assistant")
        self._process.start()
        theirs.close()

    def order(self, order: Order) -> None:
        """Tell the assistant something; nothing happens when it has ended."""
        try:
            self.connection.send(order)
        except OSError:
            return

    def close(self) -> None:
        """End it; what runs is cancelled and cleans up. Comes back at once, and sees to the end elsewhere."""
        self.connection.close()
        threading.Thread(target=self._end, name="end of the assistant").start()

    def _end(self) -> None:
        self._process.join(_PATIENCE_S)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


def _work(connection: Connection, choices: Choices) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the window, which closes the pipe
    outbox = _Outbox(connection)
    try:
        asyncio.run(_run(connection, choices, outbox))
    except Exception as error:  # whatever it is, the window has to tell it
        outbox.put(Trouble(str(error) or type(error).__name__))
    outbox.close()
    os._exit(0)  # the thread that waits for orders would keep the process


async def _run(connection: Connection, choices: Choices, outbox: _Outbox) -> None:
    loop = asyncio.get_running_loop()
    async with open_assistant(choices, outbox.put) as (assistant, agent):
        working = asyncio.ensure_future(_listen(assistant, agent, outbox))

        def orders() -> None:
            try:
                while True:
                    loop.call_soon_threadsafe(_obey, assistant, connection.recv())
            except (EOFError, OSError):
                loop.call_soon_threadsafe(working.cancel)

        threading.Thread(target=orders, daemon=True).start()
        try:
            await working
        except asyncio.CancelledError:
            return


async def _listen(assistant: Assistant, agent: Agent, outbox: _Outbox) -> None:
    """Serve what is said, or only what is typed where there is no microphone."""
    try:
        async with microphone() as frames:
            await assistant.run(agent, frames)
    except SoundError as error:
        outbox.put(Trouble(f"{error} You can type."))
        await assistant.run(agent, silent_room())


def _obey(assistant: Assistant, order: Order) -> None:
    match order:
        case Ask(text):
            assistant.ask(text)
        case Answer(asked, allowed):
            assistant.answer(allowed, asked)
        case Talk(held):
            assistant.press() if held else assistant.release()
        case Stop():
            assistant.stop()


class _Outbox:
    """Sends in a thread of its own: a window that is busy must not hold up who hears."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: SimpleQueue[Shown | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def put(self, shown: Shown) -> None:
        """Send, soon."""
        self._waiting.put(shown)

    def close(self) -> None:
        """Come back when everything has been sent, or nobody wants it any more."""
        self._waiting.put(None)
        self._thread.join()

    def _send(self) -> None:
        while (shown := self._waiting.get()) is not None:
            try:
                self._connection.send(shown)
            except OSError:
                return
