"""What the assistant shows while it works, besides the events of a request; all of it can cross a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ...agent.events import ConsentAsked, Event


class State(StrEnum):
    """What the assistant is doing."""

    STARTING = "starting"
    ASLEEP = "asleep"
    """It waits for its name, or for the key."""
    LISTENING = "listening"
    HEARING = "hearing"
    THINKING = "thinking"
    ACTING = "acting"
    ASKING = "asking"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The assistant does something else now."""

    state: State


@dataclass(frozen=True, slots=True)
class Level:
    """How loud it is at the microphone: 0.0 silence, 1.0 the loudest; speech: whether somebody speaks."""

    level: float
    speech: bool


@dataclass(frozen=True, slots=True)
class HeardSoFar:
    """Words that may still change."""

    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance is over. answers: it answers a question, and is no request.

    spoken_at, at: when speech ended and when its words stood, on `time.perf_counter`'s clock.
    """

    text: str
    spoken_at: float
    at: float
    answers: bool = False


@dataclass(frozen=True, slots=True)
class GuessDropped:
    """Planning had begun on these words, and they were not all, or not the right ones."""

    text: str


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the request that is served; began: when that was started, as in Heard."""

    event: Event
    began: float


@dataclass(frozen=True, slots=True)
class Question:
    """A question is put: aloud, and by buttons. None: there is no open question any more."""

    asked: ConsentAsked | None
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence is being said."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Past:
    """A request of an earlier time in this session, with its answer."""

    request: str
    answer: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something does not work; the text says what to do."""

    text: str


Shown: TypeAlias = (
    StateChanged | Level | HeardSoFar | Heard | GuessDropped | Happened | Question | Said | Past | Trouble
)
