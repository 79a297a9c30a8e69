"""The text that a planner model reads: how a tool, a turn and the facts are written into prompt segments.

Training writes its examples with these same functions, so a change here is a change of the bundled model's
language and needs new weights.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

DIALECT = "scrubjay-1"

PAD = "<|pad|>"
SYSTEM = "<|system|>"
TOOL = "<|tool|>"
TURN = "<|turn|>"
FACTS = "<|facts|>"
REQUEST = "<|request|>"
PLAN = "<|plan|>"
RESULT = "<|result|>"
END = "<|end|>"
THINK = "<|think|>"
THINK_END = "<|/think|>"

SPECIAL_TOKENS = (PAD, SYSTEM, TOOL, TURN, FACTS, REQUEST, PLAN, RESULT, END, THINK, THINK_END)

MAX_ENUM_SHOWN = 16
MAX_RESULT_CHARACTERS = 200

_TYPE_WORDS = {"string": "str", "integer": "int", "number": "num", "boolean": "bool", "null": "null"}


def tool_text(schema: Mapping[str, Any]) -> str:
    """Write one tool schema as the text of its prompt segment.

    `schema` has `name`, `description`, `parameters` (a JSON Schema of type object) and `returns`.

        send_sms(to: [str], message: str) Send a text message. | to: Phone numbers; message: Text to send
        find_book(title: str) -> {isbn, shelf} Look a book up.
    """
    parameters = schema.get("parameters") or {}
    properties: Mapping[str, Any] = parameters.get("properties") or {}
    required = set(parameters.get("required") or ())
    signature = ", ".join(
        f"{name}{'' if name in required else '?'}: {type_text(spec)}" for name, spec in properties.items()
    )
    text = f"{schema['name']}({signature}){_returns_text(schema.get('returns'))}"
    if schema.get("description"):
        text += f" {schema['description']}"
    described = [f"{name}: {spec['description']}" for name, spec in properties.items() if _described(spec)]
    if described:
        text += " | " + "; ".join(described)
    return text


def tool_fingerprint(schema: Mapping[str, Any]) -> str:
    """Eight hex digits that tell tools apart by what a planner reads of them, `tool_text`."""
    return hashlib.sha256(tool_text(schema).encode()).hexdigest()[:8]


def type_text(spec: Any) -> str:
    """Write a parameter's JSON Schema as a short type: `str`, `[str]`, `low|high`, `{lat: num, lon: num}`."""
    if not isinstance(spec, Mapping):
        return "any"
    if "enum" in spec:
        shown = [str(value) for value in spec["enum"][:MAX_ENUM_SHOWN]]
        return "|".join(shown + ["..."] * (len(spec["enum"]) > MAX_ENUM_SHOWN))
    if "const" in spec:
        return str(spec["const"])
    kind = spec.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "null")
    if kind is None and (choices := spec.get("anyOf") or spec.get("oneOf")):
        return type_text(next((c for c in choices if c.get("type") != "null"), choices[0]))
    if kind == "string" and spec.get("format") in ("date-time", "date", "time"):
        return "time"
    if kind == "array":
        return f"[{type_text(spec.get('items') or {'type': 'string'})}]"
    if kind == "object":
        inner = ", ".join(
            f"{name}: {type_text(part)}" for name, part in (spec.get("properties") or {}).items()
        )
        return f"{{{inner}}}"
    return _TYPE_WORDS.get(str(kind), "any")


def facts_text(now: datetime, locale: str) -> str:
    """Write what is known without asking: `Monday 2026-11-23 14:05 en_GB`."""
    return f"{now:%A %Y-%m-%d %H:%M} {locale}"


def results_text(results: Sequence[Any]) -> str:
    """Write the results of an earlier turn, one per line: `$1: 555-0121`; long ones are cut."""
    return "\n".join(f"${number}: {_short(result)}" for number, result in enumerate(results, 1))


def _short(result: Any) -> str:
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_RESULT_CHARACTERS else text[:MAX_RESULT_CHARACTERS] + "..."


def _returns_text(returns: Any) -> str:
    fields = returns.get("properties") if isinstance(returns, Mapping) else None
    return f" -> {{{', '.join(fields)}}}" if fields else ""


def _described(spec: Any) -> bool:
    return isinstance(spec, Mapping) and bool(spec.get("description"))
