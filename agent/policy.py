"""Consent: which steps ask the person before they run, and the questions that wait for an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence, Set
from dataclasses import dataclass

from ..tools.effect import Effect
from .events import ConsentAnswered, ConsentAsked, Event, Remember

Consent = Callable[[ConsentAsked], Awaitable[bool | Remember]]
"""An app's own way to put a question. What it returns is the answer: a Remember is a yes that goes further.
An exception means no."""

DOUBT = 0.2
"""Confidence in a plan below which a step with an effect asks, though it has been allowed."""

ASK = frozenset({Effect.WRITE, Effect.SEND, Effect.DESTROY})
"""The effects that ask unless told otherwise: everything but reading."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Allowed:
    """What the person has allowed in one session."""

    tools: set[str]
    recipients: set[str]
    everything: bool = False


class Policy:
    """Decides whether a step with an effect may run.

    allow_effects: everything may run unasked (`--yes`), except what others may be behind.
    ask: the effects that ask; `{Effect.SEND, Effect.DESTROY}` lets tools write the user's own data unasked.
    allow_tools, allow_recipients: what may run unasked in every session.
    consent: puts the question and returns the answer; without it, whoever reads the events calls `answer`.
    patience_s: how long a question stays open; no answer by then means no.
    doubt_below: confidence (0 to 1) under which a standing permission is not enough; the question says so.
    """

    def __init__(
        self,
        *,
        allow_effects: bool = False,
        ask: Set[Effect] = ASK,
        allow_tools: Iterable[str] = (),
        allow_recipients: Iterable[str] = (),
        consent: Consent | None = None,
        patience_s: float = 300.0,
        doubt_below: float = DOUBT,
    ) -> None:
        self._doubt_below = doubt_below
        self._ask: Set[Effect] = frozenset() if allow_effects else ask
        self._consent = consent
        self._patience_s = patience_s
        self._allow_tools = frozenset(allow_tools)
        self._allow_recipients = frozenset(map(_comparable, allow_recipients))
        self._allowed: dict[str, _Allowed] = {}
        self._open: dict[tuple[str, int], tuple[ConsentAsked, asyncio.Future[bool]]] = {}

    @property
    def has_consent_callback(self) -> bool:
        """Whether questions are put by a callback, so that no reader of the events needs to answer."""
        return self._consent is not None

    def asks(self, effect: Effect) -> bool:
        """Whether a step of this effect needs consent."""
        return effect in self._ask

    def doubts(self, confidence: float | None) -> bool:
        """Whether a plan of this confidence may well be misunderstood; None: nobody knows."""
        return confidence is not None and confidence < self._doubt_below

    def must_ask(self, asked: ConsentAsked) -> bool:
        """Whether a step has to be asked about, after all that has been allowed."""
        if asked.because:
            return True
        if not self.asks(asked.effect):
            return False
        if self.doubts(asked.confidence):
            return True
        allowed = self._of_session(asked.session)
        recipients = {_comparable(recipient) for recipient in asked.recipients}
        return not (
            allowed.everything
            or asked.tool in allowed.tools
            or (recipients and recipients <= allowed.recipients)
        )

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

    def answer(
        self, request_id: str, step_id: int, allowed: bool, remember: Remember = Remember.ONCE
    ) -> bool:
        """Answer an open question. Returns whether it was open: False when it came too late."""
        asked, future = self._open.get((request_id, step_id), (None, None))
        if asked is None or future is None or future.done():
            return False
        if allowed:
            self._remember(asked, remember)
        future.set_result(allowed)
        return True

    def open_requests(self, step_id: int) -> list[str]:
        """The ids of the requests that ask about a step of this number now."""
        return [request_id for request_id, step in self._open if step == step_id]

    async def _callback_answer(self, asked: ConsentAsked) -> bool:
        assert self._consent is not None
        try:
            answer = await self._consent(asked)
            if isinstance(answer, Remember):
                self._remember(asked, answer)
                return True
            return answer is True
        except Exception:
            _log.exception("the consent callback failed; step %d is not allowed", asked.step_id)
            return False

    def _open_answer(self, asked: ConsentAsked) -> Awaitable[bool]:
        key = (asked.request_id, asked.step_id)
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._open[key] = asked, future
        future.add_done_callback(lambda _: self._open.pop(key, None))
        return future

    def _of_session(self, session: str) -> _Allowed:
        if session not in self._allowed:
            self._allowed[session] = _Allowed(set(self._allow_tools), set(self._allow_recipients))
        return self._allowed[session]

    def _remember(self, asked: ConsentAsked, remember: Remember) -> None:
        """Keep what was allowed, as far as the question offered it."""
        if remember not in asked.remember:
            return
        allowed = self._of_session(asked.session)
        match remember:
            case Remember.TOOL:
                allowed.tools.add(asked.tool)
            case Remember.RECIPIENT:
                allowed.recipients.update(map(_comparable, asked.recipients))
            case Remember.SESSION:
                allowed.everything = True


def may_remember(because: str, recipients: Sequence[str]) -> tuple[Remember, ...]:
    """What a yes may be remembered for: nothing, where others may be behind the step."""
    if because:
        return (Remember.ONCE,)
    every = (Remember.ONCE, Remember.TOOL, Remember.RECIPIENT, Remember.SESSION)
    return tuple(one for one in every if one is not Remember.RECIPIENT or recipients)


def _comparable(recipient: str) -> str:
    """A recipient however it is written: +49 171 5550101 is +491715550101, Sid@x.org is sid@x.org.

    Only what can be nothing else counts as the same: letters of other alphabets stay as they are.
    """
    plain = recipient.strip()
    if not set(plain) - _OF_NUMBERS:
        return "".join(sign for sign in plain if sign not in " -")
    return plain.lower() if plain.isascii() else plain


_OF_NUMBERS = frozenset("+0123456789 -")
