"""Which tools find what another tool needs: an email address to write to, the path of a file to open.

Read from schemas: the words in which a required parameter is described hold all words in which a result is
described ("Recipients' email addresses" and "Email address").
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..tools.effect import Effect
from ..tools.tool import Tool
from .text import SAY_NOTHING, words

_LOOKS_UP = frozenset(("find", "get", "list", "look", "lookup", "query", "resolve", "retrieve", "search"))
_NOT_SAID = frozenset(
    words(
        "account address code coordinate handle hash id identifier isbn key latitude link longitude path "
        "phone reference sku ticker token uri url uuid"
    )
)
"""What programs ask for and people don't say: for the rest, the request is the source."""


class Givers:
    """Tools that look something up, by what they give."""

    def __init__(self) -> None:
        self._by_word: dict[str, dict[frozenset[str], set[str]]] = {}
        self._tools: dict[str, Tool] = {}

    def add(self, tool: Tool) -> None:
        """Add a tool, if it only looks something up that others need."""
        if not _only_looks_up(tool):
            return
        for result in _results(tool):
            self._tools[tool.name] = tool
            for word in result & _NOT_SAID:
                self._by_word.setdefault(word, {}).setdefault(result, set()).add(tool.name)

    def remove(self, name: str) -> None:
        """Take a tool out, if it is there."""
        tool = self._tools.pop(name, None)
        for result in _results(tool) if tool else ():
            for word in result & _NOT_SAID:
                self._by_word[word][result].discard(name)
                if not self._by_word[word][result]:
                    del self._by_word[word][result]

    def of(self, tool: Tool) -> list[Tool]:
        """Those that give something which `tool` cannot do without, and don't need the same themselves."""
        found: dict[str, Tool] = {}
        for need in _needs(tool):
            for word in need & _NOT_SAID:
                for result, names in self._by_word.get(word, {}).items():
                    if result <= need:
                        found |= {name: self._tools[name] for name in names if name != tool.name}
        return [other for other in found.values() if not _share(_needs(other), _results(other))]


def _only_looks_up(tool: Tool) -> bool:
    return tool.effect is Effect.READ or next(words(tool.name), "") in _LOOKS_UP


def _needs(tool: Tool) -> list[frozenset[str]]:
    properties = tool.parameters["properties"]
    required = tool.parameters.get("required", ())
    return [
        _content(f"{name} {properties[name].get('description', '')}")
        for name in required
        if name in properties
    ]


def _results(tool: Tool) -> list[frozenset[str]]:
    """What it gives that people don't say, in words that say enough to be told from other things."""
    fields: Any = tool.returns.get("properties", {})
    texts = [str(tool.returns.get("description", "")), *map(str, fields)]
    sets = [_content(text) for text in texts]
    return [result for result in sets if len(result) >= 2 and result & _NOT_SAID]


def _share(needs: list[frozenset[str]], results: list[frozenset[str]]) -> bool:
    return any(result <= need for result in results for need in needs)


@lru_cache(maxsize=1 << 13)  # asked for the parameters of what every request finds
def _content(text: str) -> frozenset[str]:
    return frozenset(word.removesuffix("'") for word in words(text)) - SAY_NOTHING
