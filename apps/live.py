"""The display on a terminal: the plan as it grows, with each step's state, time and result."""

import time
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ..agent.events import Event
from ..agent.plan import print_step
from .consent import choices
from .display import duration, safe_text, value_text
from .record import Record, StepRecord, StepStatus
from .redrawn import Redrawn

_LONGEST_RESULT = 200
_NARROW = 72
_ENDED = (StepStatus.DONE, StepStatus.FAILED, StepStatus.SKIPPED)


class LiveDisplay:
    """Redraws `record` in place a few times a second, and once more when it is closed."""

    def __init__(self, console: Console, record: Record) -> None:
        self._console = console
        self._record = record
        self._started = time.monotonic()
        self._ascii = console.options.ascii_only
        self._spinner = Spinner("line" if self._ascii else "dots")
        self._screen = Redrawn(console, self._whole)

    def see(self, event: Event) -> None:
        """The record has what is to be drawn; the next redrawing shows it."""

    def close(self) -> None:
        self._screen.close()

    def _whole(self) -> RenderableType:
        record = self._record
        parts: list[RenderableType] = []
        if record.thought and not record.status:
            parts.append(Text(f"Thinks: {value_text(record.thought)[-_LONGEST_RESULT:]}", style="dim"))
        for step in list(record.steps.values()):
            parts += [self._line(step), *_result(step)]
        if record.unfinished and not record.status:
            parts.append(Text(f"  {safe_text(record.unfinished)}", style="dim"))
        parts += [Text(f"Planning again: {value_text(why)}", style="yellow") for why in record.replans]
        parts += _question(record)
        if record.answer:
            parts += [Text(), Text(safe_text(record.answer), style="bold")]
        if record.status and record.timings.total_ms:
            parts.append(Text(_summary(record), style="dim"))
        return Group(*parts)

    def _line(self, step: StepRecord) -> RenderableType:
        """The call, when it ran among the others, and its time; columns stand under those of other steps."""
        narrow = self._console.width < _NARROW
        line = Table.grid(padding=(0, 1), expand=True)
        line.add_column(width=1)
        line.add_column(ratio=1, overflow="fold")
        line.add_column(width=8 if narrow else 14, no_wrap=True)
        line.add_column(width=7 if narrow else 11, justify="right", no_wrap=True)
        call = Text(safe_text(print_step(step.step)).rstrip("\n"))
        bar = self._bar(step, 8 if narrow else 14)
        line.add_row(self._mark(step), call, bar, Text(self._time(step, narrow), style="dim"))
        return line

    def _mark(self, step: StepRecord) -> RenderableType:
        if step.status is StepStatus.RUNNING:
            return self._spinner
        mark = _MARKS[step.status]
        return Text(mark.plain if self._ascii else mark.symbol, style=mark.style)

    def _bar(self, step: StepRecord, width: int) -> Text:
        """When the step ran, from the start of the request to now: steps that ran at once overlap."""
        if step.started_ms is None:
            return Text()
        whole = max(1.0, self._now_ms())
        begin = min(width - 1, int(step.started_ms / whole * width))
        ended = whole if step.ended_ms is None else step.ended_ms
        length = max(1, min(width, round(ended / whole * width)) - begin)
        return Text(
            " " * begin + ("=" if self._ascii else "━") * length, style=_BAR_STYLES.get(step.status, "")
        )

    def _time(self, step: StepRecord, narrow: bool) -> str:
        if step.started_ms is None:
            return _WORDS[step.status]
        ended = self._now_ms() if step.ended_ms is None else step.ended_ms
        if narrow or step.ended_ms is None:
            return duration(ended - step.started_ms)
        if ended < 1000:
            return f"{step.started_ms:.0f}-{ended:.0f} ms"
        return f"{step.started_ms / 1000:.2f}-{ended / 1000:.2f} s"

    def _now_ms(self) -> float:
        """Since the request started; its end once it has ended."""
        return self._record.timings.total_ms or (time.monotonic() - self._started) * 1000


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
_WORDS = {
    StepStatus.PLANNED: "waiting",
    StepStatus.ASKING: "asks",
    StepStatus.RUNNING: "running",
    StepStatus.DONE: "done",
    StepStatus.FAILED: "failed",
    StepStatus.SKIPPED: "not run",
}
_BAR_STYLES = {StepStatus.RUNNING: "cyan", StepStatus.DONE: "green", StepStatus.FAILED: "red"}


def _result(step: StepRecord) -> list[RenderableType]:
    if step.status not in _ENDED:
        return []
    result = value_text(step.result)
    if len(result) > _LONGEST_RESULT:
        result = result[:_LONGEST_RESULT] + "…"
    style = "red" if step.status is StepStatus.FAILED else "dim"
    return [Padding(Text(result, style=style, overflow="fold"), (0, 0, 0, 2), expand=False)]


def _question(record: Record) -> list[RenderableType]:
    asked = next(iter(list(record.questions.values())), None)
    if asked is None or record.status:
        return []
    return [Text(f"\n{safe_text(asked.question)}", style="bold"), Text(choices(asked), style="yellow")]


def _summary(record: Record) -> str:
    timings = record.timings
    whole = f"{duration(timings.total_ms)} in all"
    if timings.plan_ms is None:
        return whole
    return f"Planned in {duration(timings.plan_ms)}, {timings.tokens} tokens; {whole}"
