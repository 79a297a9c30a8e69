"""A user's own tools: Python files with functions under `@tool`, without packaging."""

import importlib.util
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

import click
import platformdirs

from ..tools.errors import ToolDefinitionError, ToolError
from ..tools.registry import ToolRegistry
from ..tools.tool import Tool

FOLDER = Path(platformdirs.user_config_path("scrubjay", appauthor=False)) / "tools"
"""Each Python file in it is loaded by `scrubjay chat`, unless its name starts with `_` or a dot."""


def tools_in(path: Path) -> list[Tool]:
    """Run the Python file `path` and return the tools at its top level, in the order of the file.

    Raises ToolDefinitionError that says what is wrong in it, and in which line. It may import
    modules that lie beside it; those of Python and of installed packages come first.
    """
    name = f"scrubjay_own_tools_{path.stem}"
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


def add_own_tools(registry: ToolRegistry, files: Iterable[Path], folder: Path = FOLDER) -> None:
    """Add the tools of `files`, which must be in order, and of the files in `folder`, as far as they are.

    Raises ToolError for one of `files`; what is wrong with one in the folder goes to stderr.
    """
    for path in files:
        _add(registry, path)
    named = {path.resolve() for path in files}
    for path in sorted(folder.glob("[!_.]*.py")) if folder.is_dir() else ():
        if path.resolve() in named:
            continue
        try:
            _add(registry, path)
        except ToolError as error:
            click.echo(f"Warning: left out: {error}", err=True)


def _add(registry: ToolRegistry, path: Path) -> None:
    """All tools of a file, or none."""
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
