"""Thinking before planning: for which requests, how long, and in how many thoughts that vote."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from enum import StrEnum
from pathlib import Path
from typing import Never, Protocol, runtime_checkable

from ..models.adapter_file import AdapterFile
from ..models.adapters import AdapterUse
from ..models.catalog import bundled_adapters
from ..models.constrained import Constraint
from ..models.errors import ModelError
from ..models.outbox import Chunk
from ..models.prompt import Prompt, SegmentKind
from ..models.sums import made_up_dates
from ..models.switcher import needs_thought
from ..models.thinking import CannotThinkError, Thinking
from .adapting import loaded_adapter
from .votes import Candidate, Majority, Strategy

_LOG = logging.getLogger(__name__)

MAX_THINK_TOKENS = 128
TEMPERATURE = 0.6
"""Of all thoughts but the first, when there are several."""

Then = Callable[[str], Constraint]
"""The constraint of a plan, from the thought that comes before it."""


class NothingToWorkOut(ModelError):
    """The thought came out empty: the request is to be planned as it stands."""


class Think(StrEnum):
    """Which requests are thought about."""

    NEVER = "never"
    AUTO = "auto"
    """Those that need it, as the switcher judges from their words."""
    ALWAYS = "always"

    @classmethod
    def _missing_(cls, value: object) -> Never:
        raise ValueError(f"think is {value!r}; write {', '.join(map(repr, map(str, cls)))}")


class ThinkingEngine(Protocol):
    """What a thinker needs of an engine; `models.engine.LlamaEngine` is one."""

    @property
    def parallel(self) -> int:
        """How many generations run side by side."""
        ...

    def generate(
        self,
        prompt: Prompt,
        *,
        max_tokens: int = 512,
        adapter: AdapterUse | None = None,
        thinking: Thinking | None = None,
    ) -> AsyncGenerator[Chunk, None]:
        """Stream a thought and what follows it."""
        ...

    def samples(
        self,
        prompt: Prompt,
        thoughts: Sequence[Thinking],
        *,
        max_tokens: int = 512,
        adapter: AdapterUse | None = None,
    ) -> AbstractAsyncContextManager[Sequence[AsyncGenerator[Chunk, None]]]:
        """The same for several thoughts on one prompt, side by side."""
        ...


@runtime_checkable
class AdaptableEngine(ThinkingEngine, Protocol):
    """An engine that also takes adapters; `models.engine.LlamaEngine` is one."""

    @property
    def path(self) -> Path:
        """The model's file."""
        ...

    @property
    def adapters(self) -> Sequence[AdapterFile]:
        """Those that are loaded."""
        ...

    async def add_adapter(self, path: Path, name: str | None = None) -> AdapterFile:
        """Load one, or raise `AdapterError`."""
        ...


