"""Handing a request over to a bigger machine: when the planner here is unsure, and only after a yes."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..models.errors import ModelError
from ..tools.effect import Effect
from ..tools.say import spoken
from ..tools.tool import Tool
from .confidence import Calibration, plain_confidence
from .events import ConsentAsked
from .planner import MAX_TURNS, PastTurn, Planner, PlanTooLong
from .reader import PlanSyntaxError

if TYPE_CHECKING:
    from ..models.openai_engine import OpenAIEngine
    from ..models.outbox import Chunk

ASKED_FIRST = 0
"""The step id of the question, which no step has."""

HAND_OVER = "hand over"
"""What stands in the question's `tool`."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a planner is asked; all of it would leave the machine."""

    request: str
    tools: Sequence[Tool]
    history: Sequence[PastTurn]
    facts: str
    request_id: str
    session: str


class HandOver:
    """A bigger machine that may be asked.

    below: the confidence (0 to 1) in a plan made here under which the person is asked; for models without a
    calibration it is `plain_confidence`.
    """

    def __init__(self, engine: OpenAIEngine, below: float = 0.3) -> None:
        self._engine = engine
        self._below = below

    def question(self, asking: Asking) -> ConsentAsked:
        """What the person is asked. Its `args` hold every text that would leave, word for word, but for the
        descriptions of tools and the examples, which come with Scrubjay or the tools."""
        turns = asking.history[-MAX_TURNS:]
        earlier = f"your last {len(turns)} requests with their plans and results" if len(turns) > 1 else ""
        earlier = "your last request with its plan and results" if len(turns) == 1 else earlier
        leaves = ["this request", earlier, "time and language" if asking.facts else ""]
        leaves.append(f"the descriptions of {len(asking.tools)} tools")
        args: dict[str, Any] = {
            "to": self._engine.settings.url,
            "model": self._engine.settings.model,
            "request": asking.request,
            "facts": asking.facts,
            "earlier": [[turn.request, turn.plan, *turn.results] for turn in turns],
            "tools": [tool.name for tool in asking.tools],
        }
        return ConsentAsked(
            ASKED_FIRST,
            HAND_OVER,
            args,
            f"I am not sure that I understood you. Ask {self._engine.settings.model} on {self._engine.host}?"
            f" What leaves this machine: {spoken([what for what in leaves if what])}.",
            Effect.SEND,
            asking.request_id,
            because="it leaves this machine",
            session=asking.session,
        )

    async def plan(
        self,
        asking: Asking,
        here: AsyncGenerator[Chunk, None],
        calibration: Calibration | None,
        ask: Callable[[ConsentAsked], Awaitable[bool]],
        handed_over: Callable[[], None],
    ) -> AsyncGenerator[Chunk, None]:
        """The plan made here or, where it is doubtful and the person says yes, the other machine's.

        Nothing comes out before the plan made here is complete: what has begun cannot be handed over.
        `handed_over` is called before the first text from elsewhere. Raises what planning here raises.
        """
        chunks: list[Chunk] = []
        failed: Exception | None = None
        try:
            async with aclosing(here):
                chunks.extend([chunk async for chunk in here])
        except (ModelError, PlanTooLong, PlanSyntaxError) as error:
            failed = error
        if (failed or _confidence(chunks, calibration) < self._below) and await ask(self.question(asking)):
            begun = False
            there = Planner(self._engine).plan(asking.request, asking.tools, asking.history, asking.facts)
            try:
                async with aclosing(there):
                    async for chunk in there:
                        if not begun:
                            handed_over()
                        begun = True
                        yield chunk
                return
            except ModelError as error:
                if begun or failed:
                    raise
                _log.warning("the plan is the one made here: %s", error)
        if failed:
            raise failed
        for chunk in chunks:
            yield chunk


def _confidence(plan: Sequence[Chunk], calibration: Calibration | None) -> float:
    """How sure the model here is of a plan."""
    logprob = sum(chunk.logprob for chunk in plan)
    if calibration is not None:
        return calibration.confidence(logprob)
    return plain_confidence(logprob, sum(chunk.tokens - chunk.forced for chunk in plan if not chunk.thought))
