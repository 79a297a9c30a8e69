"""A real terminal whose screen can be read: tmux, one server for each test."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PATIENCE_S = 90.0

SCREENS = Path(__file__).with_name("screens")

# What differs from run to run. A bar shows when a step ran, and a time how long.
_VARYING = (
    (re.compile(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]"), "⠿"),
    (re.compile(r"\s+━[━\s]*(?=\d)"), "  ━━  "),
    (re.compile(r"\d+(?:\.\d+)?(?:-\d+(?:\.\d+)?)? (?:ms|s)\b"), "TIME"),
    (re.compile(r"\b(event|reminder|timer)-[0-9a-f]{10}"), r"\1-ID"),
    (re.compile(r"(today|yesterday) at \d\d:\d\d"), "TODAY"),
    (re.compile(r"(?<=\S) {2,}(?=\S)"), "  "),
)


class Terminal:
    """A command on a terminal of so many columns and rows, run in the folder of the server's socket."""

    def __init__(
        self,
        socket: Path,
        words: Sequence[str | Path],
        environment: Mapping[str, str],
        columns: int,
        rows: int,
    ) -> None:
        self._socket = socket
        self._environment = {**environment, "LANG": "C.UTF-8", "TZ": "UTC"}
        command = f"{subprocess.list2cmdline(map(str, words))}; echo ended; cat"
        size = ["-x", str(columns), "-y", str(rows)]
        self._tmux("new-session", "-d", *size, "-c", str(socket.parent), command)

    def type(self, text: str) -> None:
        """Press the keys of `text`."""
        self._tmux("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names for them: "Enter", "C-c", "M-Enter"."""
        self._tmux("send-keys", *keys)

    def resize(self, columns: int) -> None:
        """Make the window wider or narrower."""
        self._tmux("resize-window", "-x", str(columns))

    def screen(self) -> str:
        """What can be seen, without the empty lines at the end and with what varies made the same."""
        text = self._tmux("capture-pane", "-p")
        for pattern, same in _VARYING:
            text = pattern.sub(same, text)
        return "\n".join(line.rstrip() for line in text.splitlines()).rstrip() + "\n"

    def wait(self, seen: str | Callable[[str], bool]) -> str:
        """The screen, once it shows `seen` (a regular expression) and is at rest. Fails with the screen."""
        until = time.monotonic() + _PATIENCE_S
        shows = seen if callable(seen) else lambda screen: re.search(seen, screen) is not None
        before = ""
        while time.monotonic() < until:
            screen = self.screen()
            if screen == before and shows(screen):
                return screen
            before = screen
            time.sleep(0.2)
        raise AssertionError(f"not seen: {seen}\n{before}")

    def close(self) -> None:
        """End the command and the terminal."""
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        words = ["tmux", "-S", str(self._socket), "-f", os.devnull, *arguments]
        done = subprocess.run(words, env=self._environment, capture_output=True, text=True, check=True)
        return done.stdout


def check_screen(name: str, screen: str, since: str = "> ") -> None:
    """Compare a screen, from the last line that begins with `since`, with the one kept as `screens/NAME.txt`.

    With SCRUBJAY_KEEP_SCREENS=1 in the environment, this one is kept.
    """
    before, _, rest = screen.rpartition(f"\n{since}")
    screen = since + rest if before else screen
    path = SCREENS / f"{name}.txt"
    if os.environ.get("SCRUBJAY_KEEP_SCREENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(screen)
    assert screen == path.read_text(), f"{path} shows another screen"
