"""Amounts, counts and lengths that have to be worked out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .draw import Draw, Worked, worked
from .wordings import amounts as frames
from .wordings.groups import GROUPS

_PLACES = (
    ("half", 2, 1),
    ("a third", 3, 1),
    ("a quarter", 4, 1),
    ("a fifth", 5, 1),
    ("half", 2, 1),
    ("three quarters", 4, 3),
    ("two thirds", 3, 2),
    ("a tenth", 10, 1),
    ("one half", 2, 1),
    ("50%", 2, 1),
    ("one third", 3, 1),
    ("one quarter", 4, 1),
    ("25 percent", 4, 1),
    ("one fifth", 5, 1),
    ("20%", 5, 1),
    ("three fourths", 4, 3),
    ("10 percent", 10, 1),
)


def people(draw: Draw, names: Sequence[str]) -> Worked:
    """Me, Ana and the twins: how many they are."""
    while True:
        members: list[tuple[str, int]] = [("me", 1)] if draw.chance(0.8) else []
        members += [
            (name, 1) for name in draw.rng.sample(sorted(draw_names(draw, names)), draw.between(0, 2))
        ]
        for _ in range(draw.between(1, 2)):
            group = draw.of(GROUPS)
            if group not in members:
                members.append(group)
        if len(members) >= 2 and draw.owns("people", *sorted(count for _, count in members), len(members)):
            break
    if draw.chance(0.5):
        draw.rng.shuffle(members)
    joined = "{rest} and {last}" if draw.chance(0.5) else draw.of(frames.JOINED)
    said = joined.format(rest=", ".join(name for name, _ in members[:-1]), last=members[-1][0])
    counts = [count for _, count in members]
    line = worked(", ".join(f"{count} {name}" for name, count in members))
    return Worked(said, sum(counts), (line,), tuple(counts))


def draw_names(draw: Draw, names: Sequence[str]) -> list[str]:
    """Different names that may be drawn here."""
    return list(dict.fromkeys(draw.of(names) for _ in range(12)))


def share(draw: Draw, count: Worked) -> Worked:
    """84 split between so many."""
    number = int(str(count.value))
    while True:
        each = draw.between(3, 60)
        total = each * number
        if draw.owns("share", total, number):
            break
    return Worked(str(total), each, (*count.lines, worked(f"{total}/{number}")), (total, number))


def part_of_rest(draw: Draw) -> tuple[int, int, Worked]:
    """640 with 220 spent: a part of what is left. Returns what there was, what went, and the part."""
    while True:
        words, parts, times = draw.any(_PLACES)
        unit = draw.any((1, 5, 10))
        rest = parts * draw.between(3, 40) * unit
        spent = draw.between(2, 60) * unit
        total = rest + spent
        if total < 1000 and draw.owns("rest", total, spent, parts, times):
            break
    value = rest // parts * times
    lines = (worked(f"{total}-{spent}"), _part(rest, words, parts, times))
    return total, spent, Worked(words, value, lines, (total, spent, parts, times))


def part_of(draw: Draw, total: int) -> Worked:
    """Half of an amount that is known."""
    words, parts, times = draw.any([way for way in _PLACES if total % way[1] == 0])
    lines = (_part(total, words, parts, times),)
    return Worked(words, total // parts * times, lines, (total, parts, times))


def with_tip(draw: Draw) -> tuple[int, int, Worked]:
    """A bill, a percentage, and both together."""
    while True:
        bill, percent = 10 * draw.between(2, 40), draw.any((5, 10, 15, 20, 25, 30))
        if bill * percent % 100 == 0 and draw.owns("tip", bill, percent):
            break
    tip = bill * percent // 100
    lines = (worked(f"{bill}+{bill}*{percent}/100"),)
    return bill, percent, Worked(f"{percent}%", bill + tip, lines, (bill, percent))


def several(draw: Draw) -> tuple[int, int, Worked]:
    """So many at such a price: all together."""
    while True:
        count, price = draw.between(2, 9), draw.between(3, 60)
        if draw.owns("several", count, price):
            break
    return (
        count,
        price,
        Worked(draw.count(count), count * price, (worked(f"{count}*{price}"),), (count, price)),
    )


def minutes(draw: Draw) -> Worked:
    """Two and a half hours in minutes."""
    while True:
        hours, rest = draw.between(1, 9), draw.any((0, 15, 30, 45, 10, 20, 40, 5))
        if (hours, rest) != (1, 0) and draw.owns("minutes", hours, rest):
            break
    said = draw.of(
        {
            0: frames.WHOLE_HOURS,
            15: frames.QUARTER_HOURS,
            30: frames.HALF_HOURS,
            45: frames.THREE_QUARTER_HOURS,
        }.get(rest, frames.ODD_HOURS)
    )
    n, unit = draw.count(hours), "hours"
    if hours == 1 and "{n} and" in said:
        n = "one"
    elif hours == 1:
        unit = "hour"
        if said.startswith("{n} {u}") and draw.chance(0.5):
            n = "an"
    text = said.format(n=n, u=unit, r=rest, h=hours)
    lines = (worked(f"{hours}*60" + (f"+{rest}" if rest else "")),)
    return Worked(text, 60 * hours + rest, lines, (hours, rest))


def in_smaller_units(draw: Draw) -> tuple[Worked, str]:
    """Two and a half litres in millilitres, and the like; also which unit it became."""
    kinds = (
        ("litres", "liters", "ml", 1000),
        ("kilos", "kg", "grams", 1000),
        ("kilometres", "km", "metres", 1000),
    )
    while True:
        large, short, small, factor = draw.any(kinds)
        tenths = draw.between(2, 60)
        if draw.owns("units", large, tenths):
            break
    whole, rest = divmod(tenths, 10)
    amount = f"{whole}.{rest}" if rest else str(whole)
    if rest == 5 and whole and draw.chance(0.6):
        form = draw.of(frames.HALVES)
        unit = draw.any((large[:-1] if whole == 1 and form.startswith("{n} {u}") else large, short))
        said = form.format(n=draw.count(whole), h=whole, u=unit)
    elif tenths == 5 and draw.chance(0.6):
        said = f"half a {large[:-1]}"
    else:
        said = f"{amount} {draw.any((large[:-1] if tenths == 10 else large, short))}"
    value = tenths * factor // 10
    return Worked(said, value, (worked(f"{amount}*{factor}"),), (large, tenths)), small


def dozens(draw: Draw) -> Worked:
    """Two dozen; half a dozen; three packs of six."""
    while True:
        style = draw.any(("dozen", "half", "packs", "packs", "pairs"))
        count, size = draw.between(2, 9), draw.any((4, 6, 8, 10, 12))
        if draw.owns("dozens", style, count, size):
            break
    n = draw.count(count)
    if style == "half":
        said = draw.of(("half a dozen", "a half dozen", "half of a dozen", "one half dozen"))
        return Worked(said, 6, (worked("12/2"),), (6,))
    if style == "packs":
        said = draw.of(frames.PACKS).format(n=n, s=draw.count(size))
        return Worked(said, count * size, (worked(f"{count}*{size}"),), (count, size))
    size = {"dozen": 12, "pairs": 2}[style]
    said = f"{n} dozen" if style == "dozen" else f"{n} pairs"
    return Worked(said, count * size, (worked(f"{count}*{size}"),), (count, size))


def weeks(draw: Draw) -> Worked:
    """Three weeks in days."""
    while True:
        count, more = draw.between(2, 9), draw.any((0, 0, 1, 2, 3))
        if draw.owns("weeks", count, more):
            break
    rest = f"{draw.count(more)} day{'s' if more > 1 else ''}"
    said = draw.of(frames.WEEKS_AND_DAYS if more else frames.WEEKS).format(n=draw.count(count), m=rest)
    lines = (worked(f"{count}*7" + (f"+{more}" if more else "")),)
    return Worked(said, 7 * count + more, lines, (count, more))


def _part(total: int, words: str, parts: int, times: int) -> str:
    """A fraction's line, or a percentage's."""
    if percent := re.match(r"\d+", words):
        return worked(f"{total}*{percent[0]}/100")
    return worked(f"{total}/{parts}" + (f"*{times}" if times > 1 else ""))
