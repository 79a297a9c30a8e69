"""The window: what the assistant hears, plans, asks and answers. It draws; the work is done elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QSocketNotifier, Qt
from PySide6.QtGui import QAction, QCloseEvent, QColor, QIcon, QKeyEvent, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSystemTrayIcon,
    QVBoxLayout,
    QWidget,
)

from ...agent.events import ConsentAsked, RequestFinished, RequestStarted
from ..record import Record
from .level import LevelMeter
from .link import Answer, Ask, AssistantProcess, Stop, Talk
from .plan_graph import PlanGraph
from .preferences import Preferences, PreferencesDialog
from .shown import (
    GuessDropped,
    Happened,
    Heard,
    HeardSoFar,
    Level,
    Past,
    Question,
    Said,
    Shown,
    State,
    StateChanged,
    Trouble,
)
from .starting import Choices

_MOST_AT_ONCE = 20
"""What is taken from the pipe before the window may draw again."""

_STATES = {
    State.STARTING: ("Starting…", "#8a8f98"),
    State.ASLEEP: ("Asleep", "#8a8f98"),
    State.LISTENING: ("Listening", "#2e8b57"),
    State.HEARING: ("Hearing you", "#2f6fed"),
    State.THINKING: ("Thinking", "#7d3cc8"),
    State.ACTING: ("Acting", "#c98500"),
    State.ASKING: ("Asking you", "#c0392b"),
    State.SPEAKING: ("Speaking", "#2f6fed"),
}


class VoiceWindow(QMainWindow):
    """The window of one assistant, which it starts, and ends when it is closed."""

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self.setWindowTitle("Scrubjay")
        self.resize(860, 640)
        self._choices = choices
        self._kept = choices.data_folder / "voice.ini"
        self.preferences = Preferences.read(self._kept, choices)
        self.preferences.show_theme()
        self._record = Record()
        self._asked: ConsentAsked | None = None
        self._build()
        self._menus()
        self.tray = self._tray()
        self._start()

    def _build(self) -> None:
        self.state = _named(QLabel("Starting…"), "State")
        self.level = LevelMeter()
        self.so_far = _named(QLabel(), "Words so far")
        self.transcript = _named(QPlainTextEdit(), "Transcript")
        self.transcript.setReadOnly(True)
        self.transcript.setMaximumBlockCount(2_000)
        self.transcript.setTabChangesFocus(True)
        self.graph = PlanGraph()
        scrolled = _named(QScrollArea(), "Plan")
        scrolled.setWidgetResizable(True)
        scrolled.setWidget(self.graph)
        self.line = _named(QLineEdit(), "Type a request")
        self.line.setPlaceholderText("Type a request")
        self.line.returnPressed.connect(self._ask)
        self.talk = _named(QPushButton("&Hold to talk (F9)"), "Hold to talk")
        self.talk.pressed.connect(lambda: self._assistant.order(Talk(True)))
        self.talk.released.connect(lambda: self._assistant.order(Talk(False)))
        self.stop = _named(QPushButton("&Stop"), "Stop")
        self.stop.clicked.connect(lambda: self._assistant.order(Stop()))
        whole = QVBoxLayout()
        for part in (_row(self.state, self.level), self.transcript, self.so_far, scrolled, self._consent()):
            whole.addWidget(part)
        whole.addWidget(_row(self.line, self.talk, self.stop))
        whole.setStretch(1, 2)
        whole.setStretch(3, 3)
        middle = QWidget()
        middle.setLayout(whole)
        self.setCentralWidget(middle)
        self.history = _named(QListWidget(), "History")
        self.history.itemActivated.connect(self._again)
        dock = QDockWidget("History", self)
        dock.setWidget(self.history)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        self._history_action = dock.toggleViewAction()
        self.line.setFocus()

    def _consent(self) -> QFrame:
        self.consent = _named(QFrame(), "Consent")
        self.consent.setObjectName("consent")
        self.consent.setStyleSheet("#consent { border: 2px solid #c0392b; border-radius: 8px; }")
        self.question = QLabel()
        self.question.setWordWrap(True)
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        self.yes, self.no = QPushButton("&Yes, do it"), QPushButton("&No")
        self.yes.clicked.connect(lambda: self._answer(True))
        self.no.clicked.connect(lambda: self._answer(False))
        inside = QVBoxLayout(self.consent)
        inside.addWidget(self.question)
        inside.addWidget(_row(self.yes, self.no))
        self.consent.hide()
        return self.consent

    def _menus(self) -> None:
        menu = self.menuBar().addMenu("&Scrubjay")
        self.settings_action = _action(self, "S&ettings…", self._choose, "Ctrl+,")
        self._history_action.setShortcut(QKeySequence("Ctrl+H"))
        menu.addActions([self.settings_action, self._history_action])
        menu.addSeparator()
        menu.addAction(_action(self, "&Quit", self._quit, "Ctrl+Q"))

    def _tray(self) -> QSystemTrayIcon:
        tray = QSystemTrayIcon(_icon(_STATES[State.STARTING][1]), self)
        menu = QMenu(self)
        menu.addActions([_action(self, "Show", self._to_front), _action(self, "Quit", self._quit)])
        tray.setContextMenu(menu)
        tray.activated.connect(self._to_front)
        tray.show()
        return tray

    def _start(self) -> None:
        self._assistant = AssistantProcess(self.preferences.applied_to(self._choices))
        pipe = self._assistant.connection.fileno()
        self._notifier = QSocketNotifier(pipe, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._receive)

    def _receive(self) -> None:
        connection = self._assistant.connection
        try:
            for _ in range(_MOST_AT_ONCE):
                if not connection.poll():
                    return
                self.see(connection.recv())
        except (EOFError, OSError):
            self._notifier.setEnabled(False)
            self._tell("The assistant has ended. Open the settings and press OK to start it again.")

    def see(self, shown: Shown) -> None:
        """Draw what the assistant shows."""
        match shown:
            case Level(level, speech):
                self.level.show_level(level, speech)
            case StateChanged(state):
                self._show_state(state)
            case HeardSoFar(text):
                self.so_far.setText(text)
            case Heard(text):
                self.so_far.clear()
                self._tell(f"You: {text}")
            case GuessDropped():
                self._show_record(Record())
            case Happened(event):
                if isinstance(event, RequestStarted):
                    self._show_record(Record())
                self._record.see(event)
                self.graph.show_record(self._record)
                if isinstance(event, RequestFinished):
                    self._remember(self._record.request, event.answer)
            case Question(asked):
                self._ask_consent(asked)
            case Said(sentence):
                self._tell(f"Scrubjay: {sentence}")
            case Past(request, answer):
                self._remember(request, answer)
            case Trouble(text):
                self._tell(f"Note: {text}")

    def _show_state(self, state: State) -> None:
        words, colour = _STATES[state]
        self.state.setText(words)
        self.state.setStyleSheet(f"font-weight: bold; font-size: 16px; color: {colour};")
        self.setWindowTitle(f"Scrubjay: {words.lower()}")
        self.tray.setIcon(_icon(colour))
        self.tray.setToolTip(f"Scrubjay: {words.lower()}")

    def _show_record(self, record: Record) -> None:
        self._record = record
        self.graph.show_record(record)

    def _ask_consent(self, asked: ConsentAsked | None) -> None:
        self._asked = asked
        question = asked.question if asked is not None else ""
        self.question.setText(question)
        self.question.setAccessibleName(question)
        self.consent.setVisible(asked is not None)
        if asked is not None:
            self.no.setFocus()  # a key pressed without looking must not allow anything
        elif self.focusWidget() in (None, self.yes, self.no):
            self.line.setFocus()

    def _answer(self, allowed: bool) -> None:
        if self._asked is not None:
            self._assistant.order(Answer(self._asked, allowed))

    def _ask(self) -> None:
        if text := self.line.text().strip():
            self._assistant.order(Ask(text))
            self.line.clear()

    def _again(self, item: QListWidgetItem) -> None:
        self.line.setText(item.data(Qt.ItemDataRole.UserRole))
        self.line.setFocus()

    def _tell(self, text: str) -> None:
        self.transcript.appendPlainText(text)

    def _remember(self, request: str, answer: str) -> None:
        item = QListWidgetItem(f"{request}\n{answer}")
        item.setData(Qt.ItemDataRole.UserRole, request)
        item.setToolTip(answer)
        self.history.insertItem(0, item)

    def _choose(self) -> None:
        dialog = PreferencesDialog(self, self.preferences)
        if dialog.exec() != PreferencesDialog.DialogCode.Accepted:
            return
        self.preferences = dialog.chosen
        self.preferences.write(self._kept)
        self.preferences.show_theme()
        self._notifier.setEnabled(False)
        self._assistant.close()
        self.history.clear()
        self._ask_consent(None)
        self._show_record(Record())
        self._show_state(State.STARTING)
        self._start()

    def _to_front(self) -> None:
        self.show()
        self.raise_()
        self.activateWindow()

    def _quit(self) -> None:
        self.close()
        QApplication.quit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F9 is the key to talk, Escape stops."""
        if event.key() == Qt.Key.Key_F9 and not event.isAutoRepeat():
            self._assistant.order(Talk(True))
        elif event.key() == Qt.Key.Key_Escape:
            self._assistant.order(Stop())
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Letting go of F9 ends what is said."""
        if event.key() == Qt.Key.Key_F9 and not event.isAutoRepeat():
            self._assistant.order(Talk(False))
        else:
            super().keyReleaseEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """The assistant ends with its window."""
        self._notifier.setEnabled(False)
        self._assistant.close()
        self.tray.hide()
        event.accept()


_Widget = TypeVar("_Widget", bound=QWidget)


def _named(widget: _Widget, name: str) -> _Widget:
    """The widget, with what a screen reader calls it."""
    widget.setAccessibleName(name)
    return widget


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return row


def _action(window: VoiceWindow, text: str, work: Callable[[], None], shortcut: str = "") -> QAction:
    action = QAction(text, window)
    action.triggered.connect(work)
    if shortcut:
        action.setShortcut(QKeySequence(shortcut))
    return action


def _icon(colour: str) -> QIcon:
    """A dot, as there is no better picture of something that listens."""
    picture = QPixmap(32, 32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(4, 4, 24, 24)
    painter.end()
    return QIcon(picture)


def show_window(choices: Choices) -> int:
    """Open the window, and work until it is closed. Returns the exit code."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("Scrubjay")
    window = VoiceWindow(choices)
    window.show()
    return application.exec()
