"""`scrubjay tools learned` and `scrubjay tools forget`: what retrieval remembers of a user's requests."""

from pathlib import Path

import click

from .opening import open_usage
from .setting import said


@click.command()
@click.pass_obj
def learned(data_folder: Path) -> None:
    """List the requests that were served, with the tools that served them, the latest first.

    Requests like these find the same tools more easily; `tools forget` takes them out.
    """
    for used in reversed(open_usage(data_folder).all()):
        click.echo(f"{' '.join(used.request.split())}\t{', '.join(used.tools)}")


@click.command()
@click.argument("text", required=False, callback=said)
@click.option("--all", "everything", is_flag=True, help="Forget all of them.")
@click.pass_obj
def forget(data_folder: Path, text: str | None, everything: bool) -> int:
    """Forget which tools served the request TEXT, as `tools learned` lists it, or --all."""
    if (text is None) != everything:
        raise click.UsageError("Give either TEXT or --all")
    usage = open_usage(data_folder)
    if text is None:
        count = usage.forget()
    else:
        alike = [used.request for used in usage.all() if used.request.split() == text.split()]
        count = sum(usage.forget(request) for request in alike)
    click.echo(f"Forgot {count} request{'' if count == 1 else 's'}.")
    return 0 if count or everything else 1
