"""The assistant: frames of sound go in, requests are served, and sentences come out.

frames ─> Ears ─ pause ─> Guess (plans, reads)
               └─ end ──> Guess stands ─> effects, with consent ─> answer, aloud
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from ...agent.agent import Agent
from ...agent.events import AnswerText, ConsentAsked, RequestFailed, StepStarted
from .activity import END_S, Turn
from .ears import Ears, Sounded
from .guess import Guess
from .shown import (
    GuessDropped,
    Happened,
    Heard,
    HeardSoFar,
    Level,
    Question,
    Said,
    Shown,
    State,
    StateChanged,
    Trouble,
)
from .sound import Samples, SoundError
from .speaker import Speaker
from .spoken_consent import clear_answer, spoken_question

_LEVEL_EVERY = 3
_STOPS = frozenset({"stop", "cancel", "never mind", "nevermind", "forget it", "be quiet", "shut up"})
_ASKED_AGAIN = "I need a clear yes or no."


@dataclass(slots=True, eq=False)
class _OpenQuestion:
    """A question that waits for its answer. spoken_at: when its last word was said; None: not yet."""

    asked: ConsentAsked
    answer: asyncio.Future[bool | None]
    spoken_at: float | None = None


class Assistant:
    """Serves one request after another, spoken or typed. `run` works until its frames end.

    show: told of everything that happens, in order; must not block.
    barge_in: whether the user may speak over the assistant; without, it hears nothing while it speaks.
    sleeps: the state between requests when it has to be woken or a key held.
    """

    def __init__(
        self,
        ears: Ears,
        speaker: Speaker,
        show: Callable[[Shown], None],
        *,
        barge_in: bool = True,
        sleeps: State = State.LISTENING,
    ) -> None:
        self._ears = ears
        self._speaker = speaker
        self._show = show
        self._barge_in = barge_in
        self._sleeps = sleeps
        self._state = State.STARTING
        self._in_ears = ThreadPoolExecutor(1, thread_name_prefix="ears")
        self._guess: Guess | None = None
        self._serving: Guess | None = None
        self._question: _OpenQuestion | None = None
        self._asking = asyncio.Lock()
        self._idle = asyncio.Event()
        self._idle.set()
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._spoke_over = ""
        self._started_at = 0.0
        self._frames = 0
        self._by_key = False
        self._key = False
        self._held = False
        self._deaf = False
        self._tasks: asyncio.TaskGroup | None = None
        self._agent: Agent | None = None

    def listen_by_key(self) -> None:
        """From now on only what is said while the key is held counts (`press`, `release`)."""
        self._by_key = True

    def press(self) -> None:
        """The key is held from now on; the assistant falls silent."""
        self._speaker.stop()
        self._key = True

    def release(self) -> None:
        """The key is let go: what was said in between is the utterance."""
        self._key = False

    def stop(self) -> None:
        """Be silent, and stop the request that is being served."""
        self._speaker.stop()
        if self._serving is not None:
            self._serving.cancel()
        self.answer(False)

    def answer(self, allowed: bool, step: ConsentAsked | None = None) -> None:
        """Answer the open question, if it is (still) the one about `step`."""
        question = self._question
        if question is not None and step in (None, question.asked) and not question.answer.done():
            self._speaker.stop()
            question.answer.set_result(allowed)

    def ask(self, text: str) -> None:
        """Serve a typed request, while `run` works."""
        now = perf_counter()
        self._show(Heard(text, now, now))
        self._begin(text)

    async def consent(self, asked: ConsentAsked) -> bool:
        """Put the question aloud; only a clear yes after its last word allows the step. One at a time.

        When nothing more will be heard, nobody can answer, and no answer means no.
        """
        async with self._asking:
            if self._deaf:
                return False
            words = spoken_question(asked)
            for attempt in range(2):
                question = _OpenQuestion(asked, asyncio.get_running_loop().create_future())
                self._question = question
                self._show(Question(asked, words))
                self._become(State.ASKING)
                try:
                    said = await self._say(words if not attempt else f"{_ASKED_AGAIN} {words}")
                    question.spoken_at = perf_counter() if said else None
                    self._idle.set()
                    answer = await question.answer
                finally:
                    self._question = None
                    self._idle.clear()
                    self._show(Question(None))
                    self._become(State.ACTING)
                if answer is not None:
                    return answer
            return False

    async def idle(self) -> None:
        """Wait until nothing is being served, or a question is open and can be answered."""
        await self._idle.wait()

    async def run(self, agent: Agent, frames: AsyncIterator[Samples]) -> None:
        """Hear `frames` to their end, and serve what is said in them to its end.

        agent: its policy must be a `guess.SettledPolicy` that asks `consent`.
        """
        self._agent = agent
        loop = asyncio.get_running_loop()
        self._rest()
        try:
            async with asyncio.TaskGroup() as self._tasks:
                async for frame in frames:
                    hear = self._hearing_of(frame)
                    if hear is not None:
                        await self._react(await loop.run_in_executor(self._in_ears, hear))
                await self._drop_guess()
                self._deaf = True
                self.answer(False)
        finally:
            self._in_ears.shutdown(wait=False)

    def _hearing_of(self, frame: Samples) -> Callable[[], Sounded] | None:
        """What hears a frame; None: nobody does, as the key is not held, or the assistant speaks."""
        if not self._barge_in and self._speaker.saying:
            return None
        first, last = self._key and not self._held, self._held and not self._key
        self._held = self._key
        if self._key or last:
            return partial(self._ears.push, frame, first=first, last=last)
        return None if self._by_key else partial(self._ears.hear, frame)

    async def _react(self, sounded: Sounded) -> None:
        self._frames += 1
        if self._frames % _LEVEL_EVERY == 0:
            self._show(Level(sounded.level, sounded.probability > 0.5))
        match sounded.turn:
            case Turn.STARTED:
                self._started_at = perf_counter()
                self._spoke_over = self._speaker.saying
                self._speaker.stop()
                self._become(State.HEARING)
            case Turn.WENT_ON:
                await self._drop_guess()
            case Turn.PAUSED if sounded.counts and not self._waiting:
                self._show(HeardSoFar(sounded.text))
                self._guess_at(sounded.text)
            case Turn.ENDED:
                await self._heard(sounded)
            case Turn.NOTHING if sounded.text:
                self._show(HeardSoFar(sounded.text))

    async def _heard(self, sounded: Sounded) -> None:
        """An utterance is over: an answer, a word to stop, a request, or nothing for us."""
        text, now = sounded.text.strip(), perf_counter()
        if not sounded.counts or not text or _is_echo(text, self._spoke_over):
            await self._drop_guess()
            return self._rest()
        heard = Heard(text, now - min(sounded.silence_s, END_S + 0.1), now, self._question is not None)
        self._show(heard)
        if self._question is not None:
            await self._drop_guess()
            self._answered(self._question, text)
        elif text.lower() in _STOPS:
            await self._drop_guess()
            self.stop()
            self._rest()
        else:
            if self._guess is not None and self._guess.text != text:
                await self._drop_guess()
            self._begin(text)

    def _answered(self, question: _OpenQuestion, text: str) -> None:
        answer = clear_answer(text)
        asked_first = question.spoken_at is not None and question.spoken_at <= self._started_at
        if answer is True and not asked_first:
            answer = None  # a yes to what had not been said yet
        if not question.answer.done():
            question.answer.set_result(answer)

    def _guess_at(self, text: str) -> None:
        if self._question is None and self._guess is None and text.strip() and self._agent is not None:
            self._guess = Guess(self._agent, text.strip())

    async def _drop_guess(self) -> None:
        guess, self._guess = self._guess, None
        if guess is not None:
            await guess.drop()
            self._show(GuessDropped(guess.text))

    def _begin(self, text: str) -> None:
        if self._tasks is None:
            return
        guess = self._guess if self._guess is not None and self._guess.text == text else None
        if guess is not None:
            self._guess = None
        self._waiting += 1
        self._idle.clear()
        self._become(State.THINKING)
        self._tasks.create_task(self._serve(text, guess))

    async def _serve(self, text: str, guess: Guess | None) -> None:
        """One request to the end of its answer; after those that were there before."""
        assert self._agent is not None
        assert self._tasks is not None
        try:
            async with self._turn:
                serving = self._serving = guess or Guess(self._agent, text)
                serving.stand()
                telling: asyncio.Task[bool] | None = None
                trouble = ""
                try:
                    async for event in serving.events():
                        self._show(Happened(event, serving.began))
                        if isinstance(event, StepStarted):
                            self._become(State.ACTING)
                        elif isinstance(event, AnswerText):
                            telling = self._tasks.create_task(self._tell(event.text, telling))
                        elif isinstance(event, RequestFailed):
                            trouble = event.error
                except Exception as error:  # the reason was an event; the next request may work
                    trouble = trouble or str(error)
                finally:
                    self._serving = None
                if trouble:
                    telling = self._tasks.create_task(self._tell(trouble, telling))
                if telling is not None:
                    await telling
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._idle.set()
                self._rest()

    async def _tell(self, text: str, after: asyncio.Task[bool] | None) -> bool:
        """Say a part of the answer when the part before it is said; nothing more once interrupted."""
        if after is not None and not await after:
            return False
        self._become(State.SPEAKING)
        return await self._say(text)

    async def _say(self, text: str) -> bool:
        """Speak; without a loudspeaker that is told once, and the text has to be read. False: interrupted."""
        try:
            return await self._speaker.say(text, lambda sentence: self._show(Said(sentence)))
        except SoundError as error:
            self._show(Trouble(str(error)))
            return True

    def _become(self, state: State) -> None:
        if state is not self._state:
            self._state = state
            self._show(StateChanged(state))

    def _rest(self) -> None:
        """Back to what there was before somebody spoke."""
        if self._question is not None:
            self._become(State.ASKING)
        elif self._waiting:
            self._become(State.SPEAKING if self._speaker.saying else State.THINKING)
        else:
            self._become(self._sleeps)


def _is_echo(heard: str, said: str) -> bool:
    """Whether the microphone has only heard the assistant itself."""
    words = heard.lower().split()
    own = {word.strip(".,?!:;\"'()") for word in said.lower().split()}
    return len(words) >= 3 and sum(word in own for word in words) >= 0.8 * len(words)
