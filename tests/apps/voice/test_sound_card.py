"""Requests spoken through a virtual sound card: played to a null sink, heard through a sounddevice stream.

`benchmarks/voice.py` speaks all forty and measures them; here are five, for whether it works at all.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

from . import sound_card
from .judging import verdict, word_errors
from .virtual_sound import virtual_sound

pytestmark = [
    pytest.mark.debian("flite", "flite"),
    pytest.mark.debian("pulseaudio", "pulseaudio"),
    pytest.mark.debian("pulseaudio-utils", "pactl"),
    pytest.mark.debian("libportaudio2", "/usr/lib/*/libportaudio.so.2"),
    pytest.mark.debian("libasound2-plugins", "/usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so"),
]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What became of the requests 7 to 11."""
    folder = tmp_path_factory.mktemp("sound")
    out = folder / "out.jsonl"
    with virtual_sound(folder) as environment:
        script = [sys.executable, sound_card.__file__, str(out), "7", "11"]
        done = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_what_is_said_into_the_microphone_is_heard(rows: list[dict[str, Any]]) -> None:
    errors = [word_errors(row) for row in rows]
    assert len(rows) == 5
    assert sum(wrong for wrong, _ in errors) <= 0.4 * sum(said for _, said in errors), rows


def test_most_spoken_requests_get_the_right_plan(rows: list[dict[str, Any]]) -> None:
    verdicts = [verdict(row) for row in rows]
    assert verdicts.count("right") >= 0.6 * len(rows), [*zip(rows, verdicts, strict=True)]


def test_what_was_heard_well_is_planned_as_if_it_had_been_typed(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if word_errors(row)[0] == 0:
            assert verdict(row) in ("right", "planning"), row


def test_the_first_tool_of_a_request_is_timed_from_the_end_of_speech(rows: list[dict[str, Any]]) -> None:
    timed = [row for row in rows if "first_step_s" in row]
    assert timed
    assert all(row["recognition_s"] > 0 for row in timed)
