"""Works in the assistant's window as a person would, and writes down what it saw.

    DISPLAY=:1 python tests/apps/voice/window_script.py OUT DATA [bundled]

Pictures and `seen.json` go to the folder OUT; the user's data are in DATA. What a model would plan is a
script, unless the bundled model is asked for; the assistant's process, which imports this file, too, takes
the same. There is no microphone, so that requests are typed.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any
from unittest.mock import patch

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from scrubjay.agent.planner import Engine
from scrubjay.apps.voice import starting
from scrubjay.apps.voice.preferences import PreferencesDialog
from scrubjay.apps.voice.starting import Choices
from scrubjay.apps.voice.window import VoiceWindow
from scrubjay.testing import ScriptedPlanner

REQUEST = "text Sid and Lutfi that I'm running late"
PLAN = """
    $1 = get_phone_number(name="Sid")
    $2 = get_phone_number(name="Lutfi")
    $3 = send_sms(to=[$1, $2], message="I'm running late")
"""
PATIENCE_S = 600.0


@asynccontextmanager
async def scripted(model: Path | None) -> AsyncGenerator[Engine, None]:
    """An engine that writes the plan in pieces, as a model does."""
    yield ScriptedPlanner(PLAN, evidence=True, pause_s=0.03)


async def scripted_engine(model: Path | None) -> Any:
    return scripted(model)


if "bundled" not in sys.argv:
    patch.object(starting, "load_engine", scripted_engine).start()


class Frames(QObject):
    """When a widget was painted, and how long the machine kept the window, or its screen, from running.

    screen: the process of the X server, if it is this user's.
    """

    def __init__(self, widget: QWidget, screen: int | None) -> None:
        super().__init__()
        self._clocks = [f"/proc/self/task/{threading.get_native_id()}/schedstat"]
        self._clocks += [f"/proc/{screen}/schedstat"] if screen else []
        self.frames: list[tuple[float, float]] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint:
            self.frames.append((perf_counter(), self._kept_waiting_s()))
        return False

    def _kept_waiting_s(self) -> float:
        """Seconds in which a thread could have run, and another program had the processor."""
        return sum(int(Path(clock).read_text().split()[1]) for clock in self._clocks) / 1e9

    def gaps(self) -> list[tuple[float, float]]:
        """From frame to frame: seconds, and the same without the time that other programs took."""
        pairs = zip(self.frames, self.frames[1:], strict=False)
        return [(end - start, end - start - (after - before)) for (start, before), (end, after) in pairs]


class Person:
    """Looks, waits, and keeps what was seen."""

    def __init__(self, window: VoiceWindow, out: Path) -> None:
        self.window = window
        self.seen: dict[str, Any] = {}
        self._out = out

    def wait(self, holds: Callable[[], object], what: str) -> None:
        until = monotonic() + PATIENCE_S
        while not holds():
            if monotonic() > until or "The assistant has ended" in self.window.transcript.toPlainText():
                raise TimeoutError(f"{what}; the transcript is {self.window.transcript.toPlainText()!r}")
            QTest.qWait(20)

    def rest(self) -> None:
        self.wait(lambda: self.window.state.text() == "Listening", "it does not listen")

    def keep(self, name: str) -> None:
        QTest.qWait(100)
        self.window.grab().save(str(self._out / f"{name}.png"))

    def ask(self, text: str) -> None:
        self.window.line.setFocus()
        QTest.keyClicks(self.window.line, text)
        QTest.keyClick(self.window.line, Qt.Key.Key_Return)
        self.wait(self.window.consent.isVisible, "no question")

    def cards(self) -> list[tuple[str, str]]:
        """What a screen reader says of the steps."""
        cards = self.window.graph.cards.values()
        return [(card.accessibleName(), card.accessibleDescription()) for card in cards]


def names_on_the_way(window: VoiceWindow) -> list[str]:
    """What Tab leads to, by the names that a screen reader says."""
    window.line.setFocus()
    names: list[str] = []
    for _ in range(20):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        widget = window.focusWidget()
        text = getattr(widget, "text", str)
        names.append(widget.accessibleName() or (text() if callable(text) else ""))
        if widget is window.line:
            break
    return names


def choose_dark(person: Person) -> None:
    """Open the settings, choose with keys, and accept."""

    def answer() -> None:
        dialog = person.window.findChild(PreferencesDialog)
        if dialog is None or not dialog.isVisible():
            QTimer.singleShot(200, answer)
            return
        person.seen["settings"] = [
            widget.accessibleName() or getattr(widget, "text", str)()
            for widget in (dialog.speak, dialog.barge_in)
        ]
        QTest.keyClicks(dialog.theme, "d")
        QTest.keyClick(dialog.speak, Qt.Key.Key_Space)
        dialog.grab().save(str(person._out / "5-settings.png"))
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    QTimer.singleShot(200, answer)
    person.window.settings_action.trigger()  # without a window manager no window gets shortcuts


def work(person: Person, frames: Frames) -> None:
    """A morning with the assistant."""
    window, seen = person.window, person.seen
    person.rest()
    person.keep("1-listening")
    seen["tab"] = names_on_the_way(window)
    frames.frames.clear()
    person.ask(REQUEST)
    seen["gaps"] = frames.gaps()
    seen["question"] = window.question.text()
    seen["focus_at_question"] = window.focusWidget() is window.no
    seen["cards_at_question"] = person.cards()
    person.keep("2-asking")
    QTest.mouseClick(window.yes, Qt.MouseButton.LeftButton)
    person.wait(lambda: window.history.count() == 1, "nothing was done")
    person.rest()
    seen["cards_at_end"] = person.cards()
    person.keep("3-done")
    frames.frames.clear()
    person.ask(REQUEST)
    seen["gaps"] += frames.gaps()
    QTest.keyClick(window.no, Qt.Key.Key_Space)
    person.wait(lambda: window.history.count() == 2, "the no was not heard")
    person.rest()
    person.keep("4-not-allowed")
    choose_dark(person)
    person.wait(lambda: window.state.text() == "Starting…", "the assistant was not started again")
    person.rest()
    seen["light_after"] = window.palette().window().color().lightness()
    seen["history_after"] = window.history.count()
    person.keep("6-dark")
    seen["transcript"] = window.transcript.toPlainText()
    seen["tray"] = window.tray.toolTip()


def main(out: Path, data_folder: Path, screen: int | None) -> None:
    application = QApplication([])
    window = VoiceWindow(Choices(data_folder, speak=False))
    person = Person(window, out)
    frames = Frames(window.level, screen)
    window.show()
    QTest.qWaitForWindowExposed(window)
    try:
        work(person, frames)
    finally:
        window.close()
        (out / "seen.json").write_text(json.dumps(person.seen, ensure_ascii=False, indent=1))
    application.quit()


if __name__ == "__main__":
    number = [int(word.removeprefix("screen=")) for word in sys.argv if word.startswith("screen=")]
    main(Path(sys.argv[1]), Path(sys.argv[2]), number[0] if number else None)
