"""How far a small planner's arguments lean on where the pointer finds their values in the request.

The same product of experts as in `leaning.py`: for each parameter of a tool that the planner was not trained
on, the logarithm of the pointer's probability of what is written is added to the planner's own, that an
argument is left out included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from ..models.pointer import Pointed, Pointing
from ..models.preference import Weights
from ..tools.said.numbers import read_number
from .plan import print_string

WEIGHT = 2.0
"""Of the pointer's logarithms."""
LEAST = -8.0
"""Less probable than this nothing counts: the planner has its say."""
ELSEWHERE = -2.0
"""What is added to the pointer's logarithm of a text that is no words of the request: a reference, mostly."""
SAME = -2.0
"""What is added to a text that another argument of the call has, or that is a part of one."""
AGAIN = -1.5
"""What is added to a value that an earlier call of the tool has for the parameter: it is another's turn."""

CALL = re.compile(rb"\$\d+ = ([^\s(]+)\(")
_NAME = re.compile(rb"(?:, ?)?([A-Za-z_][\w.-]*)=")
_NUMBER_WORDS = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+|[a-z]+")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')


class Kind(Enum):
    """What is known of a parameter's values."""

    TEXT = "text"
    NUMBER = "number"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class _Parameter:
    """What each way to write a parameter gets; the best of them gets zero.

    kind: texts are copied, numbers mostly so, and what else there is the planner knows better.
    values: texts and numbers as they stand in a plan, without quotes. other: any other text or number.
    elsewhere: a reference. present: that the argument is there.
    """

    name: bytes
    kind: Kind
    absent: float
    elsewhere: float
    present: float
    values: Mapping[bytes, float]
    other: float


@dataclass(frozen=True, slots=True)
class _Done:
    """How far the arguments of a call are finished.

    place: where in the text. index: of the parameter that may come next. total: what they got. taken: the
    texts that they have.
    """

    place: int = 0
    index: int = 0
    total: float = 0.0
    taken: tuple[bytes, ...] = ()


class ArgumentWeights:
    """What the arguments of one call get.

    schema: of the tool's parameters. used: by parameter, the texts that earlier calls of the tool have there.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        pointing: Pointing,
        used: Mapping[bytes, Set[bytes]],
    ) -> None:
        required = set(schema.get("required", ()))
        self._parameters = [
            _parameter(name, spec, name in required, pointed, used.get(name.encode(), frozenset()))
            for (name, spec), pointed in zip(schema["properties"].items(), pointing.parameters, strict=False)
        ]

    def weights(self, written: bytes, pieces: Sequence[bytes]) -> Weights:
        """For each piece that may follow what is written of the arguments, what the whole can still have."""
        done = self._finished(written, _Done())
        rest = written[done.place :]
        return np.array([self._weight(rest + piece, replace(done, place=0)) for piece in pieces], np.float32)

    def weight(self, text: bytes) -> float:
        """What the arguments in `text` can still have, unfinished as they may be."""
        return self._weight(text, _Done())

    def _weight(self, text: bytes, before: _Done) -> float:
        done = self._finished(text, before)
        return done.total + self._open(text[done.place :], done)

    def _finished(self, text: bytes, before: _Done) -> _Done:
        """How far the arguments in `text` are finished, after those `before`."""
        place, index, total, taken = before.place, before.index, before.total, before.taken
        while found := _NAME.match(text, place):
            number = self._number(found[1], index)
            end = _value_end(text, found.end())
            if number is None or end is None:
                break
            value, parameter = text[found.end() : end], self._parameters[number]
            total += self._skipped(index, number) + _of_value(parameter, value, taken)
            if parameter.kind is Kind.TEXT:
                taken = (*taken, *(literal[1:-1] for literal in _STRING.findall(value)))
            place, index = end, number + 1
        return _Done(place, index, total, taken)

    def _open(self, text: bytes, done: _Done) -> float:
        """What the unfinished argument `text` can still get."""
        index = done.index
        if text.startswith(b")"):
            return self._skipped(index, len(self._parameters))
        if found := _NAME.match(text):
            number = self._number(found[1], index)
            if number is None:
                return 0.0
            parameter = self._parameters[number]
            return self._skipped(index, number) + _of_open_value(parameter, text[found.end() :], done.taken)
        begun = text.removeprefix(b",").removeprefix(b" ")
        ways = [
            self._skipped(index, number) + _of_open_value(parameter, b"", done.taken)
            for number, parameter in enumerate(self._parameters[index:], index)
            if parameter.name.startswith(begun)
        ]
        if not text:
            ways.append(self._skipped(index, len(self._parameters)))
        return max(ways, default=0.0)

    def _skipped(self, first: int, end: int) -> float:
        return sum(parameter.absent for parameter in self._parameters[first:end])

    def _number(self, name: bytes, index: int) -> int | None:
        for number in range(index, len(self._parameters)):
            if self._parameters[number].name == name:
                return number
        return None


def used_before(lines: Sequence[str]) -> dict[bytes, dict[bytes, set[bytes]]]:
    """By tool and parameter, the texts that the finished lines have there."""
    used: dict[bytes, dict[bytes, set[bytes]]] = {}
    for line in lines:
        text = line.encode()
        if called := CALL.match(text):
            of_tool = used.setdefault(called[1], {})
            place = called.end()
            while found := _NAME.match(text, place):
                end = _value_end(text, found.end())
                if end is None:
                    break
                place = end
                texts = _STRING.findall(text, found.end(), end)
                of_tool.setdefault(found[1], set()).update(piece[1:-1] for piece in texts)
    return used


def _parameter(
    name: str, spec: Mapping[str, Any], required: bool, pointed: Pointed, used: Set[bytes]
) -> _Parameter:
    """The pointer's logarithms as weights below the best of them."""
    kind = _kind(spec)
    elsewhere = pointed.elsewhere + (ELSEWHERE if kind is Kind.TEXT else 0.0)
    values: dict[bytes, float] = {}
    for text, logarithm in pointed.spans:
        written = _number(text) if kind is Kind.NUMBER else print_string(text)[1:-1].encode()
        if written is None:
            elsewhere = float(np.logaddexp(elsewhere, logarithm))
            continue
        values[written] = max(values.get(written, -np.inf), logarithm) + (AGAIN if written in used else 0.0)
    absent = -np.inf if required else pointed.absent
    ways = [elsewhere, *values.values()]
    present = float(np.logaddexp.reduce(ways)) if kind is Kind.OTHER else max(ways)
    best = max(absent, present)

    def weight(logarithm: float) -> float:
        return float(WEIGHT * max(LEAST, logarithm - best))

    return _Parameter(
        name.encode(),
        kind,
        0.0 if required else weight(absent),
        weight(elsewhere),
        weight(present),
        {text: weight(value) for text, value in values.items()},
        weight(elsewhere) if kind is Kind.NUMBER else WEIGHT * LEAST,
    )


