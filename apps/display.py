"""Shows the events of a request to a person: redrawn in place on a terminal, line by line in a pipe."""

import json
import re
from typing import Any, Protocol

from rich.console import Console

from ..agent.events import (
    ConsentAsked,
    Event,
    PlanReady,
    RequestFinished,
    RoundStarted,
    StepFailed,
    StepFinished,
    StepPlanned,
    StepSkipped,
    StepStarted,
    ToolsChosen,
)
from ..agent.plan import print_step
from .consent import choices
from .record import Record

# Results come from anywhere: no escape sequence or text direction of theirs may reach the terminal.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Display(Protocol):
    """Shows one request, event by event, until it is closed."""

    def see(self, event: Event) -> None: ...
    def close(self) -> None: ...


def open_display(console: Console, record: Record) -> Display:
    """The display that fits the console. `record` must have seen each event before the display does."""
    if console.is_terminal and not console.is_dumb_terminal and not console.legacy_windows:
        from .live import LiveDisplay  # rich's moving parts are not needed in a pipe

        return LiveDisplay(console, record)
    return PlainDisplay(console)


def safe_text(text: str) -> str:
    """`text` with what could steer a terminal replaced by U+FFFD."""
    return _UNSAFE.sub("\ufffd", text)


def value_text(value: Any) -> str:
    """A result on one line: text as it is, anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(safe_text(text).split())


def duration(ms: float) -> str:
    """`ms` milliseconds for a reader: "87 ms", "1.4 s"."""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


class PlainDisplay:
    """One line for everything that happens, without colours; for pipes and simple terminals."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def see(self, event: Event) -> None:
        match event:
            case ToolsChosen():
                for problem in event.left_out:
                    self._line(f"left out: {value_text(problem)}")
            case StepPlanned(step):
                self._line(safe_text(print_step(step)).rstrip("\n"))
            case StepStarted(step_id, at_ms):
                self._line(f"${step_id} started at {duration(at_ms)}")
            case StepFinished(step_id, result, at_ms):
                self._line(f"${step_id} done at {duration(at_ms)}: {value_text(result)}")
            case StepFailed(step_id, why, at_ms):
                self._line(f"${step_id} failed at {duration(at_ms)}: {value_text(why)}")
            case StepSkipped(step_id, why, at_ms):
                self._line(f"${step_id} skipped at {duration(at_ms)}: {value_text(why)}")
            case ConsentAsked():
                self._line(f"${event.step_id} needs consent: {value_text(event.question)}")
                if self._console.is_terminal:
                    self._line(choices(event))
            case PlanReady():
                self._line(f"plan ready at {duration(event.ms)}, {event.tokens} tokens")
            case RoundStarted():
                self._line(f"planning again: {value_text(event.why)}")
            case RequestFinished():
                self._line(f"\n{safe_text(event.answer)}")

    def close(self) -> None:
        pass

    def _line(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
