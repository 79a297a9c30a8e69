"""Asks the person at the terminal before a step with an effect runs, with the plan still in view."""

import asyncio
import signal
import sys
from collections.abc import Callable

from prompt_toolkit.input import Input, create_input
from prompt_toolkit.keys import Keys

_YES = frozenset("yY")
_NO = frozenset("nN")
_ALL = frozenset("aA")


class Consent:
    """Answers questions one at a time, in the order asked. "All" holds for the rest of the request.

    answer: called as `answer(step_id, allowed)`.
    """

    def __init__(self, answer: Callable[[int, bool], None]) -> None:
        self._answer = answer
        self._all = False
        self._turn = asyncio.Lock()

    async def ask(self, step_id: int) -> None:
        """Wait for a key about this step, and pass the answer on. Ctrl-C does what it does elsewhere."""
        async with self._turn:
            key = "a" if self._all else await _read_key(_YES | _NO | _ALL)
            self._all = self._all or key in _ALL
            self._answer(step_id, key not in _NO)


def can_ask() -> bool:
    """Whether a person is there to answer: input and output are both a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


async def _read_key(wanted: frozenset[str]) -> str:
    """The next key pressed that is in `wanted`. What was typed before the question does not count."""
    terminal = create_input()
    pressed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def read() -> None:
        for key in terminal.read_keys():
            if key.key is Keys.ControlC:
                signal.raise_signal(signal.SIGINT)
            elif key.data in wanted and not pressed.done():
                pressed.set_result(key.data)

    _forget_typed(terminal)
    with terminal.raw_mode(), terminal.attach(read):
        return await pressed


def _forget_typed(terminal: Input) -> None:
    if sys.platform != "win32":
        import termios

        termios.tcflush(terminal.fileno(), termios.TCIFLUSH)
