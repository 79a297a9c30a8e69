"""A user's own tools: Python files with functions under `@tool`, without packaging."""

import importlib.util
import sys
import traceback
from pathlib import Path

import click

from ..tools.errors import ToolDefinitionError, ToolError
from ..tools.registry import ToolRegistry
from ..tools.tool import Tool

_MODULE = "scrubjay_own_tools_"


def tools_in(path: Path) -> list[Tool]:
    """Run the Python file `path` and return the tools at its top level, in the order of the file.

    Raises ToolDefinitionError that says what is wrong in it, and in which line. It may import
    modules that lie beside it; those of Python and of installed packages come first.
    """
    name = f"{_MODULE}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ToolDefinitionError(f"{path} is no Python file; its name must end in .py")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic looks up the names in annotations there
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # it is someone else's code: anything can happen in it
        raise ToolDefinitionError(f"{path}{_line(error, path)}: {_what(error)}") from error
    found = {id(value): value for value in vars(module).values() if isinstance(value, Tool)}
    if not found:
        raise ToolDefinitionError(
            f"{path} has no tools: write `from scrubjay import tool` and put `@tool` above a function"
        )
    return list(found.values())


def is_own(tool: Tool) -> bool:
    """Whether a tool comes from a user's file."""
    return getattr(tool.function, "__module__", "").startswith(_MODULE)


def add_tools_of_folder(registry: ToolRegistry, folder: Path) -> None:
    """Add the tools of the Python files in `folder`, if there is one, unless a name begins with `_`.

    What is wrong with a file goes to stderr; nothing is added from it.
    """
    for path in sorted(folder.glob("[!_.]*.py")) if folder.is_dir() else ():
        try:
            add_tools_of_file(registry, path)
        except ToolError as error:
            click.echo(f"Warning: left out: {error}", err=True)


def add_tools_of_file(registry: ToolRegistry, path: Path) -> None:
    """Add all tools of a Python file, or none. Raises ToolDefinitionError that names the file."""
    tools = tools_in(path)
    try:
        ToolRegistry([*registry, *tools])
    except ToolError as error:
        raise ToolDefinitionError(f"{path}: {error}") from error
    for tool in tools:
        registry.add(tool)


def _line(error: BaseException, path: Path) -> str:
    """Where in the file it went wrong, as far as that is known."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}" if error.lineno else ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path.absolute()]
    return f", line {lines[-1]}" if lines else ""


def _what(error: BaseException) -> str:
    if isinstance(error, ToolError):
        return str(error)
    return f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
