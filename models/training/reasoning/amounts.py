"""Amounts, counts and lengths that have to be worked out."""

from __future__ import annotations

from collections.abc import Sequence

from .draw import Draw, Worked, plain
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
    lines = (", ".join(name for name, _ in members), _sum(counts))
    return Worked(said, sum(counts), lines, tuple(counts))


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
    return Worked(str(total), each, (*count.lines, *_divided(total, number)), (total, number))


def part_of_rest(draw: Draw) -> tuple[int, int, Worked]:
    """640 with 220 spent: a part of what is left. Returns what there was, what went, and the part."""
    while True:
        words, parts, times = draw.any(_PLACES)
        unit = draw.any((1, 5, 10))
        rest = parts * draw.between(3, 40) * unit
        spent = draw.between(2, 60) * unit
        total = rest + spent
        lines = [*_minus(total, spent), *_part(rest, parts, times)]
        if total < 1000 and sum(map(len, lines)) < 90 and draw.owns("rest", total, spent, parts, times):
            break
    value = rest // parts * times
    return total, spent, Worked(words, value, tuple(lines), (total, spent, parts, times))


def part_of(draw: Draw, total: int) -> Worked:
    """Half of an amount that is known."""
    ways = [
        (words, parts, times)
        for words, parts, times in _PLACES
        if total % parts == 0 and sum(map(len, _part(total, parts, times))) < 80
    ]
    words, parts, times = draw.any(ways)
    return Worked(words, total // parts * times, tuple(_part(total, parts, times)), (total, parts, times))


def with_tip(draw: Draw) -> tuple[int, int, Worked]:
    """A bill, a percentage, and both together."""
    while True:
        bill, percent = 10 * draw.between(2, 40), draw.any((5, 10, 15, 20, 25, 30))
        if bill * percent % 100 == 0 and draw.owns("tip", bill, percent):
            break
    tip = bill * percent // 100
    lines = [f"10%={plain(bill / 10)}"]
    if percent % 10:
        lines.append(f"5%={plain(bill / 20)}")
    lines.append(f"{percent}%={tip}")
    lines += _plus(bill, tip)
    return bill, percent, Worked(f"{percent}%", bill + tip, tuple(lines), (bill, percent))


def several(draw: Draw) -> tuple[int, int, Worked]:
    """So many at such a price: all together."""
    while True:
        count, price = draw.between(2, 9), draw.between(3, 60)
        if draw.owns("several", count, price):
            break
    return count, price, Worked(draw.count(count), count * price, tuple(_times(price, count)), (count, price))


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
    lines = [f"{hours}*60={60 * hours}"]
    if rest:
        lines.append(f"{60 * hours}+{rest}={60 * hours + rest}")
    return Worked(text, 60 * hours + rest, tuple(lines), (hours, rest))


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
    lines = [f"{whole}*{factor}={whole * factor}"] if whole else []
    if rest:
        lines.append(f"0.{rest}*{factor}={rest * factor // 10}")
    if whole and rest:
        lines.append(str(value))
    return Worked(said, value, tuple(lines), (large, tenths)), small


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
        return Worked(said, 6, ("12/2=6",), (6,))
    if style == "packs":
        said = draw.of(frames.PACKS).format(n=n, s=draw.count(size))
        return Worked(said, count * size, (f"{count}*{size}={count * size}",), (count, size))
    size = {"dozen": 12, "pairs": 2}[style]
    said = f"{n} dozen" if style == "dozen" else f"{n} pairs"
    return Worked(said, count * size, (f"{count}*{size}={count * size}",), (count, size))


def weeks(draw: Draw) -> Worked:
    """Three weeks in days."""
    while True:
        count, more = draw.between(2, 9), draw.any((0, 0, 1, 2, 3))
        if draw.owns("weeks", count, more):
            break
    rest = f"{draw.count(more)} day{'s' if more > 1 else ''}"
    said = draw.of(frames.WEEKS_AND_DAYS if more else frames.WEEKS).format(n=draw.count(count), m=rest)
    lines = [f"{count}*7={7 * count}"]
    if more:
        lines.append(f"{7 * count}+{more}={7 * count + more}")
    return Worked(said, 7 * count + more, tuple(lines), (count, more))


def _sum(numbers: Sequence[int]) -> str:
    return "+".join(map(str, numbers)) + f"={sum(numbers)}"


def _divided(total: int, by: int) -> list[str]:
    """Long division, a line for each digit: what comes down over the divisor, and what remains."""
    lines = [f"{total}/{by}"]
    rest = 0
    for digit in str(total):
        number = 10 * rest + int(digit)
        result, rest = divmod(number, by)
        if number >= by or len(lines) > 1:
            lines.append(f"{number}/{by}={result}" + (f" r{rest}" if rest else ""))
    assert not rest
    return [*lines, str(total // by)]


def _part(total: int, parts: int, times: int) -> list[str]:
    lines = _divided(total, parts)
    return lines if times == 1 else [*lines, *_times(total // parts, times)]


def _times(number: int, by: int) -> list[str]:
    """A product by tens and ones."""
    if number < 10:
        return [f"{by}*{number}={by * number}"]
    pieces = [
        int(digit) * 10**place
        for place, digit in zip(range(len(str(number)) - 1, -1, -1), str(number), strict=True)
    ]
    pieces = [piece for piece in pieces if piece]
    lines = [f"{by}*{piece}={by * piece}" for piece in pieces]
    total = by * pieces[0]
    for piece in pieces[1:]:
        lines += _plus(total, by * piece)
        total += by * piece
    return lines


def _plus(one: int, other: int) -> list[str]:
    """A sum; of larger numbers digit by digit from the right, with what is carried."""
    if (one < 100 and other < 10) or (one % 10 == 0 and other < 10) or one < 10:
        return [f"{one}+{other}={one + other}"]
    lines, carry = [f"{one}+{other}"], 0
    for place in range(max(len(str(one)), len(str(other)))):
        a, b = one // 10**place % 10, other // 10**place % 10
        total = a + b + carry
        lines.append(f"{a}+{b}{f'+{carry}' if carry else ''}={total}")
        carry = total // 10
    return [*lines, str(one + other)]


def _minus(one: int, other: int) -> list[str]:
    """A difference digit by digit from the right, with what is borrowed."""
    lines, borrow = [f"{one}-{other}"], 0
    for place in range(len(str(one))):
        a, b = one // 10**place % 10, other // 10**place % 10
        left = a - b - borrow
        lines.append(f"{a + 10 if left < 0 else a}-{b}{'-1' if borrow else ''}={left % 10}")
        borrow = int(left < 0)
    return [*lines, str(one - other)]
