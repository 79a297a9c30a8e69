"""Plans as JSON, written like the corpus: references are the strings "$1", "$1.field", "$0.2"."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..agent.plan import (
    DONE,
    NONE,
    Reference,
    Step,
    Template,
    Value,
    print_name,
    print_string,
    print_value,
)

_REFERENCE = re.compile(r"\$\d+(?:\.\d+)?(?:\.[A-Za-z_]\w*|\[\d+\])*")


def plan_json(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """`[{"tool", "args"}]`, in the order of the steps."""
    return [
        {"tool": step.tool, "args": {name: value_json(value) for name, value in step.args.items()}}
        for step in steps
    ]


def value_json(value: Value) -> Any:
    """A value of the plan language as plain JSON; text with references inside keeps its braces: "at {$1}"."""
    match value:
        case Reference():
            return str(value)
        case Template(parts):
            return "".join(part if isinstance(part, str) else f"{{{part}}}" for part in parts)
        case list():
            return [value_json(item) for item in value]
        case dict():
            return {key: value_json(item) for key, item in value.items()}
        case _:
            return value


def plan_text(plan: Iterable[Mapping[str, Any]]) -> str:
    """The plan language's text of such a list, the other way round."""
    lines = [
        f"${number} = {step['tool']}({', '.join(_argument_text(*item) for item in step['args'].items())})\n"
        for number, step in enumerate(plan, 1)
    ]
    return "".join(lines) + DONE if lines else NONE


def _argument_text(name: str, value: Any) -> str:
    return f"{print_name(name)}={_value_text(value)}"


def _value_text(value: Any) -> str:
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(_value_text(item) for item in value) + "]"
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{print_string(key)}: {_value_text(item)}" for key, item in value.items()) + "}"
        )
    return print_value(value)
