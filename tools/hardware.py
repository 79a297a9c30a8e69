"""Volume and brightness, through the programs that a desktop has for them."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import ToolFailed

BACKLIGHTS = Path("/sys/class/backlight")
_TIMEOUT_S = 10

_VOLUME: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "wpctl": (
        ("set-volume", "@DEFAULT_AUDIO_SINK@", "{percent}%"),
        ("get-volume", "@DEFAULT_AUDIO_SINK@"),
    ),
    "pactl": (
        ("set-sink-volume", "@DEFAULT_SINK@", "{percent}%"),
        ("get-sink-volume", "@DEFAULT_SINK@"),
    ),
    "amixer": (("sset", "Master", "{percent}%"), ("sget", "Master")),
    "osascript": (
        ("-e", "set volume output volume {percent}"),
        ("-e", 'return "" & output volume of (get volume settings) & "%"'),
    ),
}
"""By program: how the volume is set, and how it is read back."""


def set_volume(percent: int) -> int:
    """Set the volume of the loudspeakers or headphones in use; gives what it is then, in percent.

    Raises ToolFailed when no program can.
    """
    troubles = []
    for program, (setting, reading) in _VOLUME.items():
        if shutil.which(program) is None:
            continue
        try:
            _run([program, *(part.replace("{percent}", str(percent)) for part in setting)])
            return _percent(_run([program, *reading]))
        except _Trouble as trouble:
            troubles.append(f"{program}: {trouble}")
    if troubles:
        raise ToolFailed(f"The volume cannot be set ({'; '.join(troubles)}). Is a sound device connected?")
    raise ToolFailed(
        "Nothing here can set the volume. Install wireplumber (it has wpctl), pulseaudio-utils (pactl) or "
        "alsa-utils (amixer)."
    )


def set_brightness(percent: int, backlights: Path = BACKLIGHTS) -> int:
    """Set the brightness of the built-in screen, never to black; gives what it is then, in percent.

    Raises ToolFailed when there is no such screen or it may not be set.
    """
    screen = next(iter(sorted(backlights.glob("*/max_brightness"))), None)
    if shutil.which("brightnessctl"):
        try:
            told = _run(
                ["brightnessctl", "--machine-readable", "--class=backlight", "set", f"{percent or 1}%"]
            )
            return _percent(told)
        except _Trouble as trouble:
            raise ToolFailed(f"The brightness cannot be set: {trouble}.") from trouble
    if screen is None:
        raise ToolFailed(
            "This computer has no screen whose brightness can be set; use the screen's own buttons."
        )
    try:
        most = int(screen.read_text())
        level = max(1, round(most * percent / 100))
        (screen.parent / "brightness").write_text(str(level))
    except (OSError, ValueError) as error:
        raise ToolFailed("The brightness may not be set by you. Install brightnessctl.") from error
    return round(100 * level / most)


class _Trouble(Exception):
    """A program did not do what it was asked; the message is its own."""


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _Trouble(str(error)) from error
    if done.returncode != 0:
        raise _Trouble(
            (done.stderr or done.stdout).strip().rstrip(".")[:200] or f"exit code {done.returncode}"
        )
    return done.stdout


def _percent(told: str) -> int:
    """The percentage in what a program says: "[30%]", "Volume: 0.30"."""
    if found := re.search(r"(\d+)%", told):
        return int(found[1])
    if found := re.search(r"(\d+\.\d+)", told):
        return round(100 * float(found[1]))
    raise _Trouble(f"it says {told.strip()[:80]!r}")
