"""`scrubjay undo`: takes back what a session has done last, also long after."""

from pathlib import Path

import click

from ..agent.calls import Calls
from ..agent.undo import Undo, Undone
from .display import safe_text
from .opening import open_registry, open_session
from .setting import data_folder_option, run, session_option


@click.command()
@data_folder_option
@session_option
def undo(data_folder: Path, session: str) -> int:
    """Take back what the latest request of the session did, as far as its tools can.

    Again, it takes back what was done before that.
    """
    undone = run(_undo(data_folder, session))
    click.echo(safe_text(undone.text))
    return 0 if not undone.not_done else 1


async def _undo(data_folder: Path, session: str) -> Undone:
    tools, calls = open_registry(data_folder), Calls()
    try:
        async with await open_session(data_folder, session) as conversation:
            return await Undo(tools, calls, conversation).take_back()
    finally:
        calls.close()
