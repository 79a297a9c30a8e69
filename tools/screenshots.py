"""Pictures of the screen."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .errors import ToolFailed
from .opening import require_desktop

_TIMEOUT_S = 20
_WAYLAND: Sequence[Sequence[str]] = (
    ("grim", "{path}"),
    ("gnome-screenshot", "--file={path}"),
    ("spectacle", "--background", "--nonotify", "--output", "{path}"),
)


def screenshot() -> bytes:
    """All screens as they are now, as a PNG. Raises ToolFailed when there is none to be had."""
    require_desktop()
    if sys.platform == "linux" and os.environ.get("WAYLAND_DISPLAY"):
        return _by_program()
    return _by_mss()


def _by_mss() -> bytes:
    import mss
    import mss.tools

    try:
        with mss.MSS() as screen:
            shot = screen.grab(screen.monitors[0])
            picture = mss.tools.to_png(shot.rgb, shot.size)
    except (mss.ScreenShotError, OSError) as error:
        raise ToolFailed(f"The screen cannot be seen: {error}.") from error
    assert picture is not None
    return picture


def _by_program() -> bytes:
    """Wayland shows the screen only to programs that the desktop trusts."""
    command = next((command for command in _WAYLAND if shutil.which(command[0])), None)
    if command is None:
        raise ToolFailed(
            "Nothing here can take a picture of a Wayland screen. Install grim (Sway, Hyprland), "
            "gnome-screenshot or spectacle (KDE)."
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "screen.png"
        try:
            subprocess.run(
                [part.replace("{path}", str(path)) for part in command],
                check=True,
                capture_output=True,
                timeout=_TIMEOUT_S,
            )
            return path.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise ToolFailed(f"{command[0]} could not take a picture of the screen: {error}.") from error
