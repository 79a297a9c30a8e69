"""Transcribing with openai-whisper, from weights that are on this machine."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np

from .names import Names
from .sound import RATE, Samples, SoundError

_PARTIAL_EVERY_S = 1.0
_MOST_NAMES = 60
"""Names in the prompt: it is read on every decoding, and whisper keeps 223 tokens of it."""


class WhisperTranscriber:
    """A `transcriber.Transcriber`; what is known by name is its prompt, so that it is spelt as there."""

    name = "whisper"

    def __init__(self, weights: Path, names: Names) -> None:
        """Load a checkpoint (`.pt`). Raises SoundError when the file is none, or broken."""
        import whisper

        try:
            self._model = whisper.load_model(str(weights), device="cpu")
        except Exception as error:  # torch and pickle raise all kinds
            raise SoundError(
                f"{weights} cannot be read as weights of whisper ({error}). Remove the file, or choose"
                " pocketsphinx (--transcriber pocketsphinx)."
            ) from error
        known = list(dict.fromkeys((*names.people, *names.titles, *names.tool_words)))[:_MOST_NAMES]
        self._prompt = f"Names: {', '.join(known)}." if known else None
        self._names = names
        self._language = None if self._model.is_multilingual else "en"
        self._sound: list[Samples] = []
        self._text = ""
        self._unread_s = self._read_every_s = 0.0

    def start(self) -> None:
        """An utterance begins."""
        self._sound, self._text, self._unread_s = [], "", 0.0
        self._read_every_s = _PARTIAL_EVERY_S

    def hear(self, samples: Samples) -> str:
        """Add sound; once a second (or less often, where that is slow) all of it is read again, as whisper
        has no state to go on from.
        """
        self._sound.append(samples)
        self._unread_s += len(samples) / RATE
        if self._unread_s >= self._read_every_s:
            began = perf_counter()
            self._text = self._read()
            self._read_every_s = max(_PARTIAL_EVERY_S, 3 * (perf_counter() - began))
        return self._text

    def finish(self) -> str:
        """The words of the utterance, with names spelt as they are known."""
        return self._names.corrected(self._read()) if self._sound else ""

    def _read(self) -> str:
        self._unread_s = 0.0
        sound = np.concatenate(self._sound).astype(np.float32) / 32768
        read = self._model.transcribe(
            sound,
            language=self._language,
            temperature=0.0,
            fp16=False,
            initial_prompt=self._prompt,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        return str(read["text"]).strip().rstrip(".")
