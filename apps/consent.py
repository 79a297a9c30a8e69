"""Asks the person at the terminal before a step with an effect runs, with the plan still in view."""

import asyncio
import signal
import sys
from collections.abc import Set

from ..agent.events import ConsentAsked, Remember

_KEYS = {
    Remember.TOOL: ("t", "this [t]ool"),
    Remember.RECIPIENT: ("r", "these [r]ecipients"),
    Remember.SESSION: ("s", "everything in this [s]ession"),
}
_TIME_TO_SEE_S = 0.3


def choices(asked: ConsentAsked) -> str:
    """The keys that answer a question, in words."""
    further = [words for remember, (_, words) in _KEYS.items() if remember in asked.remember]
    now = "[y]es / [n]o / [a]ll in this request"
    return f"{now}; from now on {', '.join(further)}" if further else now


class AskAtTerminal:
    """Puts questions one at a time, in the order asked. "All" holds for the rest of that request, but not
    for what others may be behind; a yes that is remembered, for the rest of the session.

    The display shows the question; this reads the key.
    """

    def __init__(self) -> None:
        self._all_of: str | None = None
        self._turn = asyncio.Lock()

    async def __call__(self, asked: ConsentAsked) -> bool | Remember:
        """Whether, or how far, the person allows the step. Ctrl-C does here what it does elsewhere."""
        async with self._turn:
            if self._all_of == asked.request_id and not asked.because:
                return True
            further = {_KEYS[remember][0]: remember for remember in asked.remember if remember in _KEYS}
            key = await _read_key({"y", "n", "a", *further})
            if key == "a":
                self._all_of = asked.request_id
            return further.get(key, key != "n")


async def nobody_there(asked: ConsentAsked) -> bool:
    """In a pipe nobody can answer, and no answer means no."""
    return False


def person_there() -> bool:
    """Whether somebody can see a question and answer it: input and output are both a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


async def _read_key(wanted: Set[str]) -> str:
    """The next key pressed that is in `wanted`, in small letters."""
    # Only who is asked needs these, and they take a moment to load.
    from prompt_toolkit.input import create_input
    from prompt_toolkit.keys import Keys

    loop = asyncio.get_running_loop()
    terminal = create_input()
    pressed: asyncio.Future[str] = loop.create_future()
    # What was typed before the question could be seen does not answer it, nor does a key pressed twice.
    counts_from = loop.time() + _TIME_TO_SEE_S

    def read() -> None:
        for key in terminal.read_keys():
            if key.key is Keys.ControlC:
                signal.raise_signal(signal.SIGINT)
            elif key.data.lower() in wanted and loop.time() >= counts_from and not pressed.done():
                pressed.set_result(key.data.lower())

    with terminal.raw_mode(), terminal.attach(read):
        return await pressed
