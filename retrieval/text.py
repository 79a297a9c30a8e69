"""What retrieval reads of a tool: a text for the embedder, and words for BM25."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..tools.tool import Tool

_WORD = re.compile(r"[^\W_]+")
_CHANGE_OF_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def name_words(name: str) -> str:
    """A name as words: `getUser_names` is `get user names`."""
    return _BETWEEN_WORDS.sub(" ", _CHANGE_OF_CASE.sub(" ", name)).strip().lower()


def tool_text(tool: Tool) -> str:
    """What the embedder reads: what tells most comes first, for the end is cut off.

    `get weather. Look at the sky. e.g. will it rain? | city: a town; days`
    """
    description = " ".join(tool.description.split())
    text = f"{name_words(tool.name)}. {'' if description == tool.name else description}"
    if tool.examples:
        text += f" e.g. {' / '.join(tool.examples)}"
    described = (
        f"{name_words(name)}: {schema['description']}" if schema.get("description") else name_words(name)
        for name, schema in tool.parameters["properties"].items()
    )
    return f"{text} | {'; '.join(described)}".removesuffix(" | ")


def tool_words(tool: Tool) -> Iterator[str]:
    """The words of its name, description, parameters, result and examples, as often as they stand there."""
    yield from words(tool.name)
    if tool.description != tool.name:
        yield from words(tool.description)
    for name, schema in tool.parameters["properties"].items():
        yield from words(name)
        yield from words(str(schema.get("description", "")))
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
