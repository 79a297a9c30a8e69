"""The live level: how loud it is at the microphone, a breath at a time."""

from __future__ import annotations

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

FRAME_MS = 33
_FALLS = 0.85
_SPEECH, _QUIET = QColor("#2f6fed"), QColor("#8a8f98")


class LevelMeter(QWidget):
    """A bar that jumps up and sinks; redrawn 30 times a second."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Microphone level")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._level = 0.0
        self._speech = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._sink)
        self._timer.start(FRAME_MS)

    def show_level(self, level: float, speech: bool) -> None:
        """0.0 to 1.0."""
        self._level, self._speech = max(self._level, level), speech

    def sizeHint(self) -> QSize:
        """A flat bar."""
        return QSize(160, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bar."""
        painter = QPainter(self)
        area = self.rect().adjusted(0, 2, -1, -2)
        painter.fillRect(area, self.palette().mid())
        area.setWidth(round(area.width() * min(1.0, self._level)))
        painter.fillRect(area, _SPEECH if self._speech else _QUIET)
        painter.end()

    def _sink(self) -> None:
        self._level *= _FALLS
        self.update()
