"""`scrubjay voice --wav`: a recording is heard, planned and served, with consent in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Scrubjay
from .speech import put_wav, said, silence

pytestmark = pytest.mark.debian("flite", "flite")


def _recording(folder: Path, *sentences: str) -> Path:
    parts = [part for text in sentences for part in (silence(0.8), said(text, "rms", folder / "said"))]
    return put_wav(folder / "recording.wav", *parts, silence(1.0))


def test_a_yes_in_the_recording_lets_it_happen(
    scrubjay: Scrubjay, data_folder: Path, outbox: Callable[[], list[Any]], tmp_path: Path
) -> None:
    recording = _recording(tmp_path, "text Sid that I'm running late", "yes")
    done = scrubjay("voice", "--wav", recording, "--data-folder", data_folder)
    assert done.returncode == 0, done.stderr
    assert "heard: text Sid that i'm running late" in done.stdout
    assert "asks: Send a text message" in done.stdout
    assert "answer: yes" in done.stdout
    (message,) = outbox()
    assert message["to"] == ["555-0142"]


def test_a_no_in_the_recording_keeps_it_from_happening(
    scrubjay: Scrubjay, data_folder: Path, outbox: Callable[[], list[Any]], tmp_path: Path
) -> None:
    recording = _recording(tmp_path, "text Sid that I'm running late", "no")
    done = scrubjay("voice", "--wav", recording, "--data-folder", data_folder)
    assert "answer: no" in done.stdout
    assert "Not done, since you did not allow it" in done.stdout
    assert outbox() == []


def test_a_recording_that_ends_without_an_answer_allows_nothing(
    scrubjay: Scrubjay, data_folder: Path, outbox: Callable[[], list[Any]], tmp_path: Path
) -> None:
    recording = _recording(tmp_path, "text Sid that I'm running late")
    done = scrubjay("voice", "--wav", recording, "--data-folder", data_folder)
    assert "Not done, since you did not allow it" in done.stdout
    assert outbox() == []


def test_what_is_no_recording_is_one_clear_error(
    scrubjay: Scrubjay, data_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    done = scrubjay("voice", "--wav", tmp_path / "text.wav", "--data-folder", data_folder)
    assert done.returncode == 1
    assert "is not a WAV file" in done.stderr
    assert "Traceback" not in done.stderr
