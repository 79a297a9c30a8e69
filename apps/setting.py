"""What the commands share: where the user's data is, which model plans, and what the tools are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import platformdirs

from ..tools.builtin import builtin_tools
from ..tools.registry import ToolRegistry

DEFAULT_DATA_FOLDER = Path(platformdirs.user_data_path("scrubjay", appauthor=False))

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

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


def open_registry(data_folder: Path) -> ToolRegistry:
    """The built-in tools, and those of installed plug-ins; a plug-in that is broken is named on stderr."""
    registry = ToolRegistry(builtin_tools(data_folder))
    for problem in registry.add_plugins():
        click.echo(f"Warning: {problem}", err=True)
    return registry
