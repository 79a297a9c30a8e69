"""JSON Schema made plain: `$ref`, `allOf`, `anyOf`, `oneOf` and lists of types become a list of alternatives.

Schemas come from others (MCP servers, files), so nothing is trusted: references may run in circles,
alternatives may multiply, and any key may hold anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .plan import Json

Schema: TypeAlias = Any
"""A JSON Schema as it was read: an object, true or false, or whatever somebody wrote in its place."""

Flat: TypeAlias = dict[str, Schema]
"""A schema without $ref, allOf, anyOf and oneOf."""

Kind: TypeAlias = Literal[
    "literal", "string", "integer", "number", "boolean", "null", "array", "object", "any"
]

TYPES: tuple[Kind, ...] = ("string", "integer", "number", "boolean", "null", "array", "object")
MAX_STEPS = 20_000
"""How many schema objects one tool may have, with every `$ref` followed."""

_INDEX = re.compile(r"[0-9]{1,9}")
_COMBINING = ("$ref", "allOf", "anyOf", "oneOf")
_TELLING: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("object", ("properties", "additionalProperties", "required")),
    ("array", ("items", "prefixItems", "minItems", "maxItems")),
    ("string", ("minLength", "maxLength", "pattern", "format")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)
"""What a schema without `type` is about, by the first keyword that only that type has."""


class MalformedSchema(ValueError):
    """A schema that is no JSON Schema, or more than can be offered. The message says what is wrong."""


class TooLargeSchema(MalformedSchema):
    """More parts than can be offered; with less nesting there may be few enough."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative of a schema: values of one kind, with the keywords that say more about them.

    values: for the kind `literal` (enum, const), the values themselves.
    """

    kind: Kind
    schema: Mapping[str, Schema]
    values: tuple[Json, ...] = ()


class Branches:
    """Splits the schemas of one document, `root`, which `$ref` points into."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._steps = 0

    def of(self, schema: Schema) -> list[Branch]:
        """The alternatives of `schema`; none when nothing can satisfy it. Raises MalformedSchema."""
        return [branch for flat in self._flat(schema, frozenset()) for branch in _kinds(flat)]

    def _flat(self, schema: Schema, inside: frozenset[str]) -> list[Flat]:
        """Schemas without combining keywords; a value satisfies `schema` when it satisfies one of them.

        inside: the `$ref`s being followed. One that leads back to itself adds no value of its own.
        """
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooLargeSchema(f"it has more than {MAX_STEPS} parts, with every $ref followed")
        if isinstance(schema, bool):
            return [{}] if schema else []
        if not isinstance(schema, Mapping):
            raise MalformedSchema(f"a schema must be an object, but this is {shown(schema)}")
        alternatives = [{key: value for key, value in schema.items() if key not in _COMBINING}]
        for choices in self._choices(schema, inside):
            alternatives = list(self._both(alternatives, choices))
        return alternatives

    def _choices(self, schema: Mapping[str, Schema], inside: frozenset[str]) -> Iterator[list[Flat]]:
        """What each combining keyword leaves to choose from; a value satisfies one schema of every list."""
        if "$ref" in schema:
            reference = schema["$ref"]
            found = self._resolved(reference)
            yield [] if reference in inside else self._flat(found, inside | {reference})
        for part in _list_of(schema, "allOf"):
            yield self._flat(part, inside)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                yield [flat for part in _list_of(schema, key) for flat in self._flat(part, inside)]

    def _both(self, some: Iterable[Flat], others: Sequence[Flat]) -> Iterator[Flat]:
        for one in some:
            for other in others:
                self._steps += 1
                if self._steps > MAX_STEPS:
                    raise TooLargeSchema(f"its alternatives multiply to more than {MAX_STEPS}")
                if (merged := _merged(one, other)) is not None:
                    yield merged

    def _resolved(self, reference: Schema) -> Schema:
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise MalformedSchema(
                f"$ref {shown(reference)} leads outside of the schema; only #/... can be followed"
            )
        found = self._root
        for part in reference.split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and part in found:
                found = found[part]
            elif isinstance(found, list) and _INDEX.fullmatch(part) and int(part) < len(found):
                found = found[int(part)]
            else:
                raise MalformedSchema(f"$ref {shown(reference)} leads nowhere")
        return found


