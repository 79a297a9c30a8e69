"""Days in a row that have to be worked out from today, and every other or third one of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from ...sums import WEEKDAYS
from .draw import Draw, Worked, worked
from .when import iso
from .wordings import days as frames
from .wordings import weekdays


def several_days(draw: Draw, now: datetime) -> Worked:
    """Every other day for two weeks: a list, from today or tomorrow on, or the next Fridays."""
    today = now.date()
    while True:
        style = draw.any(("step", "step", "weekday"))
        if style == "step":
            step, span, tomorrow = draw.between(1, 4), draw.any((4, 5, 6, 7, 8, 10, 12, 14)), draw.chance(0.5)
            if (step == 1 and span > 7) or span < 2 * step:
                continue
            offsets = list(range(int(tomorrow), int(tomorrow) + span, step))
            numbers: tuple[object, ...] = ("every", today.month, today.day, step, span, tomorrow)
        else:
            weekday, count = draw.between(0, 6), draw.between(2, 4)
            ahead = (weekday - today.weekday() - 1) % 7 + 1
            offsets = [ahead + 7 * number for number in range(count)]
            numbers = ("next weekdays", today.month, today.day, weekday, count)
        if draw.owns(*numbers):
            break
    days = [today + timedelta(days=offset) for offset in offsets]
    if style == "step":
        long = {7: "a week", 14: "two weeks"}.get(span, f"{draw.count(span)} days")
        start = "tomorrow" if tomorrow else "today"
        words = draw.of(frames.OVER_DAYS).format(h=draw.of(frames.EVERY[step]), l=long, s=start)
        if "the a week" in words:
            words = words.replace("the a week", "the week")
        start_line = [worked(f"{today}+1")] if tomorrow else []
        told = {7: "1*7", 14: "2*7"}.get(span, str(span))
        lines = [*start_line, worked(f"{days[0]} every {step} for {told}")]
    else:
        words = draw.of(weekdays.NEXT_WEEKDAYS).format(n=draw.count(len(days)), w=WEEKDAYS[weekday])
        first = worked(f"{today}>{WEEKDAYS[weekday]}")
        lines = [first, worked(f"{days[0]} every 7 times {len(days)}")]
    return Worked(words, [iso(one) for one in days], tuple(lines), numbers)
