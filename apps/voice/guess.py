"""Planning ahead: a request is served on words that may still change; nothing of it counts until they stand.

Reading may happen early, which is what makes the answer quick. What has an effect, and the turn in the
conversation, wait until the words stand; a wrong guess is cancelled before either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from contextvars import ContextVar
from datetime import datetime
from time import perf_counter

from ...agent.agent import Agent
from ...agent.events import ConsentAsked, Event, RequestStarted
from ...agent.joiner import Joined
from ...agent.planner import PastTurn
from ...agent.policy import Policy
from ...agent.session import Session

_current: ContextVar[Guess | None] = ContextVar("guess", default=None)


class Guess:
    """A request that is being served on `text`, from the moment this is made.

    began: on `time.perf_counter`'s clock. `stand` lets it go on to effects; `drop` ends it without a trace.
    """

    def __init__(self, agent: Agent, text: str) -> None:
        self.text = text
        self.began = perf_counter()
        self._agent = agent
        self._stands = asyncio.Event()
        self._events: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
        self._request_id = ""
        token = _current.set(self)
        self._task = asyncio.create_task(self._serve())
        _current.reset(token)

    def stand(self) -> None:
        """The words were right."""
        self._stands.set()

    async def stands(self) -> None:
        """Wait until the words are known to be right."""
        await self._stands.wait()

    async def drop(self) -> None:
        """Cancel it; comes back when nothing of it runs any more."""
        self._task.cancel()
        await asyncio.wait([self._task])

    def cancel(self) -> None:
        """Stop a request that stands; its events end with RequestCancelled."""
        self._agent.cancel(self._request_id)

    async def events(self) -> AsyncIterator[Event]:
        """What happens, from the beginning. Raises what the agent raises."""
        while (event := await self._events.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event

    async def _serve(self) -> None:
        try:
            async with aclosing(self._agent.events(self.text)) as events:
                async for event in events:
                    if isinstance(event, RequestStarted):
                        self._request_id = event.request_id
                    self._events.put_nowait(event)
            self._events.put_nowait(None)
        except Exception as error:
            self._events.put_nowait(error)


class SettledPolicy(Policy):
    """A policy under which a guess has no effect, and asks nothing, before its words stand."""

    def must_ask(self, asked: ConsentAsked) -> bool:
        """As `Policy`; a guess has to wait (in `allows`) also for what may run unasked."""
        return _current.get() is not None or super().must_ask(asked)

    async def allows(self, asked: ConsentAsked, emit: Callable[[Event], None]) -> bool:
        """Wait until the words stand, then ask if that is needed."""
        guess = _current.get()
        if guess is not None:
            await guess.stands()
        return await super().allows(asked, emit) if super().must_ask(asked) else True


class SettledSession(Session):
    """A session in which a guess leaves no turn before its words stand."""

    async def record_turn(self, turn: PastTurn, joined: Joined, started_at: datetime | None = None) -> None:
        """Keep a turn, once its words stand."""
        guess = _current.get()
        if guess is not None:
            await guess.stands()
        await super().record_turn(turn, joined, started_at)
