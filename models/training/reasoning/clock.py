"""Times that have to be worked out: before and after others, after now, ends, other people's clocks."""

from __future__ import annotations

from datetime import datetime, timedelta

from .draw import Draw, Worked, worked
from .wordings import clock as frames


def spoken_time(draw: Draw, hour: int, minute: int) -> str:
    """`3pm`, `half past 3 in the afternoon`, `15:30`; minutes are quarters of an hour."""
    half = "am" if hour < 12 else "pm"
    twelve = (hour - 1) % 12 + 1
    if (hour, minute) == (12, 0) and not draw.held_out and draw.chance(0.4):
        return "noon"
    if draw.chance(0.25):
        return f"{hour:02}:{minute:02}"
    if draw.chance(0.2):
        part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
        to = {0: "{h}", 15: "quarter past {h}", 30: "half past {h}", 45: "quarter to {next}"}[minute]
        return to.format(h=twelve, next=twelve % 12 + 1) + f" in the {part}"
    if minute == 0:
        return draw.any((f"{twelve}{half}", f"{twelve} {half}"))
    return draw.any((f"{twelve}:{minute:02}{half}", f"{twelve}:{minute:02} {half}"))


def beside_a_time(draw: Draw, now: datetime) -> Worked:
    """Half an hour before 3pm: today, or tomorrow where that is said."""
    while True:
        tomorrow = draw.chance(0.5)
        hour, minute = draw.between(8, 21), draw.any((0, 0, 15, 30, 45))
        length, before = draw.any(tuple(frames.LENGTHS)), draw.chance(0.6)
        at = now.replace(hour=hour, minute=minute) + timedelta(days=tomorrow)
        answer = at + timedelta(minutes=-length if before else length)
        same = answer.date() == at.date() and answer > now
        if same and draw.owns("beside time", hour, minute, length, before):
            break
    said = draw.of(frames.BEFORE_A_TIME if before else frames.AFTER_A_TIME).format(
        l=draw.of(frames.LENGTHS[length]),
        t=spoken_time(draw, hour, minute),
        d=" tomorrow" if tomorrow else "",
        d2="tomorrow " if tomorrow else "",
    )
    lines = [worked(f"{now:%Y-%m-%d}+1")] if tomorrow else []
    lines.append(_moved(at, -length if before else length))
    return Worked(said, f"{answer:%Y-%m-%dT%H:%M}", tuple(lines), (hour, minute, length, before))


def from_now(draw: Draw, now: datetime) -> Worked:
    """In an hour and a half."""
    while True:
        length = draw.any(tuple(frames.LENGTHS))
        answer = now + timedelta(minutes=length)
        if answer.date() == now.date() and draw.owns("from now", now.hour, now.minute, length):
            break
        if now.hour > 20:
            now = now.replace(hour=draw.between(7, 19))
    said = draw.of(frames.FROM_NOW)
    lines = (_moved(now, length),)
    return Worked(
        said.format(l=draw.of(frames.LENGTHS[length])),
        f"{answer:%Y-%m-%dT%H:%M}",
        lines,
        (now.hour, now.minute, length),
    )


def start_and_end(draw: Draw, now: datetime) -> tuple[Worked, str, str]:
    """From 2pm for 90 minutes tomorrow: the start and the end."""
    while True:
        hour, minute, length = (
            draw.between(7, 20),
            draw.any((0, 0, 15, 30, 45)),
            draw.any(tuple(frames.LENGTHS)),
        )
        start = now.replace(hour=hour, minute=minute) + timedelta(days=1)
        end = start + timedelta(minutes=length)
        if end.date() == start.date() and draw.owns("start", hour, minute, length):
            break
    said = draw.of(frames.START_AND_END).format(
        t=spoken_time(draw, hour, minute), l=draw.of(frames.LENGTHS[length])
    )
    lines = (worked(f"{now:%Y-%m-%d}+1"), _moved(start, length))
    found = Worked(said, f"{start:%Y-%m-%dT%H:%M}", lines, (hour, minute, length))
    return found, f"{start:%Y-%m-%dT%H:%M}", f"{end:%Y-%m-%dT%H:%M}"


def their_time(draw: Draw, now: datetime) -> Worked:
    """9am their time, and they are five hours ahead: what it is here, tomorrow."""
    while True:
        hour, apart, ahead = draw.between(7, 22), draw.between(1, 9), draw.chance(0.5)
        here = hour - apart if ahead else hour + apart
        if 0 <= here <= 23 and draw.owns("their", hour, apart, ahead):
            break
    said = draw.of(frames.THEIR_TIME).format(
        t=spoken_time(draw, hour, 0),
        n="one" if apart == 1 else draw.count(apart),
        a="ahead" if ahead else "behind",
    )
    said = said.replace("behind of", "behind").replace("one hours", "one hour")
    at = now + timedelta(days=1)
    there = at.replace(hour=hour, minute=0)
    lines = (worked(f"{now:%Y-%m-%d}+1"), _moved(there, -60 * apart if ahead else 60 * apart))
    return Worked(said, f"{at:%Y-%m-%d}T{here:02}:00", lines, (hour, apart, ahead))


def _moved(at: datetime, minutes: int) -> str:
    """The line from one time of day to another."""
    hours, rest = divmod(abs(minutes), 60)
    return worked(f"{at:%Y-%m-%dT%H:%M}{'-' if minutes < 0 else '+'}{hours}:{rest:02}")
