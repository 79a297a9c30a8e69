"""Speech for tests, by flite."""

import subprocess
import wave
from pathlib import Path

import numpy as np

from scrubjay.apps.voice.sound import RATE, Samples, read_wav

VOICES = ("rms", "slt")


def said(text: str, voice: str, folder: Path) -> Samples:
    """`text`, spoken by flite's `voice`."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{voice}.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
    return read_wav(path)


def silence(seconds: float) -> Samples:
    """A quiet room: not a digital zero, which no microphone gives."""
    noise = np.random.default_rng(1).normal(0, 8, round(seconds * RATE))
    return noise.astype(np.int16)


def put_wav(path: Path, *parts: Samples) -> Path:
    """A recording of these parts, one after the other."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(np.concatenate(parts).tobytes())
    return path
