"""Consent: which steps ask the person before they run, and the questions that wait for an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Set

from ..tools.effect import Effect
from ..tools.say import spoken
from ..tools.tool import Tool
from .display import shown
from .events import ConsentAnswered, ConsentAsked, Event
from .plan import Json
from .wording import summary

Consent = Callable[[ConsentAsked], Awaitable[bool]]
"""An app's own way to put a question; what it returns is the answer, an exception means no."""

ASK = frozenset({Effect.WRITE, Effect.SEND, Effect.DESTROY})
"""The effects that ask unless told otherwise: everything but reading."""

_log = logging.getLogger(__name__)


class Policy:
    """Decides whether a step with an effect may run.

    allow_effects: everything may run, nobody is asked (`--yes`).
    ask: the effects that ask; `{Effect.SEND, Effect.DESTROY}` lets tools write the user's own data unasked.
    consent: puts the question and returns the answer; without it, whoever reads the events calls `answer`.
    patience_s: how long a question stays open; no answer by then means no.
    """

    def __init__(
        self,
        *,
        allow_effects: bool = False,
        ask: Set[Effect] = ASK,
        consent: Consent | None = None,
        patience_s: float = 300.0,
    ) -> None:
        self._ask: Set[Effect] = frozenset() if allow_effects else ask
        self._consent = consent
        self._patience_s = patience_s
        self._open: dict[tuple[str, int], asyncio.Future[bool]] = {}

    @property
    def has_consent_callback(self) -> bool:
        """Whether questions are put by a callback, so that no reader of the events needs to answer."""
        return self._consent is not None

    def asks(self, effect: Effect) -> bool:
        """Whether a step of this effect needs consent."""
        return effect in self._ask

    async def allows(self, asked: ConsentAsked, emit: Callable[[Event], None]) -> bool:
        """Put the question, as an event and to the callback if there is one, and wait for the answer."""
        answer = self._callback_answer(asked) if self._consent else self._open_answer(asked)
        emit(asked)
        try:
            async with asyncio.timeout(self._patience_s):
                allowed = await answer
        except TimeoutError:
            allowed = False
        emit(ConsentAnswered(asked.step_id, allowed))
        return allowed

    def answer(self, request_id: str, step_id: int, allowed: bool) -> bool:
        """Answer an open question. Returns whether it was open: False when it came too late."""
        future = self._open.get((request_id, step_id))
        if future is None or future.done():
            return False
        future.set_result(allowed)
        return True

    def open_requests(self, step_id: int) -> list[str]:
        """The ids of the requests that ask about a step of this number now."""
        return [request_id for request_id, step in self._open if step == step_id]

    async def _callback_answer(self, asked: ConsentAsked) -> bool:
        assert self._consent is not None
        try:
            return await self._consent(asked) is True
        except Exception:
            _log.exception("the consent callback failed; step %d is not allowed", asked.step_id)
            return False

    def _open_answer(self, asked: ConsentAsked) -> Awaitable[bool]:
        key = (asked.request_id, asked.step_id)
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._open[key] = future
        future.add_done_callback(lambda _: self._open.pop(key, None))
        return future


def question(tool: Tool, args: Mapping[str, Json]) -> str:
    """What the person is asked: "Send a text message (to: 555-0101; message: running late)?"."""
    what = summary(tool)
    details = "; ".join(f"{name}: {spoken(shown(value))}" for name, value in args.items())
    return f"{what} ({details})?" if details else f"{what}?"
