"""Puts results where a plan refers to them: `$1.email`, `$2[0].path`, `"{$1}"` inside text."""

from __future__ import annotations

import json
from collections.abc import Callable

from .plan import Json, Reference, Step, Template, Value


class UnresolvedReference(LookupError):
    """A reference names something that is not in the result; the message says what there was instead."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


def resolve(value: Value, result_of: Callable[[Reference], Json]) -> Json:
    """`value` with every reference replaced by what it refers to.

    result_of gives the whole result of a reference's step. Raises UnresolvedReference. Results are put in
    as values, never read as plan text: a result that contains `{$1}` stays as it is.
    """
    if isinstance(value, Reference):
        return follow(value, result_of(value))
    if isinstance(value, Template):
        return "".join(
            part if isinstance(part, str) else text_of(follow(part, result_of(part))) for part in value.parts
        )
    if isinstance(value, list):
        return [resolve(item, result_of) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, result_of) for key, item in value.items()}
    return value


def renumbered(step: Step, offset: int, previous: int | None = None) -> Step:
    """`step` with its id, and the ids it refers to, `offset` higher: for plans that count on from others.

    previous: how much higher to make the ids of the turn before, which then count as steps of this one.
    """
    args = {name: _renumbered(value, offset, previous) for name, value in step.args.items()}
    return Step(step.id + offset, step.tool, args)


def _renumbered(value: Value, offset: int, previous: int | None) -> Value:
    if isinstance(value, Reference):
        if not value.previous_turn:
            return Reference(value.step + offset, value.path)
        return value if previous is None else Reference(value.step + previous, value.path)
    if isinstance(value, Template):
        parts = (
            part if isinstance(part, str) else _renumbered(part, offset, previous) for part in value.parts
        )
        return Template(tuple(part for part in parts if isinstance(part, str | Reference)))
    if isinstance(value, list):
        return [_renumbered(item, offset, previous) for item in value]
    if isinstance(value, dict):
        return {key: _renumbered(item, offset, previous) for key, item in value.items()}
    return value


def follow(reference: Reference, result: Json) -> Json:
    """The part of a step's whole result that `reference` names. Raises UnresolvedReference."""
    value = result
    for part in reference.path:
        match value, part:
            case list(), int() if part < len(value):
                value = value[part]
            case dict(), str() if part in value:
                value = value[part]
            case _:
                raise UnresolvedReference(f"there is no {reference}: {_what_there_is(part, value)}")
    return value


def text_of(value: Json) -> str:
    """How a result reads inside text: text as it is, 3.0 as 3, a list of such joined by commas, else JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return ", ".join(text_of(item) for item in value)
    return json.dumps(value, ensure_ascii=False)


def _what_there_is(part: str | int, value: Json) -> str:
    wanted = f"item [{part}]" if isinstance(part, int) else f"field {part!r}"
    if isinstance(value, dict):
        return f"no {wanted} in a result with the fields {_names(list(value))}"
    if isinstance(value, list):
        return f"no {wanted} in a list of {len(value)}" if value else f"no {wanted} in an empty list"
    kind = "nothing" if value is None else "text" if isinstance(value, str) else json.dumps(value)
    return f"no {wanted}, the result is {kind}"


def _names(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown or "none"
