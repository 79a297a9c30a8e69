"""`scrubjay models`: which models there are, what fits this machine, and how fast each can be."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote

import click
import psutil
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..models.catalog import BUNDLED, LISTED, Catalog, Installed, bundled_planner, default_folder
from ..models.foreign import dialect_of
from ..models.metadata import read_metadata
from ..models.pull import pull as pull_model
from .display import value_text
from .setting import told_clearly


@click.group(invoke_without_command=True)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where pulled models are kept.  [default: the platform's data folder]",
)
@click.pass_context
def models(ctx: click.Context, folder: Path | None) -> None:
    """List the models, pull and add others, look at one, measure one."""
    ctx.obj = Catalog(folder)
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_models)


@models.command("list")
@click.pass_obj
def list_models(catalog: Catalog) -> None:
    """List what is on this machine and what is worth pulling, with what each needs."""
    table = Table.grid(padding=(0, 2))
    table.add_row("model", "on disk", "memory", "fits", "where", style="dim")
    with told_clearly():
        installed = catalog.installed()
        here = {BUNDLED: Installed(BUNDLED, bundled_planner()), **installed}
    for name, entry in here.items():
        size = entry.path.stat().st_size if entry.path.exists() else None
        shown = _size(size) if size is not None else "missing"
        where = f"{entry.path}{' (adapter)' * (entry.kind == 'adapter')}"
        table.add_row(Text(value_text(name)), shown, "", "", Text(value_text(where)))
    free = psutil.virtual_memory().total
    for name, listed in LISTED.items():
        if name not in installed:
            fits = "yes" if listed.memory_bytes < 0.7 * free else "no"
            needs = f"~{_size(listed.file_bytes)}", f"~{_size(listed.memory_bytes)}"
            table.add_row(name, *needs, fits, f"pull: {listed.hub}")
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(table)


@models.command()
@click.argument("name")
@click.option("--hub", "endpoint", help="Another hub than Hugging Face's.")
@click.option("--name", "called", default="", help="What to call it.  [default: its own name, or its file's]")
@click.pass_obj
def pull(catalog: Catalog, name: str, endpoint: str | None, called: str) -> None:
    """Bring NAME here: a listed model, or owner/repository[/file.gguf] of a hub."""
    with told_clearly():
        entry = pull_model(name, catalog, endpoint, called)
    # The other commands know the names of the default folder alone.
    usual = catalog.folder.resolve() == default_folder().resolve()
    model = entry.name if usual else quote(str(entry.path))
    click.echo(f"{entry.name} is here: {entry.path}. Use it with --model {model}.")


@models.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", default="", help="What to call it.  [default: its file's name]")
@click.pass_obj
def add(catalog: Catalog, path: Path, name: str) -> None:
    """Take note of the GGUF file PATH, which stays where it is."""
    with told_clearly():
        entry = catalog.add(path, name)
    click.echo(f"{entry.name}: {entry.path}")


@models.command()
@click.argument("name")
@click.pass_obj
def remove(catalog: Catalog, name: str) -> None:
    """Forget NAME, and delete its file if it was pulled."""
    with told_clearly():
        entry = catalog.remove(name)
    click.echo(f"{'deleted' if entry.ours else 'forgotten, and left where it is'}: {entry.path}")


@models.command()
@click.argument("name")
@click.pass_obj
def info(catalog: Catalog, name: str) -> None:
    """Show what the file of NAME says about itself, and how it would be spoken to."""
    with told_clearly():
        path = catalog.find(name)
        metadata = read_metadata(path)
        dialect = dialect_of(path, metadata)
    architecture = metadata.get("general.architecture")
    lines = {
        "file": f"{path} ({_size(path.stat().st_size)})",
        "name": metadata.get("general.name", ""),
        "architecture": architecture,
        "layers": metadata.get(f"{architecture}.block_count"),
        "context": metadata.get(f"{architecture}.context_length"),
        "dialect": dialect,
        "template": "yes" if "tokenizer.chat_template" in metadata else "no",
    }
    for key, value in lines.items():
        if value not in (None, ""):
            click.echo(f"{key:14}{value_text(str(value))}")


@models.command()
@click.argument("name", default=BUNDLED)
@click.option("--threads", type=click.IntRange(1, 256), help="[default: as many as the engine takes]")
@click.pass_obj
def bench(catalog: Catalog, name: str, threads: int | None) -> None:
    """Measure how fast NAME reads and writes here, beside what this machine's memory and arithmetic allow."""
    from ..models.roofline import measure_speed

    with told_clearly():
        speed = measure_speed(catalog.find(name), threads)
    machine = speed.machine
    click.echo(
        f"{machine.bandwidth / 1e9:.1f} GB/s of memory and {machine.arithmetic / 1e9:.0f} GFLOP/s (float32)"
        f" with {machine.threads} thread{'s' * (machine.threads > 1)}"
    )
    decode_bounds = [("the memory's bandwidth allows", speed.decode_bound)]
    if speed.products_bound is not None:
        decode_bounds.append(("the arithmetic of such weights allows", speed.products_bound))
    _told("decode", speed.decode, *decode_bounds)
    batched = "llama.cpp's own batches give", speed.batched
    _told("prefill", speed.prefill, ("the arithmetic allows", speed.prefill_bound), batched)
    joules = f"{speed.joules:.2f} J a decoded token" if speed.joules is not None else "no counters here"
    click.echo(f"{'energy':9}{joules}")


def _told(what: str, rate: float, *beside: tuple[str, float]) -> None:
    bounds = "; ".join(f"{rate / bound:.0%} of what {name}, {bound:,.1f}" for name, bound in beside)
    click.echo(f"{what:9}{rate:,.1f} tokens/s: {bounds}")


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
