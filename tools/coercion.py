"""Values as plans carry them, made to fit the text that a parameter asks for.

A plan may hand one step's result to another whole: the number from a conversion as the message of a text, the
titles that a search found as the body of a note. Types that pydantic would refuse there have one obvious
text.
"""

import re
from typing import Any

from .json_schema import JsonSchema

_SURROGATE = re.compile("[\ud800-\udfff]")


def fitted(value: Any, schema: JsonSchema) -> Any:
    """`value` with numbers, booleans and lists of them turned into text wherever `schema` asks for a string.

    Everything else is returned as it is, for the validator to judge.
    """
    match schema.get("type"):
        case "string" if "enum" not in schema:
            return _as_text(value)
        case "array" if isinstance(value, list) and "items" in schema:
            return [fitted(item, schema["items"]) for item in value]
        case "object" if isinstance(value, dict):
            properties = schema.get("properties", {})
            return {name: fitted(part, properties.get(name, {})) for name, part in value.items()}
    return value


def holds_broken_text(value: Any) -> bool:
    """Whether a string in `value` has half of a surrogate pair, which JSON can write and no file can hold."""
    match value:
        case str():
            return _SURROGATE.search(value) is not None
        case list():
            return any(map(holds_broken_text, value))
        case dict():
            return any(holds_broken_text(part) for item in value.items() for part in item)
    return False


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(int(value)) if value == value // 1 and abs(value) < 1e15 else str(value)
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(str(_as_text(item)) for item in value)
    return value
