"""Which references a line may hold: every result so far, and every part of it that is known to exist.

A reference is offered where the kind of what it stands for can fill the place: a number never gets an
object, but a string gets any scalar and, as a whole value, a list (its text). What is not known is offered
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from .plan import BARE_NAME, Json, print_string
from .schema_branches import Branch, Branches, Kind, MalformedSchema, Schema

MAX_PARTS = 200
"""How many parts of one result are offered."""

MAX_PATH = 4
"""How long the path to a part may be."""

_INDEX = r"\[(0|[1-9][0-9]?)\]"
_ANYWHERE = rf"(\.[A-Za-z_][A-Za-z0-9_]*|{_INDEX}){{1,{MAX_PATH}}}"
_FILLS: Mapping[Kind, frozenset[Kind]] = {
    "string": frozenset({"string", "integer", "number", "boolean", "array"}),
    "integer": frozenset({"integer", "number"}),
    "number": frozenset({"integer", "number"}),
    "boolean": frozenset({"boolean"}),
    "null": frozenset(),
    "array": frozenset({"array"}),
    "object": frozenset({"object"}),
    "any": frozenset({"string", "integer", "number", "boolean", "array", "object"}),
}

Kinds = frozenset[Kind]
ANYTHING: Kinds = _FILLS["any"]
TEXT: Kinds = _FILLS["string"]
"""The kinds whose text may stand inside a string, as in `"about {$1}"`."""


@dataclass(frozen=True, slots=True)
class Part:
    """One result or a part of it: a regular expression for references to it, and its kind (any: unknown)."""

    pattern: str
    kind: Kind


def kinds_that_fill(branches: Iterable[Branch], in_array: bool) -> Kinds:
    """The kinds of results that can stand for a value of any of these branches.

    in_array: the value is an item of a list, where a list's text makes no sense.
    """
    fitting: set[Kind] = set()
    for branch in branches:
        if branch.kind == "literal":
            kinds = {_kind_of(value) for value in branch.values}
            fitting |= kinds | ({"integer", "number"} if kinds & {"integer", "number"} else set())
        elif branch.kind == "string" and in_array:
            fitting |= _FILLS["string"] - {"array"}
        else:
            fitting |= _FILLS[branch.kind]
    return frozenset(fitting - {"null"})


def parts_of_step(step: int, returns: Schema) -> tuple[Part, ...]:
    """The result of step `step` and its parts, as far as the schema of what it returns tells."""
    try:
        return tuple(islice(_parts(f"\\${step}", returns, Branches(returns), 0), MAX_PARTS))
    except MalformedSchema:
        return (Part(f"\\${step}({_ANYWHERE})?", "any"),)


def parts_of_result(step: int, result: Json) -> tuple[Part, ...]:
    """The result of step `step` of the turn before and its parts, as they are; none for a result of None."""
    return tuple(islice(_parts_of_value(f"\\$0\\.{step}", result, 0), MAX_PARTS))


def references_that_fill(parts: Sequence[Part], kinds: Kinds) -> str | None:
    """A terminal (with its slashes) for references to what has one of these kinds; None without any."""
    fitting = [part.pattern for part in parts if part.kind == "any" or part.kind in kinds]
    return f"/{'|'.join(fitting)}/" if fitting else None


def in_text(reference: str) -> str:
    """The terminal `reference` as it reads inside a string: quotes and backslashes of field names escaped."""
    return reference.replace(r"\x{22}", r"\\\x{22}").replace(r"\x{5c}", r"\\\x{5c}")


def _parts(path: str, schema: Schema, branches: Branches, length: int) -> Iterator[Part]:
    for branch in branches.of(schema):
        if branch.kind == "null":
            continue
        if branch.kind == "literal":
            kinds = dict.fromkeys(map(_kind_of, branch.values))
            yield from (Part(path, kind) for kind in kinds if kind != "null")
        elif branch.kind == "any":
            yield Part(f"{path}({_ANYWHERE})?", "any")
        elif branch.kind == "object":
            yield from _object_parts(path, branch, branches, length)
        elif branch.kind == "array":
            yield from _array_parts(path, branch, branches, length)
        else:
            yield Part(path, branch.kind)


def _object_parts(path: str, branch: Branch, branches: Branches, length: int) -> Iterator[Part]:
    yield Part(path, "object")
    properties = branch.schema.get("properties")
    if not isinstance(properties, Mapping):
        yield Part(path + _ANYWHERE, "any")
    elif length < MAX_PATH:
        for name, schema in properties.items():
            if (field := _field(name)) is not None:
                yield from _parts(path + field, schema, branches, length + 1)


def _array_parts(path: str, branch: Branch, branches: Branches, length: int) -> Iterator[Part]:
    yield Part(path, "array")
    items = branch.schema.get("items", True)
    if items is True or items == {}:
        yield Part(f"{path}{_INDEX}({_ANYWHERE})?", "any")
    elif length < MAX_PATH:
        yield from _parts(path + _INDEX, items, branches, length + 1)


def _parts_of_value(path: str, value: Json, length: int) -> Iterator[Part]:
    kind = _kind_of(value)
    if kind == "null":
        return
    yield Part(path, kind)
    if length == MAX_PATH:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            if (field := _field(name)) is not None:
                yield from _parts_of_value(path + field, item, length + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _parts_of_value(f"{path}\\[{index}\\]", item, length + 1)


def _kind_of(value: Json) -> Kind:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "null" if value is None else "object"


def _field(name: object) -> str | None:
    """A pattern for the path to a field; None for a name that no text can hold."""
    if not isinstance(name, str) or len(name) > 100:
        return None
    if BARE_NAME.fullmatch(name):
        return f"\\.{name}"
    try:
        text = f"[{print_string(name)}]".encode().decode()
    except UnicodeEncodeError:
        return None
    return "".join(character if character.isalnum() else f"\\x{{{ord(character):x}}}" for character in text)
