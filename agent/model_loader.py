"""Makes ready what an agent plans with: the engine, and the adapters that think and shorten answers on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .planner import Engine
from .short_answers import ShortAnswers, open_short_answers
from .thinker import MAX_THINK_TOKENS, Think, Thinker, open_thinker
from .votes import Strategy

if TYPE_CHECKING:
    from ..models.engine import LlamaEngine


@dataclass(frozen=True, slots=True)
class ReadyModel:
    """What plans, and what thinks before and shortens after it, where there is such."""

    engine: Engine
    thinker: Thinker | None
    short_answers: ShortAnswers | None


class ModelLoader:
    """Loads what is no engine yet when it is needed first, and closes it in the end.

    model: an engine, the path of a GGUF file, or None for the bundled planner; the rest as `Agent` takes it.
    """

    def __init__(
        self,
        model: Engine | Path | str | None,
        *,
        adapters: Iterable[Path | str] = (),
        think: Think | str = Think.AUTO,
        samples: int = 1,
        strategy: Strategy | None = None,
        max_think_tokens: int = MAX_THINK_TOKENS,
        short_answers: bool = False,
    ) -> None:
        if isinstance(adapters, str):
            raise TypeError(f"adapters is a list of files; say adapters=[{adapters!r}]")
        if samples < 1:
            raise ValueError(f"samples is {samples}; at least one thought is needed (or think='never')")
        if max_think_tokens < 0:
            raise ValueError(f"max_think_tokens is {max_think_tokens}; it is at least 0")
        self._model = model
        self._adapters = tuple(map(Path, adapters))
        self._think = Think(think)
        self._samples = samples
        self._strategy = strategy
        self._max_think_tokens = max_think_tokens
        self._shortens = short_answers
        self._loading = asyncio.Lock()
        self._loaded: LlamaEngine | None = None
        self._ready: ReadyModel | None = None

    async def ready(self) -> ReadyModel:
        """The engine with its adapters. Raises what loading either raises."""
        async with self._loading:
            if self._ready is None:
                engine = await self._engine()
                thinker = await open_thinker(
                    engine,
                    self._adapters,
                    when=self._think,
                    samples=self._samples,
                    max_tokens=self._max_think_tokens,
                    strategy=self._strategy,
                )
                shortens = await open_short_answers(engine) if self._shortens else None
                self._ready = ReadyModel(engine, thinker, shortens)
        return self._ready

    async def aclose(self) -> None:
        """Close the engine if it was loaded here."""
        if self._loaded is not None:
            await self._loaded.aclose()

    async def _engine(self) -> Engine:
        if self._loaded is not None:  # and an adapter did not fit the last time
            return self._loaded
        if self._model is not None and not isinstance(self._model, Path | str):
            return self._model
        from ..models.catalog import bundled_planner
        from ..models.engine import LlamaEngine
        from ..models.tuning import remembered

        path = bundled_planner() if self._model is None else Path(self._model)
        self._loaded = await LlamaEngine.load(path, remembered(path))
        return self._loaded
