"""What turns speech into text, and which one of them is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from .names import Names
from .sound import Samples, SoundError


class Transcriber(Protocol):
    """Hears one utterance at a time. Calls block, and belong into one thread that is not the event loop's."""

    name: str

    def start(self) -> None:
        """An utterance begins; what was not finished is forgotten."""

    def hear(self, samples: Samples) -> str:
        """The next piece of sound; returns the words so far, which may still change."""

    def finish(self) -> str:
        """The utterance is over; returns its words."""


def choose_transcriber(names: Names, wanted: str = "") -> Transcriber:
    """whisper where its weights are on this machine, pocketsphinx otherwise; or the `wanted` one.

    wanted: "whisper", "pocketsphinx", or empty. Raises SoundError when it cannot be had.
    """
    makers: dict[str, Callable[[Names], Transcriber]] = {"whisper": _whisper, "pocketsphinx": _pocketsphinx}
    if wanted:
        return makers[wanted](names)
    return _whisper(names) if whisper_weights() else _pocketsphinx(names)


def whisper_weights() -> Path | None:
    """The biggest whisper model on this machine, where its package keeps them; None: there is none.

    Nothing is downloaded: `whisper.load_model("base.en")`, once, puts one there.
    """
    import os
    from importlib.util import find_spec

    if find_spec("whisper") is None:
        return None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper"
    models = sorted(cache.glob("*.pt"), key=lambda path: path.stat().st_size)
    return models[-1] if models else None


def _whisper(names: Names) -> Transcriber:
    from .whispered import WhisperTranscriber

    weights = whisper_weights()
    if weights is None:
        raise SoundError(
            "whisper's weights are not on this machine. pip install 'scrubjay[whisper]', and call"
            ' whisper.load_model("base.en") once, which downloads them; or use pocketsphinx.'
        )
    return WhisperTranscriber(weights, names)


def _pocketsphinx(names: Names) -> Transcriber:
    try:
        from .sphinx import SphinxTranscriber
    except ImportError as error:
        raise SoundError("The voice assistant needs more: pip install 'scrubjay[voice]'.") from error
    return SphinxTranscriber(names)
