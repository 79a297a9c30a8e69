"""Hearing with the real detector and recogniser: where speech begins and ends, names, the wake word."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from scrubjay.apps.voice.activity import Activity, Silero, Turn
from scrubjay.apps.voice.ears import Ears, Sounded
from scrubjay.apps.voice.names import Names
from scrubjay.apps.voice.sound import FRAME, FRAME_S, Samples
from scrubjay.apps.voice.sphinx import SphinxTranscriber
from scrubjay.apps.voice.wake import SphinxWakeWord

from .speech import VOICES, said, silence

pytestmark = pytest.mark.debian("flite", "flite")

PEOPLE = ("Anna Berg", "Sid Jha", "Lutfi Karim", "Kenji Sato", "Maria Lopez")


@cache
def transcriber() -> SphinxTranscriber:
    """One for all, as it takes a second to load."""
    return SphinxTranscriber(Names(PEOPLE, ("Journal", "Shopping")))


def _frames(*parts: Samples) -> Iterator[Samples]:
    whole = np.concatenate(parts)
    yield from whole[: len(whole) // FRAME * FRAME].reshape(-1, FRAME)


def _turns(sounded: list[Sounded]) -> list[Turn]:
    return [one.turn for one in sounded if one.turn is not Turn.NOTHING]


def _heard(sound: Samples, recogniser: SphinxTranscriber) -> str:
    recogniser.start()
    recogniser.hear(sound)
    return recogniser.finish()


@pytest.mark.parametrize("voice", VOICES)
def test_an_utterance_starts_pauses_and_ends_once_and_its_words_stand_at_the_pause(
    voice: str, tmp_path: Path
) -> None:
    ears = Ears(Activity(Silero()), transcriber())
    sound = said("remind me to call the dentist on Friday", voice, tmp_path)
    sounded = [ears.hear(frame) for frame in _frames(silence(0.5), sound, silence(1.2))]
    assert _turns(sounded) == [Turn.STARTED, Turn.PAUSED, Turn.ENDED]
    paused, ended = (one for one in sounded if one.turn in (Turn.PAUSED, Turn.ENDED))
    assert paused.text == ended.text
    assert "call the dentist" in ended.text
    assert any(one.text and one.turn is Turn.NOTHING for one in sounded)  # words so far, while it is said
    assert sounded.index(ended) - sounded.index(paused) == pytest.approx(0.45 / FRAME_S, abs=2)


def test_who_goes_on_after_a_pause_is_heard_from_the_beginning(tmp_path: Path) -> None:
    ears = Ears(Activity(Silero()), transcriber())
    parts = said("call the dentist", "slt", tmp_path), silence(0.15), said("on Friday", "slt", tmp_path)
    sounded = [ears.hear(frame) for frame in _frames(silence(0.5), *parts, silence(1.2))]
    assert _turns(sounded) == [Turn.STARTED, Turn.PAUSED, Turn.WENT_ON, Turn.PAUSED, Turn.ENDED]
    first, last = (one.text for one in sounded if one.turn is Turn.PAUSED)
    assert "dentist" in first
    assert "dentist" in last
    assert last.endswith("friday")


def test_noise_and_silence_are_no_speech() -> None:
    ears = Ears(Activity(Silero()), transcriber())
    noise = np.random.default_rng(2).normal(0, 900, 16_000).astype(np.int16)
    assert not _turns([ears.hear(frame) for frame in _frames(silence(1.0), noise, silence(1.0))])


def test_names_of_contacts_are_heard_only_where_they_are_known(tmp_path: Path) -> None:
    sound = said("text Lutfi that dinner is ready", "rms", tmp_path)
    assert _heard(sound, transcriber()) == "text Lutfi that dinner is ready"
    assert "Lutfi" not in _heard(sound, SphinxTranscriber(Names()))


def test_titles_of_notes_are_written_as_they_are(tmp_path: Path) -> None:
    assert _heard(said("open my journal note", "slt", tmp_path), transcriber()).endswith("my Journal note")


def _to_a_sleeper(text: str, voice: str, folder: Path) -> list[Sounded]:
    ears = Ears(Activity(Silero()), transcriber(), SphinxWakeWord())
    return [ears.hear(frame) for frame in _frames(silence(0.5), said(text, voice, folder), silence(1.2))]


@pytest.mark.parametrize("voice", VOICES)
def test_what_follows_the_wake_word_is_the_request(voice: str, tmp_path: Path) -> None:
    *_, ended = (
        one
        for one in _to_a_sleeper("hey scrub jay, take a screenshot", voice, tmp_path)
        if one.turn is Turn.ENDED
    )
    assert ended.counts
    assert "screenshot" in ended.text
    assert "jay" not in ended.text


@pytest.mark.parametrize("text", ["take a screenshot", "hey what a day"])
def test_what_does_not_begin_with_the_wake_word_counts_for_nothing(text: str, tmp_path: Path) -> None:
    sounded = _to_a_sleeper(text, "rms", tmp_path)
    assert not any(one.counts or one.text for one in sounded)


def test_while_the_key_is_held_silence_ends_nothing(tmp_path: Path) -> None:
    ears = Ears(Activity(Silero()), transcriber())
    parts = said("call the dentist", "slt", tmp_path), silence(1.0), said("on Friday", "slt", tmp_path)
    frames = list(_frames(*parts, silence(0.1)))
    sounded = [
        ears.push(frame, first=not number, last=number == len(frames) - 1)
        for number, frame in enumerate(frames)
    ]
    assert _turns(sounded) == [Turn.STARTED, Turn.ENDED]
    assert "dentist" in sounded[-1].text
    assert sounded[-1].text.endswith("friday")
