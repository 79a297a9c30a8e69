"""Lines at the bottom of a terminal that are drawn again in place, through resizes and what others print."""

import re
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console, RenderableType

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_FRAMES_PER_SECOND = 12


class Redrawn:
    """Draws what `render` returns, a few times a second, and once more whole when it is closed.

    While it is open, only the last lines of what is higher than the screen are drawn. What the program or its
    tools print meanwhile comes to stand above.
    """

    def __init__(self, console: Console, render: Callable[[], RenderableType]) -> None:
        self._console = console
        self._render = render
        self._out = console.file
        self._frame: tuple[str, ...] = ()
        self._width = console.width
        self._painting = threading.Lock()
        self._closing = threading.Event()
        self._streams = sys.stdout, sys.stderr
        self._thread = threading.Thread(target=self._run, name="scrubjay display", daemon=True)
        self._out.write("\x1b[?25l")  # no cursor
        sys.stdout, sys.stderr = _Above(sys.stdout, self), _Above(sys.stderr, self)
        self._thread.start()

    def close(self) -> None:
        """Draw the last frame, which stays."""
        self._closing.set()
        self._thread.join()
        sys.stdout, sys.stderr = self._streams
        with self._painting:
            self._paint(self._lines())
            self._out.write("\x1b[?25h")
            self._out.flush()

    def put_above(self, text: str) -> None:
        """Print whole lines above the frame."""
        with self._painting:
            self._out.write(f"{self._to_top()}\x1b[J{text}")
            self._frame = ()
            self._paint(self._visible_lines())

    def _run(self) -> None:
        while not self._closing.wait(1 / _FRAMES_PER_SECOND):
            with self._painting:
                self._paint(self._visible_lines())

    def _visible_lines(self) -> tuple[str, ...]:
        return self._lines()[1 - self._console.height :]

    def _lines(self) -> tuple[str, ...]:
        with self._console.capture() as capture:
            self._console.print(self._render())
        return tuple(line.rstrip(" ") for line in capture.get().split("\n")[:-1])

    def _paint(self, lines: tuple[str, ...]) -> None:
        if lines == self._frame and self._width == self._console.width:
            return
        text = "".join(f"{line}\x1b[K\n" for line in lines)
        self._out.write(f"{self._to_top()}{text}\x1b[J")
        self._out.flush()
        self._frame, self._width = lines, self._console.width

    def _to_top(self) -> str:
        """Moves the cursor to where the frame begins, also where a narrower window has broken its lines."""
        width = max(1, self._console.width)
        rows = sum(max(1, -(-cell_len(_STYLE.sub("", line)) // width)) for line in self._frame)
        return f"\x1b[{rows}A\r" if rows else ""


class _Above:
    """A standard stream whose lines come to stand above the frame."""

    def __init__(self, stream: TextIO, redrawn: Redrawn) -> None:
        self._stream = stream
        self._redrawn = redrawn
        self._line = ""

    def write(self, text: str) -> int:
        lines, newline, self._line = (self._line + text).rpartition("\n")
        if newline:
            self._redrawn.put_above(lines + newline)
        return len(text)

    def flush(self) -> None:
        """Lines are written when they are whole."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
