"""What the commands share: the user's data folder, the model that plans, the tools, how errors end."""

import asyncio
import locale
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import platformdirs

from ..agent.planner import PlanTooLong
from ..models.catalog import bundled_planner
from ..models.dialects import facts_text
from ..models.engine import LlamaEngine
from ..models.errors import ModelError
from ..tools.builtin import builtin_tools
from ..tools.errors import ToolError
from ..tools.registry import ToolRegistry

T = TypeVar("T")
_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

DEFAULT_DATA_FOLDER = Path(platformdirs.user_data_path("scrubjay", appauthor=False))

data_folder_option: _Decorator = click.option(
    "--data-folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DATA_FOLDER,
    show_default=True,
    help="Where contacts, notes, reminders, messages and sessions are kept.",
)
model_option: _Decorator = click.option(
    "--model",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A GGUF file that plans.  [default: the bundled planner]",
)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end. Errors that a user can do something about become a message and exit code 1."""
    try:
        return asyncio.run(work)
    except (ToolError, ModelError, PlanTooLong, OSError) as error:
        raise click.ClickException(str(error)) from error


def open_registry(data_folder: Path) -> ToolRegistry:
    """The built-in tools, and those of installed plug-ins; a plug-in that is broken is named on stderr."""
    registry = ToolRegistry(builtin_tools(data_folder))
    for problem in registry.add_plugins():
        click.echo(f"Warning: {problem}", err=True)
    return registry


async def load_engine(model: Path | None) -> LlamaEngine:
    """The engine of that model file, or of the bundled planner. Raises ModelError."""
    return await LlamaEngine.load(model or bundled_planner())


def facts(now: datetime | None = None) -> str:
    """What a planner may know without asking: the time (the machine's, unless given) and the locale."""
    return facts_text(now or datetime.now().astimezone(), locale.getlocale()[0] or "en_US")
