"""`scrubjay tune`: finds how a model runs fastest on this machine, and remembers it."""

import click

from ..models.catalog import BUNDLED, Catalog
from ..models.tuning import remember
from ..models.tuning import tune as find
from .setting import told_clearly


@click.command()
@click.argument("name", default=BUNDLED)
def tune(name: str) -> None:
    """Find threads, batch, type of keys and values, and length of drafts for the model NAME here.

    Each way is measured beside the others; what was found is used whenever the model is loaded. Let the
    machine do nothing else meanwhile.
    """
    with told_clearly():
        path = Catalog().find(name)
        tuned = find(path, click.echo)
        remember(path, tuned)
    draft = "no drafts" if tuned.draft_tokens is None else f"{tuned.draft_tokens} drafted tokens"
    click.echo(
        f"Remembered for {name}: {tuned.threads} thread{'s' * (tuned.threads > 1)},"
        f" {tuned.prompt_tokens} tokens of a prompt at once, keys and values"
        f" {tuned.kv_type or 'as the file says'}, {draft}."
    )
