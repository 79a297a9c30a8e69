"""The assistant's name, spotted with pocketsphinx; nothing else of what is said is looked at."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pocketsphinx import Decoder

from .sound import RATE, Samples
from .sounds import pronunciations

PHRASE = "hey scrub jay"

_THRESHOLD = 1e-30
"""Lower: it wakes more often, also unmeant; at 1e-25 flite's deeper voice is not always heard."""


class SphinxWakeWord:
    """An `ears.WakeWord`."""

    def __init__(self, phrase: str = PHRASE) -> None:
        with tempfile.TemporaryDirectory(prefix="scrubjay-wake-") as folder:
            words = Path(folder) / "words.dict"
            lines = [
                f"{word}{f'({number})' if number > 1 else ''} {' '.join(phones)}\n"
                for word in dict.fromkeys(phrase.split())
                for number, phones in enumerate(pronunciations(word), 1)
            ]
            words.write_text("".join(lines))
            self._decoder = Decoder(
                samprate=RATE,
                loglevel="FATAL",
                keyphrase=phrase,
                kws_threshold=_THRESHOLD,
                dict=str(words),
                lm=None,
            )
        self._started = False

    def start(self) -> None:
        """An utterance begins."""
        if self._started:
            self._decoder.end_utt()
        self._decoder.start_utt()
        self._started = True

    def hear(self, samples: Samples) -> bool:
        """Whether the name was said, up to and with this sound."""
        self._decoder.process_raw(samples.tobytes())
        return self._decoder.hyp() is not None
