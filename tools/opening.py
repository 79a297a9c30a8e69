"""Handing something to the desktop: a file or a page to its own program, or a program itself."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from .errors import ToolFailed

FAILS_WITHIN_S = 1.0
"""A program that fails, fails at once; one that runs longer than this is taken to work."""

_OPENERS: Mapping[str, Sequence[Sequence[str]]] = {
    "linux": (("xdg-open",), ("gio", "open")),
    "darwin": (("open",),),
}


def open_in_own_program(target: str) -> None:
    """Open an absolute path or a URL in the program that the desktop has for it.

    Raises ToolFailed when there is no desktop, or it has no program for this.
    """
    if sys.platform == "win32":
        os.startfile(target)
        return
    require_desktop()
    openers = _OPENERS.get(sys.platform, _OPENERS["linux"])
    opener = next((command for command in openers if shutil.which(command[0])), None)
    if opener is None:
        raise ToolFailed(f"Nothing here can open {target}. Install xdg-utils (it has xdg-open).")
    start([*opener, target], f"{target} cannot be opened. Set a program for it in the desktop's settings.")


def start(command: Sequence[str], trouble: str) -> None:
    """Start a program that outlives this one. Raises ToolFailed with `trouble` when it fails at once."""
    try:
        program = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolFailed(f"{trouble} ({error.strerror})") from error
    try:
        code = program.wait(FAILS_WITHIN_S)
    except subprocess.TimeoutExpired:
        return
    if code != 0:
        raise ToolFailed(trouble)


def require_desktop() -> None:
    """Raise ToolFailed when nothing can be shown, as in a session over SSH."""
    has_screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform not in ("win32", "darwin") and not has_screen:
        raise ToolFailed("There is no desktop to show it on. Run this in a graphical session.")