class Thinker:
    """Writes a thought and then a plan, with the adapter that was trained for it.

    when: for which requests. max_tokens: of one thought; it is closed by force there.
    samples: how many thoughts are written side by side; `strategy` chooses among their plans.
    sums: the adapter leaves it to `models/sums.py` to work out what it writes down.
    most_tools: how many tools it may be shown; None: as many as there are.
    """

    def __init__(
        self,
        engine: ThinkingEngine,
        adapter: AdapterUse | None,
        *,
        when: Think = Think.AUTO,
        max_tokens: int = MAX_THINK_TOKENS,
        samples: int = 1,
        strategy: Strategy | None = None,
        temperature: float = TEMPERATURE,
        sums: bool = False,
        most_tools: int | None = None,
    ) -> None:
        if samples < 1:
            raise ValueError(f"samples is {samples}; at least one thought is needed (or think='never')")
        if samples > engine.parallel:
            raise ValueError(
                f"samples is {samples}, and this engine runs {engine.parallel} generations side by side;"
                " load it with more parallel_generations"
            )
        self._engine = engine
        self._adapter = adapter
        self._when = when
        self._max_tokens = max_tokens
        self._samples = samples
        self._strategy = strategy or Majority()
        self._temperature = temperature
        self.sums = sums
        self.most_tools = most_tools

    def wanted(self, request: str) -> bool:
        """Whether this request is to be thought about."""
        return self._when is Think.ALWAYS or (self._when is Think.AUTO and needs_thought(request))

    async def write(self, prompt: Prompt, then: Then, max_tokens: int) -> AsyncGenerator[Chunk, None]:
        """Stream a thought, then a plan of at most `max_tokens`. With several thoughts, nothing comes before
        one of them is chosen.

        Raises NothingToWorkOut in place of a plan where the thought is empty: the adapter would plan such a
        request no better than the model that reads it, and has seen fewer of them. The same where a thought
        that sums are worked out for starts from a day that nobody has told: better as it was said than wrong.
        """
        parts = prompt.of_kind(SegmentKind.TURN, SegmentKind.FACTS, SegmentKind.REQUEST)
        known = [text for segment in parts for text in segment.parts]

        def after(thought: str) -> Constraint:
            if not thought.strip():
                raise NothingToWorkOut("there is nothing to work out")
            if self.sums and (made_up := made_up_dates(thought, known)):
                raise NothingToWorkOut(f"the thought starts from {made_up[0]}, which nobody has told")
            return then(thought)

        if self._samples > 1:
            best = await self._elect(prompt, after, max_tokens)
            if not best.plan:
                raise NothingToWorkOut("most thoughts found nothing to work out")
            for chunk in best.chunks:
                yield chunk
            return
        thinking = Thinking(self._max_tokens, then=after, sums=self.sums)
        stream = self._engine.generate(
            prompt, max_tokens=max_tokens, adapter=self._adapter, thinking=thinking
        )
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _elect(self, prompt: Prompt, then: Then, max_tokens: int) -> Candidate:
        """Let all thoughts run until the vote is decided."""
        thoughts = [
            Thinking(self._max_tokens, self._temperature if number else 0.0, number, then, self.sums)
            for number in range(self._samples)
        ]
        candidates: list[Candidate] = []
        running = self._engine.samples(prompt, thoughts, max_tokens=max_tokens, adapter=self._adapter)
        async with running as streams:
            tasks = [asyncio.create_task(_collected(stream)) for stream in streams]
            failed: list[ModelError] = []
            try:
                for done in asyncio.as_completed(tasks):
                    try:
                        candidates.append(await done)
                    except ModelError as error:
                        failed.append(error)
                        if len(failed) == len(tasks):
                            raise
                    missing = len(tasks) - len(candidates) - len(failed)
                    if candidates and self._strategy.decided(candidates, missing):
                        break
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        return self._strategy.best(candidates)


async def open_thinker(
    engine: object,
    adapters: Iterable[Path] = (),
    *,
    when: Think = Think.AUTO,
    samples: int = 1,
    max_tokens: int = MAX_THINK_TOKENS,
    scale: float = 1.0,
    strategy: Strategy | None = None,
) -> Thinker | None:
    """Load adapters into an engine, and think with the reasoning one among them, or with the bundled one.

    Adapters that others have loaded into the engine are not thought with; one of the same content as a file
    that is named here is not loaded again.

    scale: how strongly the adapter acts, 1 as it was trained. strategy: chooses among several thoughts.

    None: nothing is thought, because it is not to be, or no adapter for thinking fits the model (why the
    bundled one does not fit the bundled planner is logged). Raises `AdapterError` where one that was named
    does not fit, and `CannotThinkError` where thinking is asked for always in vain.
    """
    paths = list(adapters)
    if not isinstance(engine, AdaptableEngine):
        if paths or when is Think.ALWAYS:
            problem = "this engine takes no adapters and cannot think; load a GGUF model, or think='never'"
            raise CannotThinkError(problem)
        return None
    named = [await loaded_adapter(engine, path) for path in paths]
    if when is Think.NEVER:
        return None
    found = _reasoning(named)
    for path in bundled_adapters() if found is None else ():
        try:
            found = found or _reasoning([await loaded_adapter(engine, path)])
        except ModelError as error:  # the bundled ones are for the bundled planner alone
            _LOG.log(logging.WARNING if engine.path.parent == path.parent else logging.DEBUG, "%s", error)
    if found is None:
        if when is Think.ALWAYS:
            raise CannotThinkError("no reasoning adapter fits this model; name one, or think='never'")
        return None
    use = AdapterUse(found.name, scale)
    return Thinker(
        engine,
        use,
        when=when,
        samples=samples,
        max_tokens=max_tokens,
        strategy=strategy,
        sums=found.sums,
        most_tools=found.most_tools,
    )


def _reasoning(files: Iterable[AdapterFile]) -> AdapterFile | None:
    return next((file for file in files if file.kind == "reasoning"), None)


async def _collected(stream: AsyncGenerator[Chunk, None]) -> Candidate:
    written: list[Chunk] = []
    with suppress(NothingToWorkOut):
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                written.append(chunk)
    return Candidate(
        thought="".join(chunk.thought for chunk in written),
        plan="".join(chunk.text for chunk in written),
        logprob=sum(chunk.logprob + chunk.thought_logprob for chunk in written),
        tokens=sum(chunk.tokens - chunk.forced for chunk in written),
        chunks=tuple(written),
    )
