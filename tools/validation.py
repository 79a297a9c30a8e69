"""Validators made by pydantic from plain JSON Schemas, and what they found wrong, said in words.

Checked: types, enum, anyOf, properties, required, additionalProperties, items, and every limit on length,
size and value. Not checked: format (a date may be "tomorrow at 2pm"), uniqueItems, not, if,
patternProperties. An object that names its properties takes no others unless it says so.
"""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import CoreSchema, SchemaValidator
from pydantic_core import core_schema as core

from .json_schema import JsonSchema

Validator = Callable[[Any], Any]
"""Takes a value, returns it coerced; raises pydantic's ValidationError."""


_LOGIN, _QUERY = re.compile(r"(://)[^\s'\"]*(@)"), re.compile(r"(://[^\s'\"?]*\?)[^\s'\"]+()")
_SUBJECT = re.compile(r"^(?:Input |String |List |Tuple |Dictionary |Value error, )")


def validator(schema: JsonSchema) -> Validator:
    """A validator for values of `schema`, which must be in plain form."""
    return SchemaValidator(_core(schema), core.CoreConfig(allow_inf_nan=False)).validate_python


def problems(error: ValidationError, name: str) -> list[str]:
    """What is wrong, one text each, with the path from `name` down: "to[1] should be a string, got {}".

    Names, passwords and queries of addresses are left out: some hold a key."""
    found = []
    for detail in error.errors(include_url=False, include_context=False):
        path = name + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
        message = _SUBJECT.sub("", detail["msg"]).replace(" after validation", "")
        if detail["type"] == "missing":
            found.append(f"{path} is missing")
        elif detail["type"] == "extra_forbidden":
            found.append(f"{path} is not known")
        else:
            got = repr(detail["input"])
            for secret in (_LOGIN, _QUERY):
                got = secret.sub(r"\1...\2", got)
            found.append(f"{path} {message[:1].lower()}{message[1:]}, got {got:.60}")
    return found


def unknown_names(value: Any, schema: JsonSchema, path: str = "") -> list[str]:
    """The names in `value` that `schema` doesn't know: "nmae is not known; did you mean name?"."""
    if isinstance(value, list):
        items = schema.get("items", {})
        return [text for n, item in enumerate(value) for text in unknown_names(item, items, f"{path}[{n}]")]
    properties = schema.get("properties")
    if not isinstance(value, dict) or properties is None:
        return []
    found, others = [], schema.get("additionalProperties", False)
    for name, part in value.items():
        full = f"{path}.{name}" if path else name
        if name in properties:
            found += unknown_names(part, properties[name], full)
        elif others is False:
            found.append(f"{full} is not known; {close_match(name, properties)}")
    return found


def close_match(name: str, names: Iterable[str]) -> str:
    """A hint to put after "`name` is not known": the name that was probably meant, or all there are."""
    names = list(names)
    by_lower_case = {known.lower(): known for known in names}
    close = get_close_matches(name.lower(), by_lower_case, n=1, cutoff=0.6)
    if close:
        return f"did you mean {by_lower_case[close[0]]}?"
    return f"there is {', '.join(names)}" if names else "there is none"


def _core(schema: JsonSchema) -> CoreSchema:
    if "enum" in schema:
        choices = schema["enum"]
        if all(choice is None or isinstance(choice, str | int | float) for choice in choices):
            return core.literal_schema(choices)
    if "anyOf" in schema:
        return core.union_schema([_core(branch) for branch in schema["anyOf"]])
    match schema.get("type"):
        case "string":
            return core.str_schema(
                min_length=schema.get("minLength"),
                max_length=schema.get("maxLength"),
                pattern=schema.get("pattern"),
                regex_engine="python-re",
            )
        case "integer":
            return core.int_schema(**_limits(schema))
        case "number":
            # A float validator alone would turn 3 into 3.0, which reads badly in an answer.
            return core.no_info_wrap_validator_function(_keep_int, core.float_schema(**_limits(schema)))
        case "boolean":
            return core.bool_schema()
        case "null":
            return core.none_schema()
        case "array":
            items = core.any_schema() if "items" not in schema else _core(schema["items"])
            return core.list_schema(
                items, min_length=schema.get("minItems"), max_length=schema.get("maxItems")
            )
        case "object":
            return _object(schema)
    return core.any_schema()


def _object(schema: JsonSchema) -> CoreSchema:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    others = schema.get("additionalProperties", not properties)
    if not properties:
        values = _core(others) if isinstance(others, dict) else core.any_schema()
        if others is False:
            return core.typed_dict_schema({}, extra_behavior="forbid")
        return core.dict_schema(core.str_schema(), values)
    fields = {
        name: core.typed_dict_field(_core(part), required=name in required)
        for name, part in properties.items()
    }
    if others is False:
        return core.typed_dict_schema(fields, extra_behavior="forbid")
    extras = _core(others) if isinstance(others, dict) else None
    return core.typed_dict_schema(fields, extra_behavior="allow", extras_schema=extras)


def _limits(schema: JsonSchema) -> dict[str, Any]:
    names = {
        "minimum": "ge",
        "maximum": "le",
        "exclusiveMinimum": "gt",
        "exclusiveMaximum": "lt",
        "multipleOf": "multiple_of",
    }
    return {limit: schema[key] for key, limit in names.items() if key in schema}


def _keep_int(value: Any, validate: Validator) -> Any:
    validated = validate(value)
    return value if type(value) is int else validated
