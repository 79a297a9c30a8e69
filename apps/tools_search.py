"""`scrubjay tools search`: what retrieval finds for a request and why, one at a time or many from a file."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ..tools.errors import ToolError
from ..tools.registry import ToolRegistry
from ..tools.tool import Tool
from .opening import open_registry, open_retriever

if TYPE_CHECKING:
    from ..retrieval.retriever import Found, Retriever, Search

SHOWN = 16
"""Tools that are listed for a request, if no more are handed over."""


class _Line(BaseModel):
    id: str | int
    query: str


@click.command()
@click.argument("text", required=False)
@click.option(
    "--tools",
    "tool_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON list of tool schemas to search.  [default: the built-in tools]",
)
@click.option("--batch", type=click.File("rb"), help="Search for each line: {id, query}.")
@click.option("--out", type=click.File("w", "utf-8"), help="Where the results of --batch go, one line each.")
@click.pass_obj
def search(
    data_folder: Path, text: str | None, tool_file: Path | None, batch: IO[bytes] | None, out: IO[str] | None
) -> int:
    """Show which tools are found for TEXT and why; those that a planner would get are marked with *.

    With --batch and --out: for every line of a file. Lines out are {id, tools, handed, ms}, the tools best
    first, of which the planner would get the first `handed`; or {id, error}.
    """
    if (batch is None) != (out is None) or (batch is None) == (text is None):
        raise click.UsageError("Give either TEXT, or --batch IN and --out OUT")
    from ..retrieval.embedder import ModelFilesError

    tools = _read_tools(tool_file) if tool_file else open_registry(data_folder)
    with _progress("reading tools") as told:
        retriever = open_retriever(tools, data_folder, told)
        try:
            if batch is not None and out is not None:
                return _search_many(batch, out, retriever)
            assert text is not None
            found = retriever.search(text)
        except ModelFilesError as error:
            raise click.ClickException(str(error)) from error
    _show(found)
    return 0


def _search_many(batch: Iterable[bytes], out: IO[str], retriever: "Retriever") -> int:
    """Write a line for each line in, and return the exit code."""
    retriever.search("warm up")  # so that the first line's time is that of a search
    failed = 0
    for number, line in enumerate(batch, 1):
        if not line.strip():
            continue
        written = _searched(line, number, retriever)
        failed += "error" in written
        out.write(json.dumps(written, ensure_ascii=False) + "\n")
    if failed:
        click.echo(f"Not searched: {failed} of the lines; the file says why.", err=True)
    return 1 if failed else 0


def _searched(line: bytes, number: int, retriever: "Retriever") -> dict[str, Any]:
    identity: Any = None
    try:
        content = json.loads(line)
        identity = content.get("id") if isinstance(content, dict) else None
        request = _Line.model_validate(content)
    except (ValidationError, ValueError) as error:
        return {"id": identity, "error": f"line {number}: {' '.join(str(error).split())}"}
    started = time.perf_counter()
    found = retriever.search(request.query)
    ms = round((time.perf_counter() - started) * 1000, 2)
    names = [one.tool.name for one in _listed(found)]
    return {"id": request.id, "tools": names, "handed": found.handed, "ms": ms}


def _listed(search: "Search") -> "tuple[Found, ...]":
    return search.found[: max(SHOWN, search.handed)]


def _show(search: "Search") -> None:
    console = Console(highlight=False)
    rows = [
        ("*" if place < search.handed else "", one.tool.name, f"{one.score:.2f}", _why(one))
        for place, one in enumerate(_listed(search))
    ]
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    table = Table.grid(padding=(0, 2))
    for mark, name, score, why in rows:
        table.add_row(mark, Text(name, style="bold" if mark else ""), score, Text(why))
    console.print(table)


def _why(found: "Found") -> str:
    if found.needed_by:
        return f"gives what {found.needed_by} needs"
    why = f"meaning {found.similarity:.2f}, words {found.keywords:.2f}"
    if found.likely is not None:
        why += f", likely {found.likely:.2f}"
    if found.remembered:
        why += f", from use {found.remembered:.2f}"
    return f"{why}: {found.part}" if found.part else why


def _read_tools(path: Path) -> ToolRegistry:
    """The tools of a JSON file; one that is not well-formed is named on stderr, and left out."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--tools") from error
    schemas = content["tools"] if isinstance(content, dict) and "tools" in content else content
    if not isinstance(schemas, list):
        raise click.BadParameter(f"{path} holds no list of tool schemas", param_hint="--tools")
    tools = ToolRegistry()
    for schema in schemas:
        try:
            tools.add(Tool.from_schema(schema))
        except ToolError as error:
            click.echo(f"Warning: left out: {error}", err=True)
    return tools


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, if that is a terminal, from the first time that it is told anything."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task(what, visible=False)
        yield lambda done, of: progress.update(bar, completed=done, total=of, visible=True)
