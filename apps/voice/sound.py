"""Sound in and out: frames of 32 ms from a microphone or a WAV file, a loudspeaker that can be stopped."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples a second, one channel, 16 bit: what every part here works with."""

FRAME = 512
"""Samples of a frame: what the voice activity detector looks at in one step."""

FRAME_S = FRAME / RATE

Samples = npt.NDArray[np.int16]

_BLOCK_S = 0.05


class SoundError(RuntimeError):
    """There is no sound device, or a recording cannot be read; the message says what to do."""


def sounddevice() -> Any:
    """The module sounddevice. Raises SoundError where it, or PortAudio, is not installed."""
    try:
        import sounddevice
    except ImportError as error:
        raise SoundError("The voice assistant needs more: pip install 'scrubjay[voice]'.") from error
    except OSError as error:
        raise SoundError(
            "PortAudio is missing. Install it (Debian: apt install libportaudio2 libasound2-plugins)."
        ) from error
    return sounddevice


@asynccontextmanager
async def microphone() -> AsyncIterator[AsyncIterator[Samples]]:
    """Frames from the default microphone as they are heard, until the context is left. Raises SoundError."""
    device = sounddevice()
    loop = asyncio.get_running_loop()
    frames: asyncio.Queue[Samples] = asyncio.Queue()

    def heard(block: Samples, count: int, time: Any, status: Any) -> None:
        loop.call_soon_threadsafe(frames.put_nowait, block[:, 0].copy())

    async def forever() -> AsyncIterator[Samples]:
        while True:
            yield await frames.get()

    try:
        stream = device.InputStream(
            samplerate=RATE, channels=1, dtype="int16", blocksize=FRAME, callback=heard
        )
        stream.start()
    except device.PortAudioError as error:
        raise SoundError(f"No microphone can be opened: {error}. Plug one in, or use --wav FILE.") from error
    try:
        yield forever()
    finally:
        await asyncio.to_thread(stream.close)


async def silent_room() -> AsyncIterator[Samples]:
    """Frames without a sound, for ever: where there is no microphone."""
    while True:
        await asyncio.sleep(FRAME_S)
        yield np.zeros(FRAME, np.int16)


def read_wav(path: Path) -> Samples:
    """A recording (PCM of 8, 16 or 32 bit) as samples at RATE, its channels mixed. Raises SoundError."""
    try:
        with wave.open(str(path)) as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            raw = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise SoundError(f"{path} is not a WAV file that can be read: {error}.") from error
    return _as_samples(raw, rate, channels, width, path)


def _as_samples(raw: bytes, rate: int, channels: int, width: int, path: Path | str) -> Samples:
    kinds = {1: np.uint8, 2: np.int16, 4: np.int32}
    if width not in kinds:
        raise SoundError(f"{path} has {8 * width} bits a sample; save it with 16.")
    data = np.frombuffer(raw[: len(raw) // (width * channels) * width * channels], kinds[width])
    whole = data.astype(np.float64).reshape(-1, channels).mean(axis=1)
    scaled = {1: (whole - 128) * 256, 2: whole, 4: whole / 65536}[width]
    return resampled(scaled, rate)


def resampled(samples: npt.NDArray[np.float64], rate: int) -> Samples:
    """Samples at `rate` brought to RATE; what is too high for RATE is averaged away first."""
    if rate != RATE and len(samples):
        if rate > RATE:
            width = round(rate / RATE)
            samples = np.convolve(samples, np.ones(width) / width, mode="same")
        places = np.arange(round(len(samples) * RATE / rate)) * rate / RATE
        samples = np.interp(places, np.arange(len(samples)), samples)
    return np.clip(samples, -32768, 32767).astype(np.int16)


async def frames_of(
    samples: Samples, *, paced: bool = False, silence_s: float = 1.5
) -> AsyncIterator[Samples]:
    """A recording frame by frame, with silence behind it; `paced`: as fast as a microphone would."""
    whole = np.concatenate([samples, np.zeros(round(silence_s * RATE), np.int16)])
    whole = np.pad(whole, (0, -len(whole) % FRAME))
    loop = asyncio.get_running_loop()
    started = loop.time()
    for number, frame in enumerate(whole.reshape(-1, FRAME), 1):
        if paced:
            await asyncio.sleep(started + number * FRAME_S - loop.time())
        yield frame
        if not paced:
            await asyncio.sleep(0)


class Loudspeaker:
    """Plays one thing at a time on the default output."""

    def __init__(self) -> None:
        self._device = sounddevice()

    async def play(self, samples: Samples) -> None:
        """Play to the end. Cancelling stops the sound at once. Raises SoundError."""
        try:
            stream = self._device.OutputStream(samplerate=RATE, channels=1, dtype="int16")
        except self._device.PortAudioError as error:
            raise SoundError(f"No loudspeaker can be opened: {error}.") from error
        block = round(_BLOCK_S * RATE)
        try:
            stream.start()
            for start in range(0, len(samples), block):
                await asyncio.to_thread(stream.write, samples[start : start + block].reshape(-1, 1))
            await asyncio.sleep(stream.latency)
        finally:
            # `abort` drops what is buffered: who interrupts wants silence now.
            await asyncio.shield(asyncio.to_thread(_close, stream))


def _close(stream: Any) -> None:
    stream.abort()
    stream.close()
