"""Volume on a real sound server; brightness on files like the kernel's."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.hardware import set_brightness, set_volume

from .desktop import put_program


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the only programs that are installed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def _sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A PulseAudio server with a loudspeaker that nobody hears."""
    for name in ("XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH", "XDG_CONFIG_HOME"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(tmp_path / name))
    command = "pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no --log-target=stderr"
    modules = ["-L", "module-null-sink", "-L", "module-native-protocol-unix"]
    with subprocess.Popen([*command.split(), *modules], stderr=subprocess.DEVNULL) as server:
        until = time.monotonic() + 10
        while subprocess.run(["pactl", "info"], capture_output=True).returncode and time.monotonic() < until:
            time.sleep(0.05)
        yield
        server.terminate()


@pytest.mark.debian("pulseaudio", "pulseaudio")
@pytest.mark.debian("pulseaudio-utils", "pactl")
@pytest.mark.usefixtures("_sound")
def test_the_volume_of_a_real_sound_server_is_set() -> None:
    for percent in (30, 0, 100):
        assert set_volume(percent) == percent
        told = subprocess.run(["pactl", "get-sink-volume", "@DEFAULT_SINK@"], capture_output=True, text=True)
        assert f" {percent}% " in told.stdout


def test_without_a_program_for_it_the_volume_says_what_to_install(only: Path) -> None:
    with pytest.raises(ToolFailed, match="Install wireplumber"):
        set_volume(30)


def test_a_program_that_finds_no_sound_device_gives_way_to_the_next(only: Path) -> None:
    put_program(only, "wpctl", "sys.exit('Could not connect to PipeWire')")
    with pytest.raises(ToolFailed, match="wpctl: Could not connect to PipeWire"):
        set_volume(30)
    told = "Mono: Playback 64 [%s] [on]"
    put_program(only, "amixer", f"print({told!r} % (sys.argv[3] if sys.argv[1] == 'sset' else '31%'))")
    assert set_volume(30) == 31
    put_program(only, "wpctl", "print('Volume: 0.29 [MUTED]')")
    assert set_volume(30) == 29


@pytest.fixture
def backlights(tmp_path: Path) -> Path:
    folder = tmp_path / "class/backlight"
    (folder / "intel_backlight").mkdir(parents=True)
    (folder / "intel_backlight/max_brightness").write_text("19393\n")
    (folder / "intel_backlight/brightness").write_text("19393\n")
    return folder


def test_the_brightness_is_what_the_kernel_is_told(only: Path, backlights: Path) -> None:
    assert set_brightness(40, backlights) == 40
    assert (backlights / "intel_backlight/brightness").read_text() == "7757"
    set_brightness(0, backlights)
    assert (backlights / "intel_backlight/brightness").read_text() == "1"


def test_brightnessctl_is_asked_where_it_is_installed(only: Path, backlights: Path) -> None:
    put_program(only, "brightnessctl", "print(f'intel_backlight,backlight,7757,{sys.argv[-1]},19393')")
    assert set_brightness(40, backlights) == 40
    assert set_brightness(0, backlights) == 1


def test_a_screen_without_brightness_or_permission_is_told(only: Path, backlights: Path) -> None:
    with pytest.raises(ToolFailed, match="use the screen's own buttons"):
        set_brightness(40, backlights / "none")
    os.remove(backlights / "intel_backlight/brightness")
    (backlights / "intel_backlight/brightness").mkdir()
    with pytest.raises(ToolFailed, match="Install brightnessctl"):
        set_brightness(40, backlights)
