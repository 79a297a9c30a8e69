"""Plans as JSON, written like the corpus: references are the strings "$1", "$1.field", "$0.2"."""

from collections.abc import Iterable
from typing import Any

from ..agent.plan import Reference, Step, Template, Value


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
