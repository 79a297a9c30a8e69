"""Short answers out of long results: an adapter picks what was asked for from a tool's record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from itertools import chain

from ..models.adapters import AdapterUse
from ..models.catalog import bundled_adapters
from ..models.dialects import results_text
from ..models.errors import ModelError
from ..models.prompt import Prompt, Segment
from ..models.thinking import Thinking
from ..tools.registry import ToolRegistry
from ..tools.say import spoken
from .display import shown
from .joiner import Joined, Rounds
from .outcome import StepStatus
from .plan import Json, Plan, print_plan
from .thinker import AdaptableEngine

MAX_TOKENS = 48
KIND = "answers"
_LOG = logging.getLogger(__name__)


class ShortAnswers:
    """Answers with the part of a record that was asked for, by an adapter of the kind `answers`."""

    def __init__(self, engine: AdaptableEngine, adapter: AdapterUse) -> None:
        self._engine = engine
        self._adapter = adapter

    async def shortened(
        self, joined: Joined, request: str, rounds: Rounds, tools: ToolRegistry, facts: str
    ) -> Joined:
        """`joined` with a shorter text, where a single step returned a record and no `say` template tells it.

        It stays as it is where the adapter names what the record does not have, or cannot be used.
        """
        outcomes = list(chain.from_iterable(rounds))
        if len(outcomes) != 1 or outcomes[0].status is not StepStatus.DONE:
            return joined
        step, result = outcomes[0].step, outcomes[0].result
        if tools.get(step.tool).say is not None or not isinstance(result, Mapping) or len(result) < 2:
            return joined
        try:
            answer = await self.answer(request, print_plan(Plan((step,))), result, facts)
        except ModelError as error:
            _LOG.warning("no short answer: %s", error)
            return joined
        return replace(joined, text=answer) if answer else joined

    async def answer(self, request: str, plan: str, record: Mapping[str, Json], facts: str) -> str | None:
        """The parts of the record that answer the request; None where what was written names none of them.

        request, plan, record: of the turn, as the model reads it. The adapter writes the parts' names in a
        think block, on a prompt that the model alone has read, so that the turn's KV serves what is said
        next, too. Raises what the engine raises.
        """
        turn = Segment.turn(request, plan, results_text([dict(record)]))
        prompt = Prompt((Segment.system(), turn, Segment.facts(facts), Segment.request(request)))
        named = ""
        stream = self._engine.generate(
            prompt, max_tokens=1, adapter=self._adapter, thinking=Thinking(MAX_TOKENS)
        )
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                named += chunk.thought
        names = [name.strip() for name in named.split(", ")]
        return (
            ", ".join(spoken(shown(record[name])) for name in names) if record.keys() >= set(names) else None
        )


async def open_short_answers(engine: object) -> ShortAnswers | None:
    """Load the adapter for short answers, unless one is loaded; None where none fits the model."""
    if not isinstance(engine, AdaptableEngine):
        return None
    for path in bundled_adapters():
        if path.stem == KIND and path not in [file.path for file in engine.adapters]:
            try:
                await engine.add_adapter(path)
            except ModelError as error:
                _LOG.warning("%s", error)
    file = next((file for file in engine.adapters if file.kind == KIND), None)
    return ShortAnswers(engine, AdapterUse(file.name)) if file else None
