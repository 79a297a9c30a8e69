"""`scrubjay tools`: what an agent on this machine can do."""

import json
import textwrap
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..tools.errors import UnknownToolError
from ..tools.tool import Tool
from .opening import open_registry
from .setting import data_folder_option
from .tools_learned import forget, learned
from .tools_search import search


@click.group(invoke_without_command=True)
@data_folder_option
@click.pass_context
def tools(ctx: click.Context, data_folder: Path) -> None:
    """List the tools with what they do to the world; `tools show NAME` shows one."""
    ctx.obj = data_folder
    if ctx.invoked_subcommand is None:
        _list(list(open_registry(data_folder)))


for command in (search, learned, forget):
    tools.add_command(command)


@tools.command()
@click.argument("name")
@click.pass_obj
def show(data_folder: Path, name: str) -> None:
    """Show one tool: effect, parameters and result."""
    try:
        tool = open_registry(data_folder).get(name)
    except UnknownToolError as error:
        raise click.UsageError(f"{error}; `scrubjay tools` lists them") from error
    click.echo(tool_page(tool))


def tool_page(tool: Tool) -> str:
    """A tool's effect, description, parameters and result, for a reader."""
    return (
        f"{tool.name}  ({tool.effect})\n{textwrap.indent(tool.description, '  ')}\n"
        f"parameters\n{_json(tool.parameters)}\nreturns\n{_json(tool.returns)}"
    )


def _list(all_tools: list[Tool]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        for tool in all_tools:
            click.echo(f"{tool.name}\t{tool.effect}\t{' '.join(tool.description.split())}")
        return
    table = Table.grid(padding=(0, 2))
    for tool in all_tools:
        table.add_row(Text(tool.name, style="bold"), tool.effect.value, Text(tool.description))
    console.print(table)


def _json(schema: object) -> str:
    return textwrap.indent(json.dumps(schema, indent=2, ensure_ascii=False), "  ")
