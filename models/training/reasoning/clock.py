"""Times that have to be worked out: before and after others, after now, ends, other people's clocks."""

from __future__ import annotations

from datetime import datetime, timedelta

from .draw import Draw, Worked

_LENGTHS = {
    15: ("a quarter of an hour", "15 minutes", "fifteen minutes", "a quarter hour"),
    20: ("20 minutes", "twenty minutes", "20 mins", "twenty mins"),
    30: ("half an hour", "30 minutes", "thirty minutes", "a half hour"),
    40: ("40 minutes", "forty minutes", "40 mins", "forty mins"),
    45: ("three quarters of an hour", "45 minutes", "forty-five minutes", "45 mins"),
    60: ("an hour", "one hour", "60 minutes", "1 hour"),
    75: ("an hour and a quarter", "75 minutes", "one hour and a quarter", "an hour and 15 minutes"),
    90: ("an hour and a half", "90 minutes", "one and a half hours", "ninety minutes"),
    120: ("two hours", "2 hours", "a couple of hours", "120 minutes"),
    150: ("two and a half hours", "150 minutes", "2 and a half hours", "two hours and a half"),
    180: ("three hours", "3 hours", "180 minutes", "all of three hours"),
}


def spoken_time(draw: Draw, hour: int, minute: int) -> str:
    """`3pm`, `half past 3 in the afternoon`, `15:30`."""
    half = "am" if hour < 12 else "pm"
    twelve = (hour - 1) % 12 + 1
    if draw.chance(0.25):
        return f"{hour:02}:{minute:02}"
    if minute == 0:
        return draw.any((f"{twelve}{half}", f"{twelve} {half}"))
    return draw.any((f"{twelve}:{minute:02}{half}", f"{twelve}:{minute:02} {half}"))


def beside_a_time(draw: Draw, now: datetime) -> Worked:
    """Half an hour before 3pm: today, or tomorrow where that is said."""
    while True:
        tomorrow = draw.chance(0.5)
        hour, minute = draw.between(8, 21), draw.any((0, 0, 15, 30, 45))
        length, before = draw.any(tuple(_LENGTHS)), draw.chance(0.6)
        at = now.replace(hour=hour, minute=minute) + timedelta(days=tomorrow)
        answer = at + timedelta(minutes=-length if before else length)
        same = answer.date() == at.date() and answer > now
        if same and draw.owns("beside time", hour, minute, length, before):
            break
    said = draw.of(
        (
            "{l} before {t}{d}",
            "{l} ahead of {t}{d}",
            "{l} before it is {t}{d}",
            "{l} earlier than {t}{d}",
            "{d2}{l} before {t}",
            "at {l} before {t}{d}",
            "{l} prior to {t}{d}",
            "{l} in advance of {t}{d}",
            "no later than {l} before {t}{d}",
            "{l} sooner than {t}{d}",
            "{l} short of {t}{d}",
            "{l} till {t}{d}",
        )
        if before
        else (
            "{l} after {t}{d}",
            "{l} past {t}{d}",
            "{l} later than {t}{d}",
            "{l} on from {t}{d}",
            "{d2}{l} after {t}",
            "at {l} after {t}{d}",
            "{l} following {t}{d}",
            "{l} beyond {t}{d}",
            "when it is {l} after {t}{d}",
            "{l} since {t}{d}",
            "once {l} have passed after {t}{d}",
            "{l} counted from {t}{d}",
        )
    ).format(
        l=draw.of(_LENGTHS[length]),
        t=spoken_time(draw, hour, minute),
        d=" tomorrow" if tomorrow else "",
        d2="tomorrow " if tomorrow else "",
    )
    lines = [f"{now:%Y-%m-%d}"]
    if tomorrow:
        lines.append(f"tomorrow {at:%Y-%m-%d}")
    lines += _moved(at, -length if before else length)
    return Worked(
        said, f"{answer:%Y-%m-%dT%H:%M}", (*lines, f"{answer:%Y-%m-%dT%H:%M}"), (hour, minute, length, before)
    )


def from_now(draw: Draw, now: datetime) -> Worked:
    """In an hour and a half."""
    while True:
        length = draw.any(tuple(_LENGTHS))
        answer = now + timedelta(minutes=length)
        if answer.date() == now.date() and draw.owns("from now", now.hour, now.minute, length):
            break
        if now.hour > 20:
            now = now.replace(hour=draw.between(7, 19))
    said = draw.of(
        (
            "{l} from now",
            "in {l}",
            "{l} from this moment",
            "once {l} have passed",
            "in {l} from now",
            "after {l}",
            "when {l} have gone by",
            "{l} hence",
            "{l} later",
            "in about {l}",
            "{l} ahead of now",
            "as soon as {l} are over",
        )
    )
    lines = (f"{now:%Y-%m-%d} {now:%H:%M}", *_moved(now, length), f"{answer:%Y-%m-%dT%H:%M}")
    return Worked(
        said.format(l=draw.of(_LENGTHS[length])),
        f"{answer:%Y-%m-%dT%H:%M}",
        lines,
        (now.hour, now.minute, length),
    )


