"""Hearing: frames go in; out come the utterances in them, with the words so far and the words at the end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from .activity import Activity, Turn
from .sound import Samples
from .transcriber import Transcriber

_PIECE = 4
"""Frames that are transcribed at once: words don't change faster."""


class Listen(Enum):
    """When what is said counts as a request."""

    OPEN = "open"
    """Always."""
    WAKE = "wake"
    """After the assistant's name."""
    PUSH = "push"
    """While the key is held."""


class WakeWord(Protocol):
    """Waits for the assistant's name."""

    def start(self) -> None:
        """An utterance begins."""

    def hear(self, samples: Samples) -> bool:
        """Whether the name was said, up to and with this sound."""


@dataclass(frozen=True, slots=True)
class Sounded:
    """What a frame was. text: the words so far; final ones with PAUSED and ENDED."""

    turn: Turn
    probability: float
    level: float
    text: str = ""
    silence_s: float = 0.0
    counts: bool = True
    """Whether the words are for the assistant: it is awake, or need not be woken."""


class Ears:
    """Follows a stream of frames. Blocks while it transcribes: call it in a thread of its own.

    At a pause the utterance is transcribed to its end, so that its words stand when the silence has lasted
    long enough; when speech goes on after all, it is heard again from its beginning.
    """

    def __init__(self, activity: Activity, transcriber: Transcriber, wake: WakeWord | None = None) -> None:
        self._activity = activity
        self._transcriber = transcriber
        self._wake = wake
        self._sound: list[Samples] = []
        self._unread: list[Samples] = []
        self._awake = wake is None
        self._hearing = False
        self._text = ""

    def hear(self, frame: Samples) -> Sounded:
        """The next frame, somebody speaking or not."""
        spoken = self._activity.hear(frame)
        match spoken.turn:
            case Turn.STARTED:
                self._start(self._activity.before)
            case Turn.WENT_ON:
                self._start([*self._sound, frame])
            case Turn.PAUSED:
                self._finish()
            case Turn.ENDED:
                if self._hearing:
                    self._finish()
            case Turn.NOTHING if self._hearing:
                self._add(frame)
            case Turn.NOTHING if self._sound:
                self._sound.append(frame)  # the silence of a pause, needed if speech goes on
        sounded = self._sounded(spoken.turn, spoken.probability, frame)
        if spoken.turn is Turn.ENDED:
            self._forget()
        return sounded

    def push(self, frame: Samples, *, first: bool, last: bool) -> Sounded:
        """A frame while the key is held: the utterance is what lies between the `first` and the `last`."""
        if first:
            self._start([frame])
            return self._sounded(Turn.STARTED, 1.0, frame)
        self._add(frame)
        if last:
            self._finish()
            sounded = self._sounded(Turn.ENDED, 1.0, frame)
            self._forget()
            return sounded
        return self._sounded(Turn.NOTHING, 1.0, frame)

    def _sounded(self, turn: Turn, probability: float, frame: Samples) -> Sounded:
        level = float(np.sqrt(np.mean((frame.astype(np.float32) / 32768) ** 2)))
        shown = min(1.0, max(0.0, 1 + np.log10(max(level, 1e-6)) / 2.5))
        return Sounded(turn, probability, shown, self._text, self._activity.silence_s, self._awake)

    def _start(self, frames: list[Samples]) -> None:
        self._sound, self._unread, self._hearing, self._text = [], [], True, ""
        self._awake = self._wake is None
        self._transcriber.start()
        if self._wake is not None:
            self._wake.start()
        for frame in frames:
            self._add(frame)

    def _add(self, frame: Samples) -> None:
        self._sound.append(frame)
        self._unread.append(frame)
        if len(self._unread) >= _PIECE:
            self._read()

    def _read(self) -> None:
        if not self._unread:
            return
        piece = np.concatenate(self._unread)
        self._unread = []
        if self._wake is not None and not self._awake:
            if self._wake.hear(piece):
                self._awake = True
                self._transcriber.start()  # the request is what comes after the name
            return
        self._text = self._transcriber.hear(piece)

    def _finish(self) -> None:
        self._read()
        self._text = self._transcriber.finish() if self._awake else ""
        self._hearing = False

    def _forget(self) -> None:
        self._sound, self._unread, self._hearing, self._text = [], [], False, ""
