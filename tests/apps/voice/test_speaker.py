"""Answers aloud: sentence by sentence, and silent at once when told."""

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest

from scrubjay.apps.voice.sound import RATE, Samples, SoundError
from scrubjay.apps.voice.speaker import Espeak, Piper, Speaker, choose_synthesizer, sentences

from .scene import Room


def test_a_text_is_cut_at_its_sentences_and_lines() -> None:
    assert sentences("It is 3.5 km. Turn left!\nThen stop") == ["It is 3.5 km.", "Turn left!", "Then stop"]
    assert sentences("") == []


async def test_each_sentence_is_said_while_the_next_one_is_made() -> None:
    happened = []

    async def synthesize(sentence: str) -> Samples:
        happened.append(f"made {sentence}")
        return np.zeros(10, np.int16)

    speaker = Speaker(synthesize, Room(0.05))
    assert await speaker.say("One. Two. Three.", lambda sentence: happened.append(f"said {sentence}"))
    assert happened.index("said One.") < happened.index("made Three.") < happened.index("said Three.")
    assert [one for one in happened if one.startswith("said")] == ["said One.", "said Two.", "said Three."]


async def test_stopped_it_is_silent_at_once_and_says_nothing_more() -> None:
    said: list[str] = []

    async def synthesize(sentence: str) -> Samples:
        return np.zeros(10, np.int16)

    room = Room(60)
    speaker = Speaker(synthesize, room)
    saying = asyncio.create_task(speaker.say("One. Two.", said.append))
    while not room.playing:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    speaker.stop()
    assert not await saying
    assert not room.playing
    assert said == ["One."]
    assert speaker.saying == ""


@pytest.mark.debian("espeak-ng", "espeak-ng")
async def test_espeak_makes_sound() -> None:
    samples = await Espeak()("Done. It is three o'clock.")
    assert len(samples) > RATE
    assert np.abs(samples).max() > 3000


@pytest.mark.debian("espeak-ng", "espeak-ng")
def test_espeak_answers_where_there_is_no_voice_of_piper(tmp_path: Path) -> None:
    assert isinstance(choose_synthesizer(tmp_path), Espeak)


PIPER = """#!/bin/sh
# Takes what piper takes, and writes a second of sound.
[ "$1" = --model ] && [ -f "$2" ] && [ "$3" = --output_file ] || exit 2
cat > "$2.said"
python3 -c '
import sys, wave
with wave.open(sys.argv[1], "wb") as file:
    file.setparams((1, 2, 22050, 0, "NONE", "not compressed"))
    file.writeframes(bytes(44100))
' "$4"
"""


def _read(path: Path) -> str:
    return path.read_text()


async def test_piper_answers_where_its_voice_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "piper"
    program.parent.mkdir()
    program.write_text(PIPER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    voice = tmp_path / "voices" / "en_GB-alba-medium.onnx"
    voice.parent.mkdir()
    voice.touch()
    synthesizer = choose_synthesizer(tmp_path)
    assert isinstance(synthesizer, Piper)
    assert len(await synthesizer("It is\nthree.")) == RATE
    assert _read(Path(f"{voice}.said")) == "It is three.\n"


async def test_a_voice_that_cannot_speak_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "piper"
    program.write_text("#!/bin/sh\ncat >/dev/null\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SoundError, match="could not speak"):
        await Piper(tmp_path / "voice.onnx")("Hello.")