def start_and_end(draw: Draw, now: datetime) -> tuple[Worked, str, str]:
    """From 2pm for 90 minutes tomorrow: the start and the end."""
    while True:
        hour, minute, length = draw.between(7, 20), draw.any((0, 0, 15, 30, 45)), draw.any(tuple(_LENGTHS))
        start = now.replace(hour=hour, minute=minute) + timedelta(days=1)
        end = start + timedelta(minutes=length)
        if end.date() == start.date() and draw.owns("start", hour, minute, length):
            break
    said = draw.of(
        (
            "tomorrow from {t} for {l}",
            "tomorrow at {t} for {l}",
            "for {l} from {t} tomorrow",
            "tomorrow, {l} from {t} on",
            "tomorrow at {t}, {l} long",
            "tomorrow starting at {t} and lasting {l}",
            "tomorrow, starting {t}, for {l}",
            "at {t} tomorrow for {l}",
            "tomorrow at {t}, lasting {l}",
            "tomorrow at {t} and it takes {l}",
            "from {t} tomorrow, {l}",
            "tomorrow beginning at {t}, {l} in all",
        )
    ).format(t=spoken_time(draw, hour, minute), l=draw.of(_LENGTHS[length]))
    lines = (
        f"{now:%Y-%m-%d}",
        f"tomorrow {start:%Y-%m-%d}",
        *_moved(start, length),
        f"{start:%Y-%m-%dT%H:%M}",
        f"{end:%Y-%m-%dT%H:%M}",
    )
    worked = Worked(said, f"{start:%Y-%m-%dT%H:%M}", lines, (hour, minute, length))
    return worked, f"{start:%Y-%m-%dT%H:%M}", f"{end:%Y-%m-%dT%H:%M}"


def their_time(draw: Draw, now: datetime) -> Worked:
    """9am their time, and they are five hours ahead: what it is here, tomorrow."""
    while True:
        hour, apart, ahead = draw.between(7, 22), draw.between(1, 9), draw.chance(0.5)
        here = hour - apart if ahead else hour + apart
        if 0 <= here <= 23 and draw.owns("their", hour, apart, ahead):
            break
    said = draw.of(
        (
            "tomorrow at {t} their time, they are {n} hours {a} of me",
            "tomorrow at {t} over there, which is {n} hours {a} of us",
            "at {t} tomorrow in their time zone ({n} hours {a} of ours)",
            "tomorrow, {t} for them, and they are {n} hours {a}",
            "tomorrow at {t} on their clock, {n} hours {a} of mine",
            "tomorrow at {t} where they live, {n} hours {a} of here",
            "tomorrow, {t} local time there, {n} hours {a} of us",
            "at {t} their time tomorrow; they are {n} hours {a} of me",
            "tomorrow at {t} for them ({n} hours {a} of me)",
            "tomorrow at {t} in their town, it is {n} hours {a} of ours",
            "tomorrow at {t} over there, they are {n} hours {a} of us",
            "at {t} tomorrow for them, who are {n} hours {a} of me",
        )
    ).format(t=spoken_time(draw, hour, 0), n=draw.count(apart), a="ahead" if ahead else "behind")
    said = said.replace("behind of", "behind")
    at = now + timedelta(days=1)
    sign = "-" if ahead else "+"
    lines = (
        f"{now:%Y-%m-%d}",
        f"tomorrow {at:%Y-%m-%d}",
        f"{hour:02}:00{sign}{apart}={here:02}:00",
        f"{at:%Y-%m-%d}T{here:02}:00",
    )
    return Worked(said, f"{at:%Y-%m-%d}T{here:02}:00", lines, (hour, apart, ahead))


def _moved(at: datetime, minutes: int) -> list[str]:
    """The lines from one time of day to another."""
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    lines = [f"{at:%H:%M}{sign}{hours}:{rest:02}"]
    hour, minute = at.hour, at.minute
    if rest:
        total = minute - rest if minutes < 0 else minute + rest
        lines.append(f"{minute:02}{sign}{rest}={total}")
        if total < 0:
            lines.append(f"{total}+60={total + 60}")
            hour -= 1
        elif total >= 60:
            lines.append(f"{total}-60={total - 60}")
            hour += 1
    if hours or hour != at.hour:
        moved = hour - hours if minutes < 0 else hour + hours
        carry = hour - at.hour
        lines.append(f"{at.hour}{f'{carry:+d}' if carry else ''}{f'{sign}{hours}' if hours else ''}={moved}")
    after = at + timedelta(minutes=minutes)
    return [*lines, f"{after:%H:%M}"]
