"""A tool's `say` template: how the result of a call is put to the person, without a model.

A template is text with `{result}`, the tool's arguments by name, and paths into either: `{result.email}`,
`{result[0].title}`. Braces are doubled to stand for themselves, as in `str.format`.
"""

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from .errors import ToolDefinitionError

_PATH = re.compile(r"(\w[\w-]*)((?:\.\w[\w-]*|\[\d+\])*)")
_PATH_PART = re.compile(r"\.(\w[\w-]*)|\[(\d+)\]")


def say(template: str, arguments: Mapping[str, Any], result: Any) -> str:
    """The sentence for a call with `arguments` that returned `result` (both as JSON values).

    Lists are read out as "a, b and c", booleans as yes or no; an argument that was left out is empty text,
    and an empty list or text in the result is "nothing".
    """
    written = []
    for text, path in _parts(template):
        written.append(text)
        if path:
            name, rest = _split(path)
            found = _follow(result if name == "result" else arguments.get(name), rest)
            written.append(spoken(found) or ("nothing" if name == "result" else ""))
    return "".join(written)


def check_template(template: str, parameters: Mapping[str, Any], tool: str) -> None:
    """Raise ToolDefinitionError when `template` names something that a call of `tool` doesn't have."""
    try:
        names = [_split(path)[0] for _, path in _parts(template) if path is not None]
    except ValueError as error:
        raise ToolDefinitionError(f"{tool}: say={template!r} is not a template: {error}") from error
    for name in names:
        if name != "result" and name not in parameters:
            known = ", ".join(["{result}", *(f"{{{parameter}}}" for parameter in parameters)])
            raise ToolDefinitionError(f"{tool}: say={template!r} names {{{name}}}; it may name {known}")


def spoken(value: Any) -> str:
    """A JSON value as words: 3.0 is "3", a list "a, b and c", an object "name: Sid, phone: 555-0101"."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return _number(value)
        case list():
            items = [spoken(item) for item in value]
            return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)
        case dict():
            return ", ".join(f"{key}: {spoken(item)}" for key, item in value.items())
    return str(value)


def _number(value: float) -> str:
    """Six significant digits, all digits before the point, and no exponent for everyday sizes."""
    if value == 0 or not 1e-4 <= abs(value) < 1e15:
        return f"{value:.6g}"
    magnitude = int(f"{value:.5e}".partition("e")[2])
    text = f"{value:.{max(0, 5 - magnitude)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _parts(template: str) -> Iterator[tuple[str, str | None]]:
    for text, path, specification, conversion in Formatter().parse(template):
        if specification or conversion:
            raise ValueError("a field is a name and a path, without a format")
        yield text, path


def _split(path: str) -> tuple[str, list[str | int]]:
    found = _PATH.fullmatch(path)
    if found is None:
        raise ValueError(f"{{{path}}} is not a name with a path such as {{result.email}}")
    return found[1], [name or int(index) for name, index in _PATH_PART.findall(found[2])]


def _follow(value: Any, path: list[str | int]) -> Any:
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value
