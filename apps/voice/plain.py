"""The assistant without a window: what happens, as lines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import click
from rich.console import Console

from ..display import PlainDisplay, safe_text
from .assistant import Assistant
from .shown import GuessDropped, Happened, Heard, Question, Shown, Trouble
from .sound import Samples, frames_of, microphone, read_wav
from .starting import Choices, open_assistant


class Lines:
    """Prints what is shown, one line for each thing."""

    def __init__(self, console: Console) -> None:
        self._display = PlainDisplay(console)

    def show(self, shown: Shown) -> None:
        """Print a line, unless it is something that changes all the time."""
        match shown:
            case Heard(text, answers=answers):
                click.echo(f"{'answer' if answers else 'heard'}: {safe_text(text)}")
            case GuessDropped(text):
                click.echo(f"dropped: {safe_text(text)}")
            case Happened(event):
                self._display.see(event)
            case Question(asked=None):
                pass
            case Question(spoken=spoken):
                click.echo(f"asks: {safe_text(spoken)}")
            case Trouble(text):
                click.echo(f"Note: {text}", err=True)


async def from_recording(choices: Choices, path: Path) -> int:
    """Hear the recording at `path`; what is said after a question is its answer. Returns the exit code."""
    samples = read_wav(path)
    served: list[Shown] = []
    lines = Lines(Console())

    def show(shown: Shown) -> None:
        if isinstance(shown, Heard):
            served.append(shown)
        lines.show(shown)

    async with open_assistant(choices, show) as (assistant, agent):
        await assistant.run(agent, _when_idle(assistant, frames_of(samples)))
    return 0 if served else 1


async def _when_idle(assistant: Assistant, frames: AsyncIterator[Samples]) -> AsyncIterator[Samples]:
    """A recording goes on when what was said in it has been served, however long that takes."""
    async for frame in frames:
        await assistant.idle()
        yield frame


async def from_microphone(choices: Choices) -> None:
    """Listen until Ctrl-C."""
    async with open_assistant(choices, Lines(Console()).show) as (assistant, agent), microphone() as frames:
        click.echo("Listening. Ctrl-C ends.", err=True)
        await assistant.run(agent, frames)
