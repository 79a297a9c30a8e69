"""The plan as a graph: a card for each step, an arrow for each reference, colours for how far it is."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from ..display import duration, value_text
from ..record import Record, StepRecord, StepStatus

_CARD = QSize(220, 84)
_GAP = QSize(56, 18)
_LONGEST = 60

COLOURS: Mapping[StepStatus, str] = {
    StepStatus.PLANNED: "#8a8f98",
    StepStatus.ASKING: "#c98500",
    StepStatus.RUNNING: "#2f6fed",
    StepStatus.DONE: "#2e8b57",
    StepStatus.FAILED: "#c0392b",
    StepStatus.SKIPPED: "#8a6d3b",
}
"""Of a card's edge; the state also stands on the card in words."""


class StepCard(QFrame):
    """One step. It can be reached with Tab, and a screen reader reads tool, arguments and state."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("step")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.resize(_CARD)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.setSpacing(1)
        self._title, self._arguments, self._state = QLabel(), QLabel(), QLabel()
        for label in (self._title, self._arguments, self._state):
            label.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(label)
        self._shown: tuple[str, ...] = ()

    def show_step(self, number: int, step: StepRecord) -> None:
        """Draw the step as it is now."""
        title = step.step.tool.replace("_", " ")
        arguments = ", ".join(value_text(value) for value in step.args.values())
        state = _state(step)
        if (title, arguments, state) == self._shown:
            return
        self._shown = (title, arguments, state)
        self._title.setText(f"{number}  {title}")
        self._arguments.setText(_short(arguments))
        self._state.setText(_short(state))
        self.setToolTip(f"{title}\n{arguments}\n{state}"[:600])
        self.setAccessibleName(f"Step {number}: {title}, {step.status.value}")
        self.setAccessibleDescription(f"{arguments}. {state}")
        width = 3 if step.status in (StepStatus.RUNNING, StepStatus.ASKING) else 2
        self.setStyleSheet(
            f"#step {{ border: {width}px solid {COLOURS[step.status]}; border-radius: 8px;"
            " background: palette(base); }"
        )


class PlanGraph(QWidget):
    """The graph of one request; columns are what can only run after what stands left of it."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Plan")
        self._cards: dict[int, StepCard] = {}
        self._needs: dict[int, set[int]] = {}

    def show_record(self, record: Record) -> None:
        """Draw the plan as it is now; called at every event."""
        if not record.steps or not self._cards.keys() <= record.steps.keys():
            self._clear()
        new = False
        for number, step in record.steps.items():
            if number not in self._cards:
                self._cards[number] = StepCard(self)
                references = step.step.references()
                self._needs[number] = {r.step for r in references if not r.previous_turn}
                new = True
            self._cards[number].show_step(number, step)
        if new:
            self._place()
        self.update()

    @property
    def cards(self) -> Mapping[int, StepCard]:
        """The cards by step."""
        return self._cards

    def paintEvent(self, event: QPaintEvent) -> None:
        """Arrows from each step to those that use its result."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor("#8a8f98"), 2))
        for number, needs in self._needs.items():
            for need in needs & self._cards.keys():
                start, end = self._cards[need].geometry(), self._cards[number].geometry()
                first = QPointF(start.right(), start.center().y())
                last = QPointF(end.left() - 1, end.center().y())
                half = QPointF((last.x() - first.x()) / 2, 0)
                path = QPainterPath(first)
                path.cubicTo(first + half, last - half, last)
                painter.drawPath(path)
                painter.drawEllipse(last, 3, 3)
        painter.end()

    def _place(self) -> None:
        columns: dict[int, int] = {}
        rows: dict[int, int] = {}
        for number in sorted(self._cards):
            column = 1 + max((columns.get(need, 0) for need in self._needs[number]), default=-1)
            columns[number] = column
            row = rows.get(column, 0)
            rows[column] = row + 1
            card = self._cards[number]
            card.move(column * (_CARD.width() + _GAP.width()) + 8, row * (_CARD.height() + _GAP.height()) + 8)
            card.show()
        widest, tallest = max(columns.values(), default=0) + 1, max(rows.values(), default=1)
        self.setMinimumSize(
            widest * (_CARD.width() + _GAP.width()), tallest * (_CARD.height() + _GAP.height()) + 8
        )

    def _clear(self) -> None:
        for card in self._cards.values():
            card.hide()
            card.deleteLater()
        self._cards, self._needs = {}, {}


def _state(step: StepRecord) -> str:
    words = {StepStatus.PLANNED: "waiting", StepStatus.ASKING: "needs your consent"}
    state = words.get(step.status, step.status.value)
    if step.started_ms is not None and step.ended_ms is not None:
        state += f" in {duration(step.ended_ms - step.started_ms)}"
    return f"{state}: {value_text(step.result)}" if step.result is not None else state


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
