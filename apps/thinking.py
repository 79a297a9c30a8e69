"""Thinking as the command line says it: `--think` and `--samples`, with the adapters that were added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..agent.thinker import Think, Thinker, open_thinker
from ..models.adapter_file import read_adapter
from ..models.engine import LlamaEngine
from ..models.errors import ModelError
from .display import safe_text

_KEY = "scrubjay.thinking"
"""Where a command's context keeps what was asked for."""


@dataclass(frozen=True, slots=True)
class Thoughts:
    """Which requests are thought about, and in how many thoughts side by side."""

    think: Think = Think.AUTO
    samples: int = 1


def think_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--think` and `--samples`, which `asked_thoughts` looks up."""
    think = click.option(
        "--think",
        type=click.Choice([think.value for think in Think]),
        default=Think.AUTO.value,
        show_default=True,
        expose_value=False,
        callback=lambda ctx, _, value: ctx.meta.__setitem__(f"{_KEY}.think", Think(value)),
        help="Which requests are thought about before they are planned.",
    )
    samples = click.option(
        "--samples",
        type=click.IntRange(1, 8),
        default=1,
        show_default=True,
        expose_value=False,
        callback=lambda ctx, _, value: ctx.meta.__setitem__(f"{_KEY}.samples", value),
        help="How many thoughts are written side by side; their plans vote.",
    )
    decorated: Callable[..., Any] = think(samples(command))
    return decorated


def asked_thoughts() -> Thoughts:
    """What the running command was asked for."""
    context = click.get_current_context(silent=True)
    meta = context.meta if context else {}
    return Thoughts(meta.get(f"{_KEY}.think", Think.AUTO), meta.get(f"{_KEY}.samples", 1))


def cannot_think(otherwise: str) -> str:
    """What is said where nothing can think. otherwise: what plans without."""
    return (
        "Nothing thinks with this model: no adapter for thinking that fits it is there."
        f" `scrubjay adapters add FILE` adds one; {otherwise} plans without."
    )


def added_adapters(data_folder: Path) -> Path:
    """The folder of the adapters that were added."""
    return data_folder / "adapters"


def fitting_adapters(data_folder: Path, model: Path) -> list[Path]:
    """Those that were added and fit the model in the file `model`; the others are named on stderr."""
    fitting = []
    for path in sorted(added_adapters(data_folder).glob("*.gguf")):
        try:
            read_adapter(path, model)
        except ModelError as error:
            left = f"Without the adapter {path.stem}: {error}"
            told = f"{left} (`scrubjay adapters remove {path.stem}` ends this)"
            click.echo(safe_text(told), err=True)
        else:
            fitting.append(path)
    return fitting


async def asked_thinker(engine: LlamaEngine, data_folder: Path) -> Thinker | None:
    """What thinks as the running command was asked for. Raises ModelError for `--think always` in vain."""
    asked, adapters = asked_thoughts(), fitting_adapters(data_folder, engine.path)
    return await open_thinker(engine, adapters, when=asked.think, samples=asked.samples)
