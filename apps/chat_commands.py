"""What can be typed in a chat besides requests: the commands that begin with a slash."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import NamedTuple

import click
from rich.table import Table
from rich.text import Text

from ..agent.thinker import Think
from . import chat_model, chat_sessions, chat_tools, chat_why
from .chat_talk import Talk
from .display import safe_text


class ChatEnded(Exception):
    """The person has asked to leave."""


class Command(NamedTuple):
    """A command. takes: what may follow its name. choices: what completion offers there."""

    name: str
    takes: str
    help: str
    run: Callable[[Talk, str], Awaitable[None]]
    choices: Callable[[Talk], Iterable[str]] = lambda _: ()
    takes_file: bool = False


def is_command(text: str) -> bool:
    """Whether `text` is meant as a command: a slash and a word, not a path."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    return text.startswith("/") and "/" not in first[1:]


async def run_command(talk: Talk, text: str) -> None:
    """Run the command that `text` names. Raises click.UsageError when there is none, and ChatEnded."""
    name, _, argument = text[1:].partition(" ")
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, 1)
        raise click.UsageError(
            f"there is no command /{safe_text(name)}; "
            + (f"did you mean /{near[0]}?" if near else "/help lists those that there are.")
        )
    await COMMANDS[name].run(talk, argument.strip())


async def _help(talk: Talk, _: str) -> None:
    table = Table.grid(padding=(0, 2))
    for command in COMMANDS.values():
        table.add_row(Text(f"/{command.name} {command.takes}".rstrip(), style="bold"), command.help)
    talk.console.print(table)
    talk.console.print(
        Text(
            "\nEnter sends; Alt-Enter, Ctrl-J or a \\ at the end begins a new line. Ctrl-R searches what was"
            " typed, Tab completes commands and file names, Ctrl-C stops a request, Ctrl-D ends the chat.",
            style="dim",
        )
    )


async def _undo(talk: Talk, _: str) -> None:
    undone = await talk.agent.undo()
    talk.console.print(Text(safe_text(undone.text)))


async def _quit(_: Talk, __: str) -> None:
    raise ChatEnded


_ALL = (
    Command("help", "", "List the commands and keys.", _help),
    Command("why", "", "Show the last plan: where each value came from.", chat_why.why),
    Command("undo", "", "Take back what the last request did; again, what the one before did.", _undo),
    Command(
        "tools",
        "[NAME or WORDS]",
        "List the tools, find some, or show one.",
        chat_tools.tools,
        chat_tools.names,
    ),
    Command(
        "model",
        "[NAME or FILE]",
        "Say which model plans and which there are, or plan with another.",
        chat_model.model,
        chat_model.names,
        takes_file=True,
    ),
    Command(
        "think",
        "[never, auto or always] [N]",
        "Say which requests are thought about first, or change it; N thoughts vote.",
        chat_model.think,
        lambda _: tuple(Think),
    ),
    Command(
        "adapter",
        "[NAME or FILE]",
        "List the adapters that fit the model, or use one.",
        chat_model.adapter,
        chat_model.adapter_names,
        takes_file=True,
    ),
    Command(
        "sessions",
        "[NAME]",
        "List the sessions, or go on with one; a new name begins one.",
        chat_sessions.sessions,
        chat_sessions.names,
    ),
    Command("save", "[FILE]", "Write this session to a Markdown file.", chat_sessions.save, takes_file=True),
    Command(
        "forget",
        "[all]",
        "Forget the last request, or all of this session.",
        chat_sessions.forget,
        lambda _: ("all",),
    ),
    Command("quit", "", "End the chat, as Ctrl-D does.", _quit),
)
COMMANDS: Mapping[str, Command] = {command.name: command for command in _ALL}
