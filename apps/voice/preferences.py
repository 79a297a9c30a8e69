"""What a person chooses in the window, kept with their data, and the dialogue to choose it in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QWidget,
)

from .ears import Listen
from .starting import Choices

_LISTEN = {
    Listen.OPEN: "To everything",
    Listen.WAKE: "After “hey scrub jay”",
    Listen.PUSH: "While the key is held",
}
_TRANSCRIBERS = {"": "The best there is", "pocketsphinx": "pocketsphinx", "whisper": "whisper"}
_THEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}

_COLOURS = {
    "light": (QColor("#efefef"), QColor("#efefef")),
    "dark": (QColor("#3a3f45"), QColor("#24272b")),
}
"""Of buttons and of windows; Qt makes all the others of a palette from these."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was chosen. theme: "system", "light" or "dark"."""

    listen: Listen = Listen.OPEN
    transcriber: str = ""
    speak: bool = True
    barge_in: bool = True
    theme: str = "system"

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Preferences:
        """As they were kept in the file at `path`; what the command line says in `choices` without one."""
        kept = QSettings(str(path), QSettings.Format.IniFormat)
        mode, theme = str(kept.value("listen", choices.listen.value)), str(kept.value("theme", "system"))
        return cls(
            Listen(mode) if mode in {listen.value for listen in Listen} else Listen.OPEN,
            str(kept.value("transcriber", choices.transcriber) or ""),
            str(kept.value("speak", choices.speak)).lower() == "true",
            str(kept.value("barge_in", choices.barge_in)).lower() == "true",
            theme if theme in _THEMES else "system",
        )

    def write(self, path: Path) -> None:
        """Keep them."""
        kept = QSettings(str(path), QSettings.Format.IniFormat)
        values = {
            "listen": self.listen.value,
            "transcriber": self.transcriber,
            "speak": self.speak,
            "barge_in": self.barge_in,
            "theme": self.theme,
        }
        for name, value in values.items():
            kept.setValue(name, value)
        kept.sync()

    def applied_to(self, choices: Choices) -> Choices:
        """`choices` with what the assistant needs to know of these."""
        return replace(
            choices,
            listen=self.listen,
            transcriber=self.transcriber,
            speak=self.speak,
            barge_in=self.barge_in,
        )

    def show_theme(self) -> None:
        """Light, dark, or as the desktop is."""
        QApplication.setPalette(QPalette())
        QGuiApplication.styleHints().setColorScheme(_THEMES[self.theme])
        window = QApplication.palette().window().color()
        if self.theme != "system" and (window.lightness() < 128) != (self.theme == "dark"):
            QApplication.setPalette(QPalette(*_COLOURS[self.theme]))  # plain X11 desktops have no schemes


class PreferencesDialog(QDialog):
    """Asks for preferences; `chosen` is what was."""

    def __init__(self, parent: QWidget, now: Preferences) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.listen = _choice({listen.value: words for listen, words in _LISTEN.items()}, now.listen.value)
        self.transcriber = _choice(_TRANSCRIBERS, now.transcriber)
        self.theme = _choice({name: name.capitalize() for name in _THEMES}, now.theme)
        self.speak = QCheckBox("&Answer aloud")
        self.speak.setChecked(now.speak)
        self.barge_in = QCheckBox("Let me &interrupt (needs headphones, or a microphone without echo)")
        self.barge_in.setChecked(now.barge_in)
        form = QFormLayout(self)
        form.addRow("&Listen", self.listen)
        form.addRow("&Recognition", self.transcriber)
        form.addRow("&Theme", self.theme)
        form.addRow(self.speak)
        form.addRow(self.barge_in)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        form.addRow(self.buttons)

    @property
    def chosen(self) -> Preferences:
        """As the dialogue stands."""
        return Preferences(
            Listen(self.listen.currentData()),
            self.transcriber.currentData(),
            self.speak.isChecked(),
            self.barge_in.isChecked(),
            self.theme.currentData(),
        )


def _choice(options: dict[str, str], now: str) -> QComboBox:
    box = QComboBox()
    for value, words in options.items():
        box.addItem(words, value)
    box.setCurrentIndex(max(0, box.findData(now)))
    return box
