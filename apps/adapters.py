"""`scrubjay adapters`: the LoRA adapters that there are for a model."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..models.adapter_file import AdapterFile, read_adapter
from ..models.catalog import BUNDLED, Catalog, bundled_adapters, check_name
from ..models.errors import ModelError
from .display import value_text
from .setting import data_folder_option, model_option, told_clearly
from .thinking import added_adapters


@click.group("adapters", invoke_without_command=True)
@click.pass_context
def adapters(context: click.Context) -> None:
    """List adapters; `add`, `remove` and `info` for one of them."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@adapters.command("list")
@model_option
@data_folder_option
def list_(model: Path | None, data_folder: Path) -> None:
    """The adapters for a model: bundled ones, and those that were added."""
    table = Table("name", "kind", "rank", "size", "fits", box=None)
    with told_clearly():
        base = _base(model)
    for path in adapter_paths(data_folder):
        try:
            file = read_adapter(path, base)
        except ModelError as error:
            row = path.stem, "", "", "", f"no: {str(error).removeprefix(f'{path}: ')}"
        else:
            row = file.name, file.kind or "plans", str(file.rank), _size(file), "yes"
        table.add_row(*(Text(value_text(cell)) for cell in row))
    Console().print(table)


@adapters.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="What it is called.  [default: the file's name]")
@model_option
@data_folder_option
def add(file: Path, name: str | None, model: Path | None, data_folder: Path) -> None:
    """Check FILE, a LoRA adapter in GGUF format, and keep a copy of it."""
    with told_clearly():
        name = name or file.stem
        check_name(name)
        base = _base(model)
        read_adapter(file, base)
        if name in [path.stem for path in bundled_adapters()]:
            raise _taken(name)
        try:
            _copy(file, added_adapters(data_folder) / f"{name}.gguf", base)
        except FileExistsError as error:
            raise _taken(name) from error
    click.echo(f"Added {name}.")


@adapters.command()
@click.argument("name")
@data_folder_option
def remove(name: str, data_folder: Path) -> None:
    """Delete the copy of an adapter that was added."""
    path = added_adapters(data_folder) / f"{name}.gguf"
    if path.name != f"{name}.gguf" or not path.is_file():
        raise click.ClickException(f"no adapter {name!r} was added; `scrubjay adapters` lists them")
    path.unlink()
    click.echo(f"Removed {name}.")


@adapters.command()
@click.argument("name")
@model_option
@data_folder_option
def info(name: str, model: Path | None, data_folder: Path) -> None:
    """What an adapter says about itself; NAME is one of the list, or a file."""
    known = {path.stem: path for path in adapter_paths(data_folder)}
    with told_clearly():
        file = read_adapter(known.get(name, Path(name)), _base(model))
    for label, value in {
        "name": file.name,
        "file": file.path,
        "kind": file.kind or "plans",
        "about": file.description or "-",
        "rank": file.rank,
        "size": _size(file),
        "prompt": "read by the model, its KV shared" if file.prompt_by_base else "read under the adapter",
        "trained on": file.base or "not told",
    }.items():
        click.echo(f"{label:<11} {value_text(str(value))}")


def adapter_paths(data_folder: Path) -> list[Path]:
    """The files of all adapters: bundled ones, then those that were added."""
    return [*bundled_adapters(), *sorted(added_adapters(data_folder).glob("*.gguf"))]


def _copy(file: Path, target: Path, base: Path) -> None:
    """Copy an adapter for the model `base`; `target` is there whole or not at all.

    Raises FileExistsError for a target that is there, OSError for other failures, and `ModelError` where the
    copy is not what can be used: the file changed meanwhile.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.stem}.{os.getpid()}.part")
    try:
        with file.open("rb") as source, part.open("wb") as copy:
            shutil.copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
        read_adapter(part, base)
        _appear(part, target)
    finally:
        part.unlink(missing_ok=True)


def _appear(part: Path, target: Path) -> None:
    """Give a finished file its name. Raises FileExistsError where something has it."""
    try:
        target.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if target.exists():
            raise FileExistsError(target) from None
        part.replace(target)


def _taken(name: str) -> click.ClickException:
    return click.ClickException(f"there is an adapter {name!r}; give this one another --name")


def _base(model: Path | None) -> Path:
    return Catalog().find(str(model or BUNDLED))


def _size(file: AdapterFile) -> str:
    return f"{file.nbytes / 1e6:.1f} MB"
