"""`scrubjay ask`: serves one request."""

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, aclosing, closing, nullcontext
from pathlib import Path

import click
from rich.console import Console

from ..agent.agent import Agent
from ..agent.events import Status
from ..tools.mcp.server import McpServer
from .consent import AskAtTerminal, nobody_there, person_there
from .display import Display, open_display
from .opening import open_agent, open_policy, tell_of_servers
from .record import Record
from .setting import data_folder_option, mcp_option, model_option, run, said, session_option
from .thinking import think_option


@click.command()
@click.argument("text", callback=said)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; nobody is asked for consent.")
@click.option("--yes", is_flag=True, help="Allow effects without asking.")
@mcp_option
@think_option
@model_option
@data_folder_option
@session_option
def ask(
    text: str,
    as_json: bool,
    yes: bool,
    mcp: Mapping[str, McpServer],
    model: Path | None,
    data_folder: Path,
    session: str,
) -> int:
    """Serve the request TEXT: show the plan as it grows, each step's state and time, and the answer.

    Steps that write, send or destroy ask first; in a pipe nobody can answer, which means no.
    """
    asks = AskAtTerminal() if person_there() and not as_json else nobody_there
    policy = open_policy(data_folder, asks, allow_effects=yes)
    opened = open_agent(model, data_folder, session, policy, mcp)
    record = run(_serve(text, opened, quiet=as_json))
    if as_json:
        click.echo(json.dumps(record.as_json(), ensure_ascii=False, indent=2))
    return 0 if record.status is Status.DONE else 1


async def _serve(text: str, opened: AbstractAsyncContextManager[Agent], *, quiet: bool) -> Record:
    record = Record()
    async with opened as agent:
        with nullcontext() if quiet else closing(open_display(Console(), record)) as display:
            await follow(agent, text, record, display)
        tell_of_servers(agent)
    return record


async def follow(agent: Agent, text: str, record: Record, display: Display | None) -> None:
    """Have `agent` serve `text`, and show `record` and `display` everything that happens."""
    async with aclosing(agent.events(text)) as events:
        async for event in events:
            record.see(event)
            if display is not None:
                display.see(event)
