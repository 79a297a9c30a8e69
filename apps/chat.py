"""`scrubjay chat`: one request after another, in one session."""

import asyncio
from contextlib import AsyncExitStack, closing
from pathlib import Path

import click
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory
from rich.console import Console

from ..agent.agent import Agent
from ..agent.policy import Policy
from .ask import follow
from .consent import AskAtTerminal, nobody_there, person_there
from .display import open_display
from .opening import open_agent
from .record import Record
from .setting import data_folder_option, model_option, session_option, told_clearly


@click.command()
@click.option("--yes", is_flag=True, help="Allow effects without asking.")
@model_option
@data_folder_option
@session_option
def chat(yes: bool, model: Path | None, data_folder: Path, session: str) -> None:
    """Ask one thing after another. Ctrl-C stops a request, Ctrl-D ends the chat."""
    policy = Policy(allow_effects=yes, consent=AskAtTerminal() if person_there() else nobody_there)
    with told_clearly(), asyncio.Runner() as runner:
        stack = AsyncExitStack()
        agent = runner.run(stack.enter_async_context(open_agent(model, data_folder, session, policy)))
        try:
            _loop(runner, agent, data_folder)
        finally:
            runner.run(stack.aclose())


def _loop(runner: asyncio.Runner, agent: Agent, data_folder: Path) -> None:
    """Until end of input. Each request is a run of its own, so that Ctrl-C cancels it and nothing else."""
    lines: PromptSession[str] = PromptSession(history=FileHistory(str(data_folder / "chat_history")))
    while True:
        try:
            text = runner.run(lines.prompt_async("> "))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if not text.strip():
            continue
        try:
            with told_clearly():
                runner.run(_serve(agent, text))
        except KeyboardInterrupt:
            click.echo("Cancelled.")
        except click.ClickException as error:
            error.show()


async def _serve(agent: Agent, text: str) -> None:
    record = Record()
    with closing(open_display(Console(), record)) as display:
        await follow(agent, text, record, display)