def nesting(value: object) -> int:
    """How deep dicts and lists are nested in `value`; it stops counting at 1,000."""
    depth, level = 0, [value]
    while level and depth < 1_000:
        inner: list[object] = []
        for item in level:
            if isinstance(item, Mapping):
                inner.extend(item.values())
            elif isinstance(item, list | tuple):
                inner.extend(item)
        level = [item for item in inner if isinstance(item, Mapping | list | tuple)]
        depth += 1
    return depth


def count_in(schema: Mapping[str, Schema], keyword: str) -> int | None:
    """The count that a keyword such as minItems holds; None when it isn't there. Raises MalformedSchema."""
    value = schema.get(keyword)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or value < 0:
        raise MalformedSchema(f"{keyword} must be a whole number, but it is {shown(value)}")
    return int(value)


def _kinds(schema: Flat) -> Iterator[Branch]:
    """One branch a type; an enum or const is one branch of the values that have a type asked for."""
    types = _types(schema)
    if "const" in schema or "enum" in schema:
        values = _list_of(schema, "enum")
        if "const" in schema:
            constant = schema["const"]
            allowed = "enum" not in schema or any(_same(constant, value) for value in values)
            values = [constant] if allowed else []
        fitting = tuple(value for value in values if types is None or any(_has_type(value, t) for t in types))
        if fitting:
            yield Branch("literal", schema, fitting)
        return
    for kind in types if types is not None else (_guessed(schema),):
        yield Branch(kind, schema)


def _types(schema: Mapping[str, Schema]) -> list[Kind] | None:
    """The types that the schema names; None when it names none."""
    named = schema.get("type")
    if named is None:
        return None
    listed = list(named) if isinstance(named, list | tuple) else [named]
    for name in listed:
        if name not in TYPES:
            raise MalformedSchema(f"type {shown(name)} is not one of {', '.join(TYPES)}")
    return [kind for kind in TYPES if kind in listed and not (kind == "integer" and "number" in listed)]


def _guessed(schema: Mapping[str, Schema]) -> Kind:
    return next((kind for kind, keys in _TELLING if any(key in schema for key in keys)), "any")


def _has_type(value: Json, kind: Kind) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return kind in ("integer", "number")
    python = {"string": str, "number": float, "null": type(None), "array": list, "object": dict}.get(kind)
    return python is not None and isinstance(value, python)


def _merged(one: Flat, other: Flat) -> Flat | None:
    """A schema for the values that satisfy both; None when it is plain that none do."""
    merged = dict(one)
    for key, value in other.items():
        if key not in merged:
            merged[key] = value
        elif key in _MERGE:
            try:
                merged[key] = _MERGE[key](merged[key], value)
            except (TypeError, ValueError):
                problem = f"{key} is {shown(merged[key])} here and {shown(value)} there"
                raise MalformedSchema(problem) from None
            if key in ("type", "enum") and not merged[key]:
                return None
        elif key == "const" and not _same(merged[key], value):
            return None
    return merged


def _merge_types(one: Schema, other: Schema) -> list[Kind]:
    a, b = _types({"type": one}) or [], _types({"type": other}) or []
    both = [kind for kind in a if kind in b]
    if ("integer" in a and "number" in b) or ("number" in a and "integer" in b):
        both.append("integer")
    return both


def _merge_properties(one: Schema, other: Schema) -> dict[str, Schema]:
    merged: dict[str, Schema] = dict(one)
    for name, schema in dict(other).items():
        merged[name] = schema if name not in merged else {"allOf": [merged[name], schema]}
    return merged


def _merge_enums(one: Schema, other: Schema) -> list[Json]:
    return [value for value in one if any(_same(value, another) for another in other)]


def _merge_required(one: Schema, other: Schema) -> list[str]:
    return list(dict.fromkeys([*one, *other]))


def _merge_schemas(one: Schema, other: Schema) -> Schema:
    if one is False or other is False:
        return False
    return {"allOf": [one, other]}


_MERGE: Mapping[str, Callable[[Schema, Schema], Schema]] = {
    "type": _merge_types,
    "enum": _merge_enums,
    "required": _merge_required,
    "properties": _merge_properties,
    "items": _merge_schemas,
    "additionalProperties": _merge_schemas,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}


def _list_of(schema: Mapping[str, Schema], key: str) -> Sequence[Schema]:
    value = schema.get(key, ())
    if not isinstance(value, list | tuple):
        raise MalformedSchema(f"{key} must be a list, but this is {shown(value)}")
    return value


def _same(one: Json, other: Json) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def shown(value: object) -> str:
    """A short picture of any value, for an error message."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:60] + "..."
