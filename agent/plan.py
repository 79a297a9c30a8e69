"""The plan language: what a plan is made of, and how it is written as text.

    $1 = get_email_address(name="Sid")
    $2 = create_event(title="Sync with {$1}", attendees=[$1, "x@y.z"], count=3)
    done

`print_plan` writes this text, `agent.reader` reads it back; docs/executor.md describes the language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

DONE = "done\n"
NONE = "none\n"

BARE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-./]{0,127}")

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A plain JSON value: what tools get and what their results are turned into."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The result of an earlier step, or a part of it: `$1`, `$2[0].path`.

    previous_turn: the step is one of the turn before: `$0.2`.
    """

    step: int
    path: tuple[str | int, ...] = ()
    previous_turn: bool = False

    def __str__(self) -> str:
        head = f"$0.{self.step}" if self.previous_turn else f"${self.step}"
        return head + "".join(_print_part(part) for part in self.path)


@dataclass(frozen=True, slots=True)
class Template:
    """A string with references inside: `"Sync with {$1}"`.

    parts: texts and references in order; no text is empty, no two texts are next to each other, and at
    least one part is a reference (a string without any is a plain `str`).
    """

    parts: tuple[str | Reference, ...]


Value: TypeAlias = "bool | int | float | str | Reference | Template | list[Value] | dict[str, Value] | None"
"""The value of an argument as written in a plan."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a plan: call `tool` with `args`; its result is `$id` in later lines. Ids count from 1."""

    id: int
    tool: str
    args: Mapping[str, Value] = field(default_factory=dict)

    def references(self) -> Iterator[Reference]:
        """Every reference in the arguments, in the order written, repeats included."""
        for value in self.args.values():
            yield from references_in(value)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in the order written. No steps is the plan `none`: no offered tool serves the request."""

    steps: tuple[Step, ...] = ()


def references_in(value: Value) -> Iterator[Reference]:
    """Every reference in a value, in the order written, repeats included."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Template):
        yield from (part for part in value.parts if isinstance(part, Reference))
    elif isinstance(value, list):
        for item in value:
            yield from references_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references_in(item)


def print_plan(plan: Plan) -> str:
    """The plan's text, every line ending in a newline: its steps and `done`, or `none` alone."""
    if not plan.steps:
        return NONE
    return "".join(print_step(step) for step in plan.steps) + DONE


def print_step(step: Step) -> str:
    """The line of one step, with its newline."""
    args = ", ".join(f"{print_name(name)}={print_value(value)}" for name, value in step.args.items())
    return f"${step.id} = {step.tool}({args})\n"


def print_name(name: str) -> str:
    """An argument's name: as it is when it is a plain identifier, otherwise as a JSON string."""
    return name if BARE_NAME.fullmatch(name) else print_string(name)


def print_value(value: Value | Json) -> str:
    """The text of an argument's value."""
    if isinstance(value, str):
        return print_string(value)
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, Template):
        return '"' + "".join(_print_template_part(part) for part in value.parts) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(print_value(item) for item in value) + "]"
    if isinstance(value, dict):
        items = (f"{print_string(key)}: {print_value(item)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    return json.dumps(value, allow_nan=False)


def print_string(text: str) -> str:
    """A JSON string literal in which no character of `text` can be read as a reference."""
    return json.dumps(text, ensure_ascii=False).replace("{$", "{\\u0024")


def _print_part(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if BARE_NAME.fullmatch(part) else f"[{print_string(part)}]"


def _print_template_part(part: str | Reference) -> str:
    if isinstance(part, str):
        return print_string(part)[1:-1]
    return "{" + print_string(str(part))[1:-1] + "}"
