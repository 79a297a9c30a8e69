"""Choosing among several: said in the request, or among the results of the turn before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .draw import Draw, worked


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
    listed = ", ".join(f"{number} {name}" for number, name in zip(numbers, picked, strict=True))
    line = worked(f"{'max' if largest else 'min'} {listed}")
    return Choice(tuple(picked), numbers, wanted, (line,))
