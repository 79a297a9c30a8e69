"""Evidence: the texts that a string argument may be copied from, cut into the chunks that a span is made of.

A span is a run of neighbouring chunks of one text. Chunks are words, numbers, white space, single punctuation
marks, and single characters in scripts that don't put spaces between words; docs/grammar.md draws it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from .plan import Json, print_string

MAX_CHUNKS = 40_000
"""How many chunks all texts may have together: enough for 100,000 characters of English, in 0.1 s a line."""

MAX_CHUNK = 200
"""Characters of a chunk. A longer word is cut into pieces, and no span crosses longer white space: llguidance
looks that far ahead, and gives up when it has to look too far."""

_BARRIER = "\x01"
"""Stands between two texts. No span can hold it, since a JSON string has no raw control characters."""

_ASCII_CHUNK = re.compile(r"[A-Za-z]+|[0-9]+|[ \t\n\r\f\v]+|\{\$|.", re.DOTALL)
_WORD_CHARACTER = re.compile(r"[^\W\d_]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Scripts written without spaces between words, or with particles attached to them: each letter is a chunk.
_CHARACTER_SCRIPTS = (
    (0x0E00, 0x0EFF, "Thai, Lao"),
    (0x0F00, 0x0FFF, "Tibetan"),
    (0x1000, 0x109F, "Myanmar"),
    (0x1100, 0x11FF, "Hangul letters"),
    (0x1780, 0x17FF, "Khmer"),
    (0x1950, 0x19DF, "Tai Le, New Tai Lue"),
    (0x1A20, 0x1AAF, "Tai Tham"),
    (0x2E80, 0xA4CF, "radicals, kana, bopomofo, Han, Yi"),
    (0xA960, 0xA97F, "Hangul letters"),
    (0xA9E0, 0xA9FF, "Myanmar"),
    (0xAA60, 0xAADF, "Myanmar, Tai Viet"),
    (0xAC00, 0xD7FF, "Hangul"),
    (0xF900, 0xFAFF, "Han"),
    (0xFF66, 0xFFDC, "half-width kana and Hangul"),
    (0x1B000, 0x1B16F, "kana"),
    (0x20000, 0x3FFFF, "Han"),
)


def repair_text(text: str) -> str:
    """`text` as UTF-8 can hold it: surrogate pairs joined, halves without a partner replaced by U+FFFD."""
    if not _LONE_SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def chunks_of(text: str) -> list[str]:
    """The chunks of `text`, in order; joined they are `text`.

    `{$` stays together, since it is escaped as a whole: a span cannot start between the two.
    """
    if text.isascii():
        return _ASCII_CHUNK.findall(text)
    return list(_join_clusters(text))


def escaped_chunks(texts: Iterable[str]) -> list[str]:
    """The chunks of all texts as they stand in a plan (JSON-escaped), with a barrier between two texts.

    A text that repeats an earlier one is left out. Of texts with more than MAX_CHUNKS chunks together, each
    text in turn gets what is left of that number; a text that is cut keeps its beginning and its end.
    """
    room = MAX_CHUNKS
    known: list[str] = []
    for text in dict.fromkeys(repair_text(text) for text in texts):
        if not text.strip() or room <= 0:
            continue
        chunks = [piece for chunk in chunks_of(text) for piece in _escaped(chunk)]
        if len(chunks) > room:
            chunks = [*chunks[: room // 2], _BARRIER, *chunks[len(chunks) - room // 2 :]]
        room -= len(chunks)
        known += [*chunks, _BARRIER]
    return known[:-1]


def texts_in(value: Json) -> Iterator[str]:
    """Every text and number inside a JSON value such as a tool's result, keys aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_in(item)


def _escaped(chunk: str) -> list[str]:
    if len(chunk) <= MAX_CHUNK:
        return [print_string(chunk)[1:-1]]
    if chunk.isspace():
        return [_BARRIER]
    return [print_string(chunk[i : i + MAX_CHUNK])[1:-1] for i in range(0, len(chunk), MAX_CHUNK)]


def _join_clusters(text: str) -> Iterator[str]:
    """Words, numbers and white space as runs; other characters alone, with the marks that belong to them."""
    chunk, kind = "", ""
    for character in text:
        next_kind = _kind(character)
        if chunk and _belongs(chunk, kind, character, next_kind):
            chunk += character
            continue
        if chunk:
            yield chunk
        chunk, kind = character, next_kind
    if chunk:
        yield chunk


def _belongs(chunk: str, kind: str, character: str, next_kind: str) -> bool:
    if next_kind == "mark":
        return kind != "space"
    if next_kind == "flag":
        return kind == "flag" and len(chunk) == 1
    if chunk.endswith("\u200d"):  # zero-width joiner: 👩 + joiner + 🚀 is one astronaut
        return next_kind == kind or kind == "other"
    if chunk == "{" and character == "$":
        return True
    return next_kind == kind and kind in ("word", "number", "space")


@lru_cache(maxsize=32_768)
def _kind(character: str) -> str:
    code = ord(character)
    if 0x1F1E6 <= code <= 0x1F1FF:
        return "flag"  # two regional indicators make one flag
    category = unicodedata.category(character)
    if category.startswith("M") or character in "\u200c\u200d" or _modifies_emoji(code):
        return "mark"
    if character.isspace():
        return "space"
    if category == "Nd":
        return "number"
    if any(first <= code <= last for first, last, _ in _CHARACTER_SCRIPTS):
        return "other"
    return "word" if _WORD_CHARACTER.match(character) else "other"


def _modifies_emoji(code: int) -> bool:
    return 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F  # skin tones, tags of regional flags
