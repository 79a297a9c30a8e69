"""`scrubjay chat`: one request after another, in one session."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from ..agent.events import RequestCancelled, Status
from ..tools.mcp.server import McpServer
from .ask import follow
from .chat_commands import ChatEnded, is_command, run_command
from .chat_talk import Talk, loaded_engine, open_talk
from .consent import AskAtTerminal, nobody_there, person_there
from .display import open_display
from .keys import keys_unseen
from .opening import open_policy, open_registry, open_servers, tell_of_servers
from .own_tools import add_tools_of_file
from .record import Record
from .setting import data_folder_option, mcp_option, model_option, run, session_option, told_clearly
from .thinking import think_option


@click.command()
@click.option("--yes", is_flag=True, help="Allow effects without asking.")
@click.option(
    "--tools",
    "tool_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A Python file with tools of your own; may be given several times.",
)
@mcp_option
@think_option
@model_option
@data_folder_option
@session_option
def chat(
    yes: bool,
    tool_files: tuple[Path, ...],
    mcp: Mapping[str, McpServer],
    model: Path | None,
    data_folder: Path,
    session: str,
) -> int:
    """Ask one thing after another, in a session that is still there tomorrow.

    /help lists what else can be typed. Ctrl-C stops a request, Ctrl-D ends the chat. In a pipe each line is a
    request; nobody is asked, which means no, and the exit code is 1 when a request was not done.
    """
    with told_clearly():
        tools = open_registry(data_folder)
        for path in tool_files:
            add_tools_of_file(tools, path)
    asks = AskAtTerminal() if person_there() else nobody_there
    policy = open_policy(data_folder, asks, allow_effects=yes)
    talk = Talk(tools, policy, data_folder, Console(highlight=False), loaded_engine)
    talk.mcp = open_servers(data_folder, mcp)
    return run(converse(talk, model, session))


async def converse(talk: Talk, model: Path | None, session: str) -> int:
    """Open `talk`, serve what is typed until it ends, and return the exit code."""
    async with open_talk(talk, model, session):
        if person_there():
            await _with_person(talk)
            return 0
        return await _with_pipe(talk)


async def _with_person(talk: Talk) -> None:
    from .chat_line import open_line, welcome  # a pipe has no use for line editing, which takes long to load

    await welcome(talk)
    line = open_line(talk)
    while True:
        try:
            text = (await line.prompt_async()).strip()
            if text and not await _to_its_end(_told(serve(talk, text))):
                talk.console.print("Cancelled.")
            talk.console.print()
        except KeyboardInterrupt:
            continue
        except (EOFError, ChatEnded):
            return


async def _with_pipe(talk: Talk) -> int:
    all_done = True
    while line := _read_line():
        if not line.strip():
            continue
        try:
            all_done &= await _told(serve(talk, line.strip()))
        except ChatEnded:
            break
        click.echo()
    return 0 if all_done else 1


def _read_line() -> str:
    """The next line of standard input. Nothing else waits for the loop meanwhile, so it may block."""
    with _on_ctrl_c(signal.default_int_handler):
        return sys.stdin.readline()


async def serve(talk: Talk, text: str) -> bool:
    """Serve a request or a command. Returns whether it was done; raises ChatEnded."""
    if is_command(text):
        await run_command(talk, text)
        return True
    record = Record()
    talk.served.append(record)
    with keys_unseen(), closing(open_display(talk.console, record)) as display:
        try:
            await follow(talk.agent, text, record, display)
        except asyncio.CancelledError:
            record.see(RequestCancelled())
            raise
    tell_of_servers(talk.agent)
    if record.undo and person_there():
        talk.console.print(Text("/undo takes it back", style="dim"))
    return record.status is Status.DONE


async def _told(work: Coroutine[Any, Any, bool]) -> bool:
    """`work`; when it fails, its error is shown."""
    try:
        with told_clearly():
            return await work
    except click.ClickException as error:
        error.show()
        return False


async def _to_its_end(work: Coroutine[Any, Any, Any]) -> bool:
    """Run `work`; Ctrl-C stops it and nothing else. Returns whether it came to its end."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    with _on_ctrl_c(lambda *_: loop.call_soon_threadsafe(task.cancel)):
        try:
            await task
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            return False
    return True


@contextmanager
def _on_ctrl_c(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
