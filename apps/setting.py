"""What the commands share: the user's data folder, the model that plans, the tools, how errors end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import platformdirs

from ..agent.agent import Agent
from ..agent.planner import PlanTooLong
from ..agent.policy import Policy
from ..models.catalog import bundled_planner
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


session_option: _Decorator = click.option(
    "--session", default="main", show_default=True, help="The conversation that this belongs to."
)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end, as `told_clearly`."""
    with told_clearly():
        return asyncio.run(work)


@contextmanager
def told_clearly() -> Iterator[None]:
    """Errors that a user can do something about become one message without a traceback, and exit code 1."""
    try:
        yield
    except (ToolError, ModelError, PlanTooLong, OSError) as error:
        raise click.ClickException(str(error)) from error


def open_registry(data_folder: Path) -> ToolRegistry:
    """The built-in tools, and those of installed plug-ins; a plug-in that is broken is named on stderr."""
    registry = ToolRegistry(builtin_tools(data_folder))
    for problem in registry.add_plugins():
        click.echo(f"Warning: {problem}", err=True)
    return registry


@asynccontextmanager
async def open_agent(
    model: Path | None, data_folder: Path, session: str, policy: Policy
) -> AsyncGenerator[Agent, None]:
    """An agent on the tools and the data of this machine."""
    tools = open_registry(data_folder)
    async with await load_engine(model) as engine, Agent(tools, engine, policy=policy) as agent:
        yield agent


async def load_engine(model: Path | None) -> LlamaEngine:
    """The engine of that model file, or of the bundled planner. Raises ModelError."""
    return await LlamaEngine.load(model or bundled_planner())
