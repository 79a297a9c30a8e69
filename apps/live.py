"""The display on a terminal: the plan as it grows, with each step's state, time and result."""

import time
from dataclasses import dataclass
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ..agent.events import Event
from ..agent.plan import print_step
from .display import CHOICES, duration, safe_text, value_text
from .record import Record, StepRecord, StepStatus

_LONGEST_RESULT = 200
_ENDED = (StepStatus.DONE, StepStatus.FAILED, StepStatus.SKIPPED)


class LiveDisplay:
    """Redraws `record` in place a few times a second, and once more when it is closed."""

    def __init__(self, console: Console, record: Record) -> None:
        self._record = record
        self._started = time.monotonic()
        self._ended = False
        self._ascii = console.options.ascii_only
        self._spinner = Spinner("line" if self._ascii else "dots")
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=12)
        self._live.start()

    def see(self, event: Event) -> None:
        """The record has what is to be drawn; the next redrawing shows it."""

    def close(self) -> None:
        self._ended = True
        self._live.stop()

    def _render(self) -> RenderableType:
        return self._whole() if self._ended else _Bottom(self._whole())

    def _whole(self) -> RenderableType:
        record = self._record
        rows = Table.grid(padding=(0, 1), expand=True)
        rows.add_column(width=1)
        rows.add_column(ratio=1, overflow="fold")
        rows.add_column(justify="right", no_wrap=True)
        for step in list(record.steps.values()):
            rows.add_row(self._mark(step), _body(step), Text(self._time(step), style="dim"))
        if record.unfinished and not record.status:
            rows.add_row("", Text(safe_text(record.unfinished), style="dim"), "")
        parts: list[RenderableType] = [rows]
        parts += [Text(f"Planning again: {value_text(why)}", style="yellow") for why in record.replans]
        parts += _question(record)
        if record.answer:
            parts += [Text(), Text(safe_text(record.answer), style="bold")]
        if record.status:
            parts.append(Text(_summary(record), style="dim"))
        return Group(*parts)

    def _mark(self, step: StepRecord) -> RenderableType:
        if step.status is StepStatus.RUNNING:
            return self._spinner
        mark = _MARKS[step.status]
        return Text(mark.plain if self._ascii else mark.symbol, style=mark.style)

    def _time(self, step: StepRecord) -> str:
        if step.started_ms is None:
            return "" if step.status is StepStatus.PLANNED else step.status.value
        if step.ended_ms is None:
            return duration((time.monotonic() - self._started) * 1000 - step.started_ms)
        if step.ended_ms < 1000:
            return f"{step.started_ms:.0f}-{step.ended_ms:.0f} ms"
        return f"{step.started_ms / 1000:.2f}-{step.ended_ms / 1000:.2f} s"


@dataclass(frozen=True, slots=True)
class _Bottom:
    """The last lines of what does not fit on the screen: a question must never be out of sight."""

    whole: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in console.render_lines(self.whole, options, pad=False)[1 - console.height :]:
            yield from line
            yield Segment.line()


class _Mark(NamedTuple):
    symbol: str
    plain: str
    style: str


_MARKS = {
    StepStatus.PLANNED: _Mark("·", ".", "dim"),
    StepStatus.ASKING: _Mark("?", "?", "bold yellow"),
    StepStatus.DONE: _Mark("✓", "+", "green"),
    StepStatus.FAILED: _Mark("✗", "x", "red"),
    StepStatus.SKIPPED: _Mark("○", "-", "yellow"),
}


def _body(step: StepRecord) -> Text:
    body = Text(safe_text(print_step(step.step)).rstrip("\n"))
    if step.status in _ENDED:
        result = value_text(step.result)
        if len(result) > _LONGEST_RESULT:
            result = result[:_LONGEST_RESULT] + "…"
        body.append(f"\n{result}", style="red" if step.status is StepStatus.FAILED else "dim")
    return body


def _question(record: Record) -> list[RenderableType]:
    question = next(iter(list(record.questions.values())), None)
    if question is None or record.status:
        return []
    return [Text(f"\n{safe_text(question)}", style="bold"), Text(CHOICES, style="yellow")]


def _summary(record: Record) -> str:
    timings = record.timings
    whole = f"{duration(timings.total_ms)} in all"
    if timings.plan_ms is None:
        return whole
    return f"Planned in {duration(timings.plan_ms)}, {timings.tokens} tokens; {whole}"
