"""Playing files with mpv, controlled through its socket (https://mpv.io/manual/stable/#json-ipc)."""

import json
import shutil
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ToolFailed
from .opening import start

_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Mpv:
    """An mpv of our own that plays on when this program ends; one at a time."""

    command: tuple[str, ...]
    """`mpv` with options of the user's."""
    socket: Path
    """Where it listens; a path of at most about 100 bytes."""

    @property
    def is_installed(self) -> bool:
        """Whether it can be started here; on Windows it has no socket."""
        return hasattr(socket, "AF_UNIX") and shutil.which(self.command[0]) is not None

    @property
    def is_running(self) -> bool:
        """Whether it can be told something."""
        try:
            return self.socket.exists() and self._ask("get_property", "pid") is not None
        except (OSError, ValueError):
            return False

    def play(self, files: Sequence[Path]) -> None:
        """Play `files` one after the other, in place of what is playing. Raises ToolFailed."""
        if self.is_running:
            for number, file in enumerate(files):
                self._tell("loadfile", str(file), "append" if number else "replace")
            self._tell("set_property", "pause", False)
            return
        self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.socket.unlink(missing_ok=True)
        options = ["--no-terminal", f"--input-ipc-server={self.socket}"]
        start(
            [*self.command, *options, "--", *map(str, files)], "mpv does not play it. Try it in a terminal."
        )
        until = time.monotonic() + _TIMEOUT_S
        while not self.is_running:
            if time.monotonic() > until:
                raise ToolFailed("mpv does not answer. Close it and try again.")
            time.sleep(0.02)

    def control(self, action: str) -> Path | None:
        """Do `action` (pause, resume, next, previous, stop) and say which file is up then; None: none."""
        match action:
            case "pause" | "resume":
                self._tell("set_property", "pause", action == "pause")
            case "next" | "previous":
                return self._moved(1 if action == "next" else -1)
            case _:
                self._tell("quit")
                return None
        path = self._ask("get_property", "path")
        return Path(path) if path else None

    def _moved(self, by: int) -> Path:
        wanted = int(self._ask("get_property", "playlist-pos") or 0) + by
        if not 0 <= wanted < int(self._ask("get_property", "playlist-count") or 0):
            raise ToolFailed(f"There is no {'next' if by > 0 else 'previous'} one to play.")
        file = Path(self._ask("get_property", f"playlist/{wanted}/filename"))
        self._tell("playlist-next" if by > 0 else "playlist-prev")
        until = time.monotonic() + _TIMEOUT_S
        while self._ask("get_property", "path") != str(file) and time.monotonic() < until:
            time.sleep(0.02)  # it answers before it has changed over
        return file

    def _tell(self, *command: Any) -> None:
        try:
            self._ask(*command)
        except (OSError, ValueError) as error:
            raise ToolFailed(f"mpv does not do it: {error}.") from error

    def _ask(self, *command: Any) -> Any:
        """What mpv answers; None for a property that it hasn't now. Raises OSError or ValueError."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_TIMEOUT_S)
            connection.connect(str(self.socket))
            connection.sendall(json.dumps({"command": command, "request_id": 1}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                for line in lines:
                    answer = json.loads(line)
                    if answer.get("request_id") == 1:
                        return _result(answer)
        if command[0] == "quit":
            return None
        raise ConnectionError("mpv has closed the connection")


def _result(answer: dict[str, Any]) -> Any:
    if answer["error"] not in ("success", "property unavailable"):
        raise ValueError(answer["error"])
    return answer.get("data")
