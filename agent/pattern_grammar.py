"""A schema's `pattern` (an ECMAScript regular expression) as the regular expression of a terminal.

Only patterns that mean the same in llguidance are taken over; of others (look-around, word boundaries,
back-references, anchors in the middle) the grammar enforces nothing, and the tool's own validation decides.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ANY = "(?s:.*)"
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_"}  # ASCII only, as ECMAScript has them
_LETTER_ESCAPES = "DWSsnrtfvxu"
_FOREIGN = re.compile(
    r"[\^$]|[+*?}]\+|\(\?(?!:)"
)  # anchors in the middle, possessive quantifiers, groups that look


class _Unsupported(Exception):
    """The pattern holds something that llguidance lacks or reads in another way."""


@lru_cache(maxsize=1024)
def pattern_terminal(pattern: str) -> str | None:
    """A terminal (with its slashes) for texts in which `pattern` is found; None when it can't be enforced.

    What is no regular expression at all is passed on: llguidance is the judge of that.
    """
    try:
        alternatives = [_Scanner(part).anchored() for part in _top_level_parts(pattern)]
    except (_Unsupported, IndexError):
        return None
    return f"/{'|'.join(alternatives)}/"


def _top_level_parts(pattern: str) -> list[str]:
    """`^a|b$` is `^a` and `b$`: each alternative has anchors of its own."""
    parts, depth, in_class, start, i = [], 0, False, 0, 0
    while i < len(pattern):
        character = pattern[i]
        if character == "\\":
            i += 1
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character == "|" and depth == 0:
            parts.append(pattern[start:i])
            start = i + 1
        depth += 0 if in_class else (character == "(") - (character == ")")
        i += 1
    return [*parts, pattern[start:]]


class _Scanner:
    """Rewrites one alternative, refusing what would change its meaning."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def anchored(self) -> str:
        """The alternative as a pattern of whole texts."""
        begins = self.source.startswith("^")
        ends = self.source.endswith("$") and not self.source.endswith("\\$")
        self.source = self.source[begins : len(self.source) - ends]
        inner = self._rewritten()
        return f"{'' if begins else _ANY}({inner}){'' if ends else _ANY}"

    def _rewritten(self) -> str:
        out: list[str] = []
        while self.at < len(self.source):
            character = self.source[self.at]
            if character == "\\":
                out.append(self._escape(in_class=False))
            elif character == "[":
                out.append(self._class())
            elif _FOREIGN.match(self.source, self.at):
                raise _Unsupported
            else:
                out.append(_plain(character))
                self.at += 1
        return "".join(out)

    def _escape(self, in_class: bool) -> str:
        character = self.source[self.at + 1]
        self.at += 2
        if character in _CLASSES:
            return _CLASSES[character] if in_class else f"[{_CLASSES[character]}]"
        if character.isalnum() and character not in _LETTER_ESCAPES:
            raise _Unsupported
        return "\\" + character if character.isalnum() else f"\\x{{{ord(character):x}}}"

    def _class(self) -> str:
        out = ["["]
        self.at += 1
        if self.source[self.at] == "^":
            out.append("^")
            self.at += 1
        while (character := self.source[self.at]) != "]":
            if character == "\\":
                out.append(self._escape(in_class=True))
                continue
            # Rust would read these as nested classes and set operations.
            if character == "[" or self.source.startswith(("&&", "--", "~~"), self.at):
                raise _Unsupported
            out.append(_plain(character))
            self.at += 1
        self.at += 1
        if out[-1] in ("[", "^"):
            raise _Unsupported  # an empty class
        return "".join(out) + "]"


def _plain(character: str) -> str:
    if character == "/" or ord(character) < 0x20:
        return f"\\x{{{ord(character):x}}}"
    return character
