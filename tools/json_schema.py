"""JSON Schemas brought into one plain form, whoever wrote them.

In that form nothing refers to anything else (`$ref` is replaced by what it names), optional parameters don't
mention `null`, one-value choices are enums, titles are gone, and the keys stand in the order type, items,
properties, required, description, minimum, maximum, the rest. Planners, grammars and validators read only
this form.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from .errors import ToolDefinitionError

JsonSchema = dict[str, Any]

TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
MOST_PARTS = 5000
DEEPEST = 50

_FIRST_KEYS = ("type", "anyOf", "items", "properties", "required", "description", "minimum", "maximum")
_DROPPED_KEYS = {"title", "$schema", "$id", "$comment", "$defs", "definitions", "discriminator", "$ref"}


def flat_parameters(schema: object, tool: str) -> JsonSchema:
    """The parameters of `tool` in plain form, always with type, properties and required.

    Raises ToolDefinitionError when it isn't the schema of an object.
    """
    if not isinstance(schema, Mapping):
        raise ToolDefinitionError(
            f"{tool}: parameters must be a JSON Schema of an object, not {schema!r:.80}"
        )
    if (
        "properties" in schema
    ):  # where others write "either of these two arguments", the tool has to say so itself
        schema = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
    plain = flat_schema(schema, f"{tool}: parameters")
    if plain.get("type", "object") != "object" or "anyOf" in plain:
        raise ToolDefinitionError(
            f"{tool}: parameters must have type object with a property for each argument, not {plain!r:.80}"
        )
    plain = _without_nulls({"type": "object", "properties": {}, "required": [], **plain})
    return {key: plain[key] for key in ("type", "properties", "required")} | plain


def flat_schema(schema: Mapping[str, Any], where: str) -> JsonSchema:
    """`schema` in plain form. A type that contains itself is followed once. `where` is for error messages.

    Raises ToolDefinitionError for a type, a reference, a pattern or a part that no JSON Schema can have.
    """
    return _Flattening(schema).flat(schema, where, ())


class _Flattening:
    """One schema on its way into plain form. Counts its parts, which references can multiply without end."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.parts = 0

    def flat(self, schema: object, where: str, inside: tuple[str, ...]) -> JsonSchema:
        """`schema` in plain form; `inside` are the references that it was reached through."""
        self.parts += 1
        if self.parts > MOST_PARTS or where.count(".") > DEEPEST:
            raise ToolDefinitionError(
                f"{where[:100]}: the schema has more than {MOST_PARTS} parts or is more than {DEEPEST} deep"
            )
        if schema is True:
            return {}
        if not isinstance(schema, Mapping):
            raise ToolDefinitionError(f"{where} must be a JSON Schema (a JSON object), not {schema!r:.80}")
        reference = schema.get("$ref")
        if reference is not None:
            target = self.target(reference, where)
            own = {key: value for key, value in schema.items() if key != "$ref"}
            if reference in inside:
                target = {"type": target["type"]} if "type" in target else {}
            return self.flat({**target, **own}, where, (*inside, reference))
        _check_shape(schema, where)
        parts = {key: value for key, value in schema.items() if key not in _DROPPED_KEYS}
        _rewrite_choices(parts)
        for part in parts.pop("allOf", ()):
            parts = _merged(self.flat(part, f"{where}.allOf", inside), parts)
        if "anyOf" in parts:
            parts["anyOf"] = [self.flat(part, f"{where}.anyOf", inside) for part in parts["anyOf"]]
            _simplify_union(parts)
        if "items" in parts:
            parts["items"] = self.flat(parts["items"], f"{where}.items", inside)
            if not parts["items"]:
                del parts["items"]
        if isinstance(parts.get("additionalProperties"), Mapping):
            parts["additionalProperties"] = self.flat(parts["additionalProperties"], f"{where}.*", inside)
        if "properties" in parts:
            properties = parts["properties"].items()
            parts["properties"] = {
                name: self.flat(part, f"{where}.{name}", inside) for name, part in properties
            }
        if "type" not in parts and "anyOf" not in parts and ("properties" in parts or "items" in parts):
            parts["type"] = "object" if "properties" in parts else "array"
        return {key: parts[key] for key in _FIRST_KEYS if key in parts} | parts

    def target(self, reference: object, where: str) -> Mapping[str, Any]:
        """What a `$ref` names."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise ToolDefinitionError(
                f"{where} refers to {reference!r:.80}; only '#/$defs/...', inside the schema, is known"
            )
        found: Any = self.root
        for part in reference.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            raise ToolDefinitionError(f"{where} refers to {reference!r:.80}, which the schema doesn't define")
        return found


def _rewrite_choices(parts: JsonSchema) -> None:
    """`oneOf`, `const`, `nullable` and lists of types, in terms of `anyOf` and `enum`."""
    if "oneOf" in parts:
        parts["anyOf"] = parts.pop("oneOf")
    if "const" in parts:
        parts["enum"] = [parts.pop("const")]
    types = parts.get("type")
    names = list(types) if isinstance(types, list) else [types]
    if parts.pop("nullable", False) and types is not None:
        names.append("null")
    if len(names) > 1:
        rest = {key: parts.pop(key) for key in [*parts] if not _is_about_the_whole(key)}
        if "enum" in rest:
            rest["enum"] = [value for value in rest["enum"] if value is not None] or rest["enum"]
        parts["anyOf"] = [{"type": name} if name == "null" else {**rest, "type": name} for name in names]
    elif isinstance(types, list):
        parts["type"] = names[0]


def _simplify_union(parts: JsonSchema) -> None:
    """What stands beside `anyOf` goes into each branch; a single branch takes the place of the choice."""
    beside = {key: parts.pop(key) for key in [*parts] if key != "anyOf" and not _is_about_the_whole(key)}
    branches = [_merged(branch, {} if _is_null(branch) else beside) for branch in parts.pop("anyOf")]
    if {"type": "number"} in branches:
        branches = [branch for branch in branches if branch != {"type": "integer"}]
    if len(branches) > 1:
        parts["anyOf"] = branches
        return
    own = dict(parts)
    parts.clear()
    parts.update(branches[0] | own)


def _merged(one: JsonSchema, other: JsonSchema) -> JsonSchema:
    both = one | other
    if "properties" in one and "properties" in other:
        both["properties"] = one["properties"] | other["properties"]
    if "required" in one and "required" in other:
        both["required"] = [
            *one["required"],
            *(name for name in other["required"] if name not in one["required"]),
        ]
    return both


def _without_nulls(schema: JsonSchema) -> JsonSchema:
    """Optional properties, at any depth, without the null that others would pass for "left out"."""
    plain = dict(schema)
    if "items" in plain:
        plain["items"] = _without_nulls(plain["items"])
    if "anyOf" in plain:
        plain["anyOf"] = [_without_nulls(branch) for branch in plain["anyOf"]]
    if "properties" in plain:
        plain["properties"] = {
            name: _without_nulls(part if name in plain.get("required", []) else _never_null(part))
            for name, part in plain["properties"].items()
        }
    return plain


def _never_null(schema: JsonSchema) -> JsonSchema:
    plain = {key: value for key, value in schema.items() if key != "default" or value is not None}
    branches = [branch for branch in plain.get("anyOf", []) if not _is_null(branch)]
    if branches:
        plain["anyOf"] = branches
        _simplify_union(plain)
    return {key: plain[key] for key in _FIRST_KEYS if key in plain} | plain


def _is_null(schema: JsonSchema) -> bool:
    return schema.get("type") == "null"


def _is_about_the_whole(key: str) -> bool:
    return key in ("description", "default", "examples") or key.startswith("x-")


def _check_shape(schema: Mapping[str, Any], where: str) -> None:
    """Raise ToolDefinitionError for a keyword whose value no JSON Schema can have."""
    for key, (fits, wanted) in _SHAPES.items():
        if key in schema and not fits(schema[key]):
            raise ToolDefinitionError(f"{where}: {key} must be {wanted}, not {schema[key]!r:.80}")
    kinds = schema.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind is not None and kind not in TYPES:
            raise ToolDefinitionError(f"{where} has type {kind!r:.80}; JSON Schema knows {', '.join(TYPES)}")
    try:
        re.compile(schema.get("pattern", ""))
    except re.error as error:
        raise ToolDefinitionError(
            f"{where}: pattern {schema['pattern']!r} cannot be read: {error}"
        ) from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return _is_number(value) and value == int(value) >= 0  # type: ignore[call-overload]


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value)


def _is_list_of_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_schema(value: object) -> bool:
    return isinstance(value, Mapping | bool)


_SHAPES: dict[str, tuple[Callable[[object], bool], str]] = {
    "properties": (_is_object, "a JSON object of schemas"),
    "required": (_is_list_of_names, "a list of names"),
    "items": (_is_schema, "a schema"),
    "additionalProperties": (_is_schema, "a schema, true or false"),
    "pattern": (lambda value: isinstance(value, str), "text"),
    "type": (lambda value: isinstance(value, str) or _is_list(value), "a name or a list of names"),
}
_SHAPES |= dict.fromkeys(("enum", "anyOf", "oneOf", "allOf"), (_is_list, "a list with at least one entry"))
_SHAPES |= dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), (_is_count, "a count"))
_SHAPES |= dict.fromkeys(
    ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), (_is_number, "a number")
)
