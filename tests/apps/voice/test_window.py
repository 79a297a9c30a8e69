"""The window on an X screen in memory, driven by mouse and keys; SCRUBJAY_KEEP_SCREENS=1 keeps pictures."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scrubjay.tools.demo import seed_demo_contacts

from . import window_script

pytestmark = [
    pytest.mark.debian("xvfb", "Xvfb"),
    pytest.mark.debian("libegl1", "/usr/lib/*/libEGL.so.1"),
    pytest.mark.debian("libxcb-cursor0", "/usr/lib/*/libxcb-cursor.so.0"),
    pytest.mark.debian("libportaudio2", "/usr/lib/*/libportaudio.so.2"),
]
pytest.importorskip("PySide6", reason="needs pip install 'scrubjay[voice]'")

SCREENS = Path(__file__).parent / "screens"
LATE_S = 0.1


@contextmanager
def screen() -> Iterator[tuple[str, int]]:
    """An X screen in memory: its DISPLAY, and its process."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield f":{server.stdout.readline().strip()}", server.pid
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script left: pictures, what it saw, and the user's data."""
    folder = tmp_path_factory.mktemp("window")
    seed_demo_contacts(folder / "data")
    with screen() as (display, process):
        environment = dict(os.environ, DISPLAY=display, QT_QPA_PLATFORM="xcb", HOME=str(folder))
        environment["PULSE_SERVER"] = "none"  # no microphone, whatever this machine has
        script = [sys.executable, window_script.__file__, str(folder), str(folder / "data")]
        done = subprocess.run(
            [*script, f"screen={process}"], env=environment, capture_output=True, text=True, timeout=1800
        )
    assert done.returncode == 0, done.stderr
    if os.environ.get("SCRUBJAY_KEEP_SCREENS"):
        SCREENS.mkdir(exist_ok=True)
        for picture in folder.glob("*.png"):
            shutil.copy(picture, SCREENS)
    return folder


@pytest.fixture(scope="module")
def seen(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "seen.json").read_text("utf-8"))
    return found


def test_the_nodes_of_the_plan_light_up_as_its_steps_run(seen: dict[str, Any]) -> None:
    at_question = [name for name, _ in seen["cards_at_question"]]
    assert at_question == [
        "Step 1: get phone number, done",
        "Step 2: get phone number, done",
        "Step 3: send sms, asking",
    ]
    assert [name.rpartition(", ")[2] for name, _ in seen["cards_at_end"]] == ["done"] * 3
    assert "555-0142" in seen["cards_at_end"][0][1]


def test_a_click_on_yes_lets_it_happen_and_a_key_on_no_does_not(folder: Path, seen: dict[str, Any]) -> None:
    assert "555-0142" in seen["question"]
    assert seen["focus_at_question"], "a key pressed without looking would allow it"
    assert len(list((folder / "data" / "messages").rglob("*.json"))) == 1
    assert "you did not allow it" in seen["transcript"]


def test_every_control_is_reached_by_tab_and_has_a_name(seen: dict[str, Any]) -> None:
    assert all(seen["tab"]), seen["tab"]
    assert {"Type a request", "Transcript", "History", "Plan", "Hold to talk", "Stop"} <= {*seen["tab"]}


def test_settings_are_kept_and_the_assistant_starts_again_with_them(
    folder: Path, seen: dict[str, Any]
) -> None:
    kept = (folder / "data" / "voice.ini").read_text()
    assert "theme=dark" in kept
    assert seen["light_after"] < 128
    assert seen["history_after"] == 2  # from the session
    assert seen["settings"][0] == "&Answer aloud"
    assert "interrupt" in seen["settings"][1]


def test_the_tray_tells_the_state(seen: dict[str, Any]) -> None:
    assert seen["tray"] == "Scrubjay: listening"


def test_no_frame_is_late_while_a_plan_runs(seen: dict[str, Any]) -> None:
    """Time in which other programs kept the window or its screen from running is not the window's."""
    assert len(seen["gaps"]) > 10
    assert max(own for _, own in seen["gaps"]) <= LATE_S, sorted(seen["gaps"], key=lambda gap: gap[1])[-5:]


def test_its_pictures_differ(folder: Path) -> None:
    pictures = sorted(folder.glob("*.png"))
    assert len({picture.read_bytes() for picture in pictures}) == len(pictures) == 6
