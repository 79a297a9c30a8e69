"""Answers aloud: sentences one after the other, with espeak-ng, or piper where a voice of it is there."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import tempfile
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from .sound import Loudspeaker, Samples, SoundError, read_wav, resampled

_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?\n]*\s*")
_WORDS_A_MINUTE = 175


class Synthesizer(Protocol):
    """Makes sound of a sentence."""

    async def __call__(self, sentence: str) -> Samples: ...


class Espeak:
    """espeak-ng (or espeak), from the system's packages."""

    def __init__(self) -> None:
        program = shutil.which("espeak-ng") or shutil.which("espeak")
        if program is None:
            raise SoundError("No voice: install espeak-ng (Debian: apt install espeak-ng).")
        self._command = (program, "-v", "en", "-s", str(_WORDS_A_MINUTE), "--stdin", "--stdout")

    async def __call__(self, sentence: str) -> Samples:
        return _from_wav(await _run(self._command, sentence))


class Piper:
    """piper's command line with one of its voices, a `.onnx` file."""

    def __init__(self, voice: Path) -> None:
        program = shutil.which("piper")
        if program is None:
            raise SoundError(f"There is a voice of piper ({voice}), but no piper: pip install piper-tts.")
        self._command = (program, "--model", str(voice), "--output_file")

    async def __call__(self, sentence: str) -> Samples:
        # Not through a pipe: piper 1.8 does not finish the file that it copies there.
        with tempfile.TemporaryDirectory(prefix="scrubjay-voice-") as folder:
            path = Path(folder) / "said.wav"
            await _run((*self._command, str(path)), sentence.replace("\n", " ") + "\n")
            return read_wav(path)


def choose_synthesizer(data_folder: Path) -> Synthesizer:
    """piper when it is installed and a voice lies in `voices/` of the data folder; otherwise espeak-ng."""
    voices = sorted((data_folder / "voices").glob("*.onnx"))
    if voices and shutil.which("piper"):
        return Piper(voices[0])
    return Espeak()


class Speaker:
    """Speaks; `say` comes back when all is said, and `stop` makes it come back at once.

    synthesize: None keeps silent, and says nothing in no time.
    """

    def __init__(self, synthesize: Synthesizer | None, loudspeaker: Loudspeaker | None) -> None:
        self._synthesize = synthesize
        self._loudspeaker = loudspeaker
        self._playing: asyncio.Task[None] | None = None
        self.saying = ""
        """What is being said now; empty in between."""

    async def say(self, text: str, began: Callable[[str], None] = lambda sentence: None) -> bool:
        """Say `text` sentence by sentence; `began` hears of each. False when it was stopped early."""
        if self._synthesize is None or self._loudspeaker is None:
            began(text)
            return True
        self.stop()
        self._playing = asyncio.create_task(self._say(text, began))
        self.saying = text
        try:
            await asyncio.wait([self._playing])
        finally:
            self._playing.cancel()
            self.saying = ""
        if self._playing.cancelled():
            return False
        self._playing.result()
        return True

    def stop(self) -> None:
        """Be silent, now."""
        if self._playing is not None:
            self._playing.cancel()

    async def _say(self, text: str, began: Callable[[str], None]) -> None:
        async for sentence, samples in self._ahead(sentences(text)):
            began(sentence)
            assert self._loudspeaker is not None
            await self._loudspeaker.play(samples)

    async def _ahead(self, parts: list[str]) -> AsyncIterator[tuple[str, Samples]]:
        """Each sentence with its sound, the next one being made while this one is played."""
        assert self._synthesize is not None
        making = [asyncio.ensure_future(self._synthesize(part)) for part in parts[:1]]
        try:
            for number, part in enumerate(parts):
                samples = await making[number]
                if number + 1 < len(parts):
                    making.append(asyncio.ensure_future(self._synthesize(parts[number + 1])))
                yield part, samples
        finally:
            for task in making:
                task.cancel()


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line break ends one, too."""
    return [part.strip() for part in _SENTENCE.findall(text) if part.strip()]


async def _run(command: tuple[str, ...], text: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        made, _ = await process.communicate(text.encode())
    except asyncio.CancelledError:
        process.kill()
        await asyncio.shield(process.wait())
        raise
    if process.returncode:
        raise SoundError(f"{command[0]} could not speak (exit code {process.returncode}).")
    return made


def _from_wav(data: bytes) -> Samples:
    """The sound of a WAV file of 16 bit; a stream's header does not know its length."""
    with wave.open(io.BytesIO(data)) as file:
        rate, raw = file.getframerate(), file.readframes(file.getnframes())
    return resampled(np.frombuffer(raw[: len(raw) // 2 * 2], np.int16).astype(np.float64), rate)
