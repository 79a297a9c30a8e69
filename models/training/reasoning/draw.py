"""Choices at random, kept apart: what is held out shares no wording, name or numbers with training."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...sums import worked_out
from .wordings.lists import Wordings

T = TypeVar("T")

_PART = 5
_MOST_TRIES = 200
_NUMBER_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve"),
)


class Exhausted(Exception):
    """The numbers that are fixed already leave nothing that belongs here: draw others."""


@dataclass(slots=True)
class Draw:
    """A source of choices for training, or for what is held out."""

    rng: random.Random
    held_out: bool
    tries: int = 0

    def of(self, choices: Sequence[T]) -> T:
        """One of `choices`: every fifth is held out (see `Wordings`), and all others are for training."""
        split = choices.split if isinstance(choices, Wordings) else len(choices)
        part = [
            c for place, c in enumerate(choices) if (place < split and place % _PART == 3) == self.held_out
        ]
        if not part:
            raise ValueError(f"{choices[0]!r} and its like are too few: {len(choices)}, and one is held out")
        return self.rng.choice(part)

    def owns(self, *numbers: object) -> bool:
        """Whether a problem with these numbers belongs here: a fifth is held out. Raises `Exhausted`."""
        self.tries += 1
        if self.tries > _MOST_TRIES:
            raise Exhausted
        return (zlib.crc32(repr(numbers).encode()) % _PART == 0) == self.held_out

    def any(self, choices: Sequence[T]) -> T:
        """One of what training and held-out problems share, such as weekdays."""
        return self.rng.choice(choices)

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.rng.randint(low, high)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def count(self, number: int) -> str:
        """A number as people say it: in words up to twelve, mostly."""
        return _NUMBER_WORDS[number] if number <= 12 and self.chance(0.75) else str(number)


@dataclass(frozen=True, slots=True)
class Worked:
    """Something said that has to be worked out.

    said: its words. value: what goes into the plan. lines: the thought that leads there.
    numbers: what it depends on; problems are kept apart by them.
    """

    said: str
    value: str | int | float | list[str]
    lines: tuple[str, ...]
    numbers: tuple[object, ...]


def ordinal(day: int) -> str:
    """`3rd`"""
    ending = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def worked(sum_: str) -> str:
    """A line of a thought: a sum and what comes out."""
    result = worked_out(f"{sum_}=")
    if result is None:
        raise ValueError(f"{sum_!r} is no sum that can be worked out")
    return f"{sum_}={result}"
