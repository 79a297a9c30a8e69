"""What retrieval reads of a tool: a text for the embedder, and words for BM25."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..tools.tool import Tool

MOST_CHOICES = 8
"""Values of a parameter that the embedder reads; BM25 has all of them."""

_WORD = re.compile(r"[^\W_]+")
_CHANGE_OF_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def name_words(name: str) -> str:
    """A name as words: `getUser_names` is `get user names`."""
    return _BETWEEN_WORDS.sub(" ", _CHANGE_OF_CASE.sub(" ", name)).strip().lower()


def tool_text(tool: Tool) -> str:
    """What the embedder reads: what tells most comes first, for the end is cut off.

    `get weather. Look at the sky. | place: a town; unit: celsius, kelvin | gives wind, rain`
    """
    description = " ".join(tool.description.split())
    text = f"{name_words(tool.name)}. {'' if description == tool.name else description}"
    asked = "; ".join(_parameter(name, schema) for name, schema in tool.parameters["properties"].items())
    if asked:
        text += f" | {asked}"
    if fields := tool.returns.get("properties"):
        text += f" | gives {', '.join(map(name_words, fields))}"
    return text


def _parameter(name: str, schema: Mapping[str, Any]) -> str:
    """`unit: celsius, kelvin`: what is said of it, and what may be chosen."""
    said = [schema["description"]] if schema.get("description") else []
    said += map(str, choices(schema)[:MOST_CHOICES])
    return f"{name_words(name)}: {', '.join(said)}" if said else name_words(name)


def choices(schema: Mapping[str, Any]) -> Sequence[Any]:
    """The values that a parameter, or an item of it, may have, where they are listed."""
    found: Sequence[Any] = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    return found


def tool_words(tool: Tool) -> Iterator[str]:
    """The words of its name, description, parameters, result and examples, as often as they stand there."""
    yield from words(tool.name)
    if tool.description != tool.name:
        yield from words(tool.description)
    for name, schema in tool.parameters["properties"].items():
        yield from words(name)
        yield from words(str(schema.get("description", "")))
        for choice in choices(schema):
            yield from words(str(choice))
    yield from words(str(tool.returns.get("description", "")))
    for example in tool.examples:
        yield from words(example)


def words(text: str) -> Iterator[str]:
    """Lower-case words; names are parted: getUser_names is get, user, name."""
    for match in _WORD.finditer(_CHANGE_OF_CASE.sub(" ", text)):
        yield _singular(match[0].lower())


def _singular(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    return word[:-2] if word.endswith(("sses", "ches", "shes", "xes")) else word[:-1]


SAY_NOTHING = frozenset(words("a an and as by for from in is it its new of on or that the this to with"))
"""Words that tell no tool from another."""
