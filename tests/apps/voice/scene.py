"""An assistant whose ears hear what a test says, with a scripted planner behind it; the rest is real."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import numpy as np

from scrubjay.agent.agent import Agent
from scrubjay.agent.turns import Conversation
from scrubjay.apps.voice.activity import Turn
from scrubjay.apps.voice.assistant import Assistant
from scrubjay.apps.voice.ears import Ears, Sounded
from scrubjay.apps.voice.guess import SettledPolicy
from scrubjay.apps.voice.shown import Heard, Question, Said, Shown, State, StateChanged
from scrubjay.apps.voice.sound import FRAME, RATE, Loudspeaker, Samples
from scrubjay.apps.voice.speaker import Speaker
from scrubjay.testing import Script, ScriptedPlanner
from scrubjay.tools.tool import Tool

PATIENCE_S = 60.0


class ScriptedEars(Ears):
    """Hears what a test puts into `next`, a frame at a time."""

    def __init__(self) -> None:
        self.next: deque[Sounded] = deque()

    def hear(self, frame: Samples) -> Sounded:
        return self.next.popleft()

    def push(self, frame: Samples, *, first: bool, last: bool) -> Sounded:
        return self.next.popleft()


class Room(Loudspeaker):
    """A loudspeaker in a test: `playing` tells whether it sounds; each sentence takes `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.playing = False

    async def play(self, samples: Samples) -> None:
        self.playing = True
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self.playing = False


async def no_sound(sentence: str) -> Samples:
    """A synthesizer that takes no time."""
    return np.zeros(RATE // 100, np.int16)


class Scene:
    """What a test does to the assistant, and what that shows."""

    def __init__(self, speech_s: float | None, barge_in: bool) -> None:
        self.ears = ScriptedEars()
        self.room = Room(speech_s or 0)
        self.speaker = Speaker(None, None) if speech_s is None else Speaker(no_sound, self.room)
        self.shown: list[Shown] = []
        self.assistant = Assistant(self.ears, self.speaker, self.shown.append, barge_in=barge_in)
        self._frames: asyncio.Queue[Samples | None] = asyncio.Queue()

    async def frames(self) -> AsyncIterator[Samples]:
        while (frame := await self._frames.get()) is not None:
            yield frame

    async def sound(self, turn: Turn, text: str = "") -> None:
        """A frame that changed this much."""
        self.frame(turn, text)
        await self.until(lambda: not self.ears.next)
        await asyncio.sleep(0.01)

    def frame(self, turn: Turn = Turn.NOTHING, text: str = "") -> None:
        """The same, without waiting until it is heard."""
        self.ears.next.append(Sounded(turn, 0.9, 0.5, text, 0.3))
        self._frames.put_nowait(np.zeros(FRAME, np.int16))

    async def is_deaf(self) -> bool:
        """Whether a frame is not even listened to."""
        self.frame()
        await asyncio.sleep(0.1)
        deaf = bool(self.ears.next)
        self.ears.next.clear()
        return deaf

    async def says(self, text: str) -> None:
        """An utterance from its beginning to its end."""
        for turn in (Turn.STARTED, Turn.PAUSED, Turn.ENDED):
            await self.sound(turn, "" if turn is Turn.STARTED else text)

    def end(self) -> None:
        """Nothing more is heard."""
        self._frames.put_nowait(None)

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until that is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 (what is waited for has no event)
                await asyncio.sleep(0.005)

    async def question(self) -> Question:
        """Wait for an open question that has been said to its end."""
        await self.until(lambda: self.state is State.ASKING and not self.speaker.saying)
        await asyncio.sleep(0.02)
        return [shown for shown in self.shown if isinstance(shown, Question)][-1]

    async def rest(self) -> None:
        """Wait until everything is served."""
        await self.until(lambda: self.state is State.LISTENING)

    @property
    def state(self) -> State:
        states = [shown.state for shown in self.shown if isinstance(shown, StateChanged)]
        return states[-1] if states else State.STARTING

    @property
    def said(self) -> list[str]:
        """The sentences that were said, or begun."""
        return [shown.sentence for shown in self.shown if isinstance(shown, Said)]

    @property
    def heard(self) -> list[str]:
        return [shown.text for shown in self.shown if isinstance(shown, Heard)]


@asynccontextmanager
async def scene(
    tools: Iterable[Tool],
    script: Script,
    *,
    speech_s: float | None = None,
    barge_in: bool = True,
    session: Conversation | None = None,
) -> AsyncGenerator[Scene, None]:
    """An assistant that listens. speech_s: how long it speaks a sentence; None: it is silent."""
    played = Scene(speech_s, barge_in)
    policy = SettledPolicy(consent=played.assistant.consent)
    async with Agent(tools, ScriptedPlanner(script), policy=policy, session=session) as agent:
        running = asyncio.create_task(played.assistant.run(agent, played.frames()))
        try:
            await played.rest()
            yield played
            played.end()
            async with asyncio.timeout(PATIENCE_S):
                await running
        finally:
            running.cancel()

