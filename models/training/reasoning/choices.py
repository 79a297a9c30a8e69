"""Choosing among several: said in the request, or among the results of the turn before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .draw import Draw


@dataclass(frozen=True, slots=True)
class Choice:
    """Things with a number each, and the one that is wanted. lines: the thought."""

    names: tuple[str, ...]
    numbers: tuple[int, ...]
    wanted: str
    lines: tuple[str, ...]


def choose(draw: Draw, names: Sequence[str], largest: bool, count: int, low: int, high: int) -> Choice:
    """The one with the smallest or largest number, out of `count` of `names`."""
    while True:
        numbers = tuple(draw.rng.sample(range(low, high), count))
        if draw.owns("choose", *numbers, largest):
            break
    picked: list[str] = []
    while len(picked) < count:
        if (name := draw.of(names)) not in picked:
            picked.append(name)
    best = (max if largest else min)(numbers)
    wanted = picked[numbers.index(best)]
    lines = [" ".join(map(str, numbers))]
    lines += _compared(numbers, largest)
    return Choice(tuple(picked), numbers, wanted, (*lines, f"{best} {wanted}"))


def _compared(numbers: Sequence[int], largest: bool) -> list[str]:
    """Each number against the best one so far."""
    better: Callable[[int, int], bool] = (lambda a, b: a > b) if largest else (lambda a, b: a < b)
    best, lines = numbers[0], []
    for number in numbers[1:]:
        sign = "<" if best < number else ">"
        line = f"{best}{sign}{number}"
        best = number if better(number, best) else best
        lines.append(f"{line} {best}")
    return lines