def _kind(spec: Mapping[str, Any]) -> Kind:
    items = spec.get("items") if spec.get("type") == "array" else spec
    if not isinstance(items, Mapping) or "enum" in items or "const" in items:
        return Kind.OTHER
    if spec.get("type") in ("integer", "number"):
        return Kind.NUMBER
    return Kind.TEXT if items.get("type", "string") == "string" else Kind.OTHER


def _number(text: str) -> bytes | None:
    """The first number in the text, as a plan has it: "twenty five km", "25". None: there is none."""
    words = _NUMBER_WORDS.findall(text.lower())
    for place in range(len(words)):
        if found := read_number(words, place):
            value = float(found[0])
            return json.dumps(int(value) if value.is_integer() else value).encode()
    return None


def _of_value(parameter: _Parameter, value: bytes, taken: Sequence[bytes]) -> float:
    """What a finished value gets."""
    if value.startswith(b"$"):
        return parameter.elsewhere
    if parameter.kind is Kind.OTHER:
        return parameter.present
    if parameter.kind is Kind.NUMBER:
        return parameter.values.get(value, parameter.other)
    if value.startswith(b"["):
        texts = [_of_text(parameter, literal[1:-1], taken) for literal in _STRING.findall(value)]
        return min(texts, default=parameter.elsewhere)
    return _of_text(parameter, value[1:-1], taken)


def _of_text(parameter: _Parameter, text: bytes, taken: Sequence[bytes]) -> float:
    same = any(text in other or other in text for other in taken)
    return parameter.values.get(text, parameter.other) + (WEIGHT * SAME if same else 0.0)


def _of_open_value(parameter: _Parameter, begun: bytes, taken: Sequence[bytes]) -> float:
    """What the best value that begins like this gets."""
    if begun.startswith(b"$"):
        return parameter.elsewhere
    if parameter.kind is Kind.OTHER:
        return parameter.present
    if parameter.kind is Kind.NUMBER:
        ways = [weight for text, weight in parameter.values.items() if text.startswith(begun)]
        return max(ways, default=parameter.other) if begun else parameter.present
    if begun.startswith(b"["):
        finished = _STRING.findall(begun)
        open_text = begun[begun.rindex(finished[-1]) + len(finished[-1]) :] if finished else begun[1:]
        so_far = min((_of_text(parameter, literal[1:-1], taken) for literal in finished), default=0.0)
        _, quote, text = open_text.partition(b'"')
        return min(so_far, _of_open_text(parameter, text if quote else b"", taken))
    best = _of_open_text(parameter, begun[1:], taken)
    return best if begun else max(best, parameter.elsewhere)


def _of_open_text(parameter: _Parameter, begun: bytes, taken: Sequence[bytes]) -> float:
    ways = [_of_text(parameter, text, taken) for text in parameter.values if text.startswith(begun)]
    return max(ways, default=parameter.other)


def _value_end(text: bytes, start: int) -> int | None:
    """Where the value that begins at `start` ends: before a comma or parenthesis; None: it is unfinished."""
    place, depth = start, 0
    while place < len(text):
        character = text[place]
        if character == 0x22:
            string = _STRING.match(text, place)
            if string is None:
                return None
            place = string.end()
            if depth == 0:
                return place
            continue
        if character in b"[{":
            depth += 1
        elif character in b"]}":
            depth -= 1
        elif depth == 0 and character in b",)":
            return place
        place += 1
    return None
