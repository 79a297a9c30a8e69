"""What the commands share: options, and how errors end."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import platformdirs

from ..agent.planner import PlanTooLong
from ..agent.reader import PlanSyntaxError
from ..agent.schema_grammar import SchemaError
from ..models.errors import ModelError
from ..models.foreign import DIALECTS
from ..models.thinking import CannotThinkError
from ..tools.errors import ToolError
from ..tools.mcp.server import McpServer
from ..tools.mcp.servers import named_servers
from .display import safe_text
from .thinking import cannot_think

T = TypeVar("T")
_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

data_folder_option: _Decorator = click.option(
    "--data-folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(platformdirs.user_data_path("scrubjay", appauthor=False)),
    show_default=True,
    help="Where contacts, notes, reminders, messages and sessions are kept.",
)
_model: _Decorator = click.option(
    "--model",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What plans: a name of `scrubjay models`, or a GGUF file.  [default: the bundled planner]",
)
_dialect: _Decorator = click.option(
    "--dialect",
    type=click.Choice(DIALECTS),
    expose_value=False,
    callback=lambda ctx, _, value: ctx.meta.__setitem__(DIALECT_KEY, value),
    help="How to speak to the model.  [default: as its file suggests]",
)
DIALECT_KEY = "scrubjay.dialect"
"""Where a command's context keeps the dialect that was asked for."""


def model_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--model`, and `--dialect`, which `opening.load_engine` looks up."""
    decorated: Callable[..., Any] = _model(_dialect(command))
    return decorated


session_option: _Decorator = click.option(
    "--session", default="main", show_default=True, help="The conversation that this belongs to."
)


def _mcp_servers(_: click.Context, __: click.Parameter, words: tuple[str, ...]) -> dict[str, McpServer]:
    """The MCP servers that the command line names. A click callback."""
    try:
        return named_servers(words)
    except ToolError as error:
        raise click.UsageError(str(error)) from error


mcp_option: _Decorator = click.option(
    "--mcp",
    multiple=True,
    metavar="[NAME=]COMMAND|URL",
    callback=_mcp_servers,
    help="An MCP server whose tools are there, too; may be given several times. [mcp.NAME] in the settings is"
    " for those that always are.",
)


def said(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """Check a request from the command line: something must be said. A click callback."""
    if text is not None and not text.strip():
        raise click.BadParameter("the request is empty; say what is to be done")
    return text


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end, as `told_clearly`."""
    with told_clearly():
        return asyncio.run(work)


@contextmanager
def told_clearly() -> Iterator[None]:
    """Errors that a user can do something about become one message without a traceback, and exit code 1."""
    try:
        yield
    except CannotThinkError as error:
        raise click.ClickException(cannot_think("`--think never`")) from error
    except (ToolError, ModelError, SchemaError, PlanTooLong, PlanSyntaxError, OSError) as error:
        raise click.ClickException(safe_text(str(error))) from error  # may tell what stands in a file
