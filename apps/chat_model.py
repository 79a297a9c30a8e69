"""`/model`, `/think` and `/adapter`: what plans, and how."""

from pathlib import Path

import click
from rich.text import Text

from ..agent.thinker import Think
from ..models.catalog import BUNDLED, Catalog, bundled_adapters
from ..models.engine import LlamaEngine
from ..models.thinking import CannotThinkError
from .chat_talk import Talk, path_said
from .display import safe_text
from .thinking import Thoughts, cannot_think, fitting_adapters

ALL = "all"
MOST_SAMPLES = 8


async def model(talk: Talk, name: str) -> None:
    """Say which model plans and which there are, or plan with `name`: one of these, or a GGUF file."""
    if name:
        await talk.use_model(None if name == BUNDLED else path_said(name))
    known = talk.engine.metadata.get("general.name", "a model without a name")
    where = talk.model or "bundled with Scrubjay"
    talk.console.print(Text(safe_text(f"Plans are written by {known} ({where}).")))
    if not name:
        talk.console.print(
            Text(safe_text(f"/model NAME takes another: {', '.join(names(talk))}, or a file."))
        )


def names(_: Talk) -> tuple[str, ...]:
    """The models that are installed (`scrubjay models`), and the bundled one."""
    return tuple(dict.fromkeys([BUNDLED, *Catalog().installed()]))


async def think(talk: Talk, said: str) -> None:
    """Say which requests are thought about, or change that: never, auto or always, and how many thoughts."""
    if said:
        try:
            await talk.use_thoughts(_thoughts(said))
        except CannotThinkError as error:
            raise click.UsageError(cannot_think("`/think never`")) from error
    thoughts = talk.thoughts
    votes = f"; the plans of {thoughts.samples} thoughts vote" if thoughts.samples > 1 else ""
    talk.console.print(Text(f"{_THINKS[thoughts.think]}{votes}."))


def _thoughts(said: str) -> Thoughts:
    """What was typed behind `/think`. Raises click.UsageError."""
    when, *samples = said.split()
    try:
        thoughts = Thoughts(Think(when), int(samples[0]) if samples else 1)
    except ValueError:
        thoughts = Thoughts(samples=0)
    if len(samples) > 1 or not 1 <= thoughts.samples <= MOST_SAMPLES:
        raise click.UsageError(
            "/think takes never, auto or always, and how many thoughts vote, at most"
            f" {MOST_SAMPLES}: /think always 4"
        )
    return thoughts


_THINKS = {
    Think.NEVER: "No request is thought about before it is planned",
    Think.AUTO: "Requests that need it are thought about before they are planned, where an adapter can",
    Think.ALWAYS: "Each request is thought about before it is planned",
}


async def adapter(talk: Talk, name: str) -> None:
    """List the adapters that fit the model, or use one of them, a file, or "all" again."""
    known = _adapters(talk)
    if name:
        await talk.use_adapter(None if name == ALL else known.get(name, path_said(name)))
    used = talk.adapter.stem if talk.adapter else "all that fit"
    there = safe_text(", ".join(known)) or "none; `scrubjay adapters add FILE` adds one"
    talk.console.print(Text(f"Adapters for this model: {there}. Used: {safe_text(used)}."))


def adapter_names(talk: Talk) -> tuple[str, ...]:
    """What may follow `/adapter`."""
    return (*_adapters(talk), ALL)


def _adapters(talk: Talk) -> dict[str, Path]:
    if not isinstance(talk.engine, LlamaEngine):
        return {}
    paths = [*bundled_adapters(), *fitting_adapters(talk.data_folder, talk.engine.path)]
    return {path.stem: path for path in paths}
