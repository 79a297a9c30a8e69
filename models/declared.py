"""What a model's file declares under Scrubjay's own keys, checked on loading: anybody can write one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

from .errors import ModelFileError
from .kv_types import KVType
from .metadata import Metadata, Value


def check_declared(path: Path, metadata: Metadata) -> None:
    """Raises `ModelFileError`, which names the key, for a value that a key cannot have. Keys that nobody here
    knows may have any."""
    for key, (fits, expected) in _DECLARED.items():
        if key in metadata and not fits(metadata[key]):
            shown = repr(metadata[key])[:60]
            raise ModelFileError(path, f"its metadata has {key} = {shown}", expected)


def _is_text(value: Value) -> bool:
    return isinstance(value, str)


def _is_switch(value: Value) -> bool:
    return isinstance(value, bool)


def _is_count(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_kv_type(value: Value) -> bool:
    return value in list(KVType)


def _are_tokens(value: Value) -> bool:
    try:
        tokens = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return False
    return isinstance(tokens, dict) and all(type(token) is int for token in tokens.values())


_Kind = tuple[Callable[[Value], bool], str]
_TEXT: _Kind = (_is_text, "a text")
_SWITCH: _Kind = (_is_switch, "true or false")
_COUNT: _Kind = (_is_count, "a whole number, 0 or more")
_NUMBER: _Kind = (_is_number, "a finite number")

_DECLARED: dict[str, _Kind] = {
    "scrubjay.dialect": _TEXT,
    "scrubjay.parallel_segments": _SWITCH,
    "scrubjay.evidence": _SWITCH,
    "scrubjay.facts": _SWITCH,
    "scrubjay.corpus": _TEXT,
    "scrubjay.recipe": _TEXT,
    "scrubjay.requests": _COUNT,
    "scrubjay.tools": _TEXT,
    "scrubjay.weights": _TEXT,
    "scrubjay.confidence.scale": _NUMBER,
    "scrubjay.confidence.offset": _NUMBER,
    "scrubjay.confidence.new.scale": _NUMBER,
    "scrubjay.confidence.new.offset": _NUMBER,
    "scrubjay.kv_type": (_is_kv_type, ", ".join(KVType)),
    "scrubjay.special_tokens": (_are_tokens, "the JSON of texts and the numbers of their tokens"),
}
