"""The tool-call formats that models were trained on: how calls are written, and how a plan is read from them.

Every notation says the same as the plan language: which tool, which arguments, which earlier results. What
differs is what stands around a call and inside it, so the grammar of each is made by the same rules, and what
is written is turned into plan lines as each call is complete. docs/models.md has a table of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .plan import DONE, NONE, TOOL_NAME, Json, Reference, Step, Template, Value, print_step
from .reader import parse_plan, read_step

SPECIAL_TOKENS_KEY = "scrubjay.special_tokens"
"""Where an engine's metadata has the notation's special tokens: the JSON of their texts and ids."""

_REFERENCE_TEXT = re.compile(r'\$(0\.)?[1-9][0-9]*(\.[A-Za-z_]\w*|\[[0-9]+\]|\["(?:[^"\\]|\\.)*"\])*')


class Style(StrEnum):
    """How a call's arguments are written.

    PLAN: `tool(a="x", b=$1)`. JSON: `{"name": "tool", "arguments": {"a": "x", "b": "{$1}"}}`.
    POSITIONAL: `tool("x", "$1")`, in the order of the schema.
    """

    PLAN = "plan"
    JSON = "json"
    POSITIONAL = "positional"


@dataclass(frozen=True, slots=True)
class Notation:
    """One format. In the texts `{n}` stands for the number of the call.

    first, following: what stands before the first call and before each other one. after: what ends a call.
    end: what stands after the last call; empty where the model simply ends. none: what says that no tool
    serves. arguments: what JSON calls the arguments.
    """

    style: Style
    first: str
    following: str
    end: str
    after: str = ""
    none: str = "none"
    arguments: str = "arguments"


PLAN_NOTATION = Notation(Style.PLAN, "${n} = ", "${n} = ", end=DONE, after="\n", none=NONE)

NOTATIONS: Mapping[str, Notation] = {
    "hermes": Notation(Style.JSON, "<tool_call>\n", "\n</tool_call>\n<tool_call>\n", end="\n</tool_call>"),
    "llama-3": Notation(Style.JSON, "", "; ", end="", arguments="parameters"),
    "mistral": Notation(Style.JSON, "[TOOL_CALLS][", ", ", end="]"),
    "phi-4": Notation(Style.JSON, "<|tool_call|>[", ", ", end="]<|/tool_call|>"),
    "gemma": Notation(Style.PLAN, "```tool_code\n", "\n", end="\n```"),
    "minicpm-4": Notation(
        Style.PLAN, "<|tool_call_start|>\n```python\n", "\n", end="\n```\n<|tool_call_end|>"
    ),
    "lfm-2": Notation(Style.PLAN, "<|tool_call_start|>[", ", ", end="]<|tool_call_end|>"),
    "tinyagent": Notation(
        Style.POSITIONAL,
        "{n}. ",
        "{n}. ",
        end="{n}. join()<END_OF_PLAN>",
        after="\n",
        none="1. join()<END_OF_PLAN>",
    ),
}
"""By the dialect that `models.foreign` names."""

_MARKERS = re.compile(r"\[TOOL_CALLS\]|</?[A-Za-z_|/]+>")


def start_rule(notation: Notation, number: int, calls: str, special: Mapping[str, int]) -> str:
    """The grammar's rule for call `number` and what stands around it, or the end.

    calls: an expression for any call that is offered; empty when there is none.
    special: see SPECIAL_TOKENS_KEY.
    """
    end = notation.end if number > 1 else notation.none
    ending = _expression(end, number, special) or '""'
    if not calls:
        return f"start: {ending}\n"
    before = _expression(notation.first if number == 1 else notation.following, number, special)
    after = _expression(notation.after, number, special)
    return f"start: {before} ({calls}) {after} | {ending}\n"


class NativeReader:
    """Text in a native notation in, lines of the plan language out, each as soon as its call is complete.

    calls: the names of the tools called so far. finished: whether something stands after the last call, or
    the text says that no tool serves.
    """

    def __init__(self, notation: Notation, parameters: Mapping[str, Sequence[str]]) -> None:
        """`parameters` are the names of each tool's parameters, in the order of its schema."""
        self.calls: list[str] = []
        self._notation = notation
        self._parameters = parameters
        self._unread = ""
        if notation.style is Style.JSON:
            self._head = re.compile(rf'\{{"name": ("(?:[^"\\]|\\.)*"), "{notation.arguments}": (?=\{{)')
        else:
            self._head = re.compile(rf"({TOOL_NAME.pattern})(?=\()")

    @property
    def finished(self) -> bool:
        """Only at the end of a line, as a `Constraint` counts lines."""
        return bool(self._unread)

    def feed(self, text: str) -> str:
        """Read on; returns the plan lines whose calls `text` completes. Raises PlanSyntaxError."""
        self._unread += text
        lines = []
        while found := self._head.search(self._unread):
            end = _balanced_end(self._unread, found.end())
            joins = self._notation.style is Style.POSITIONAL and found[1] == "join"
            if end is None or joins:
                break
            behind = end + (self._notation.style is Style.JSON)  # the brace around name and arguments
            if len(self._unread) < behind:
                break
            step = self._step(found[1], self._unread[found.end() : end])
            lines.append(print_step(step))
            self.calls.append(step.tool)
            self._unread = self._unread[behind:].removeprefix(self._notation.after)
        return "".join(lines)

    def close(self) -> str:
        """The plan's last line."""
        return DONE if self.calls else NONE

    def _name(self, written: str) -> str:
        return str(json.loads(written)) if self._notation.style is Style.JSON else written

    def _step(self, name: str, arguments: str) -> Step:
        """A call from its name and its arguments with what encloses them."""
        number = len(self.calls) + 1
        if self._notation.style is Style.PLAN:
            return read_step(f"${number} = {name}{arguments}", number)
        if self._notation.style is Style.JSON:
            given = read_step(f"${number} = call(arguments={arguments})", number).args["arguments"]
            assert isinstance(given, dict)
            return Step(number, self._name(name), {key: _whole(value) for key, value in given.items()})
        listed = read_step(f"${number} = call(arguments=[{arguments[1:-1]}])", number).args["arguments"]
        assert isinstance(listed, list)
        names = self._parameters.get(name, ())
        values = (_unquoted(value, number) for value in listed)
        return Step(number, name, dict(zip(names, values, strict=False)))


def calls_json(plan: str) -> str:
    """A plan's calls as the JSON list of `{"name", "arguments"}` that chat templates take."""
    steps = parse_plan(plan).steps
    calls = [{"name": s.tool, "arguments": {k: _plain(v) for k, v in s.args.items()}} for s in steps]
    return json.dumps(calls, ensure_ascii=False)


def _expression(text: str, number: int, special: Mapping[str, int]) -> str:
    """A grammar's expression for a text: special tokens by their id, the rest as literals."""
    text = text.replace("{n}", str(number))
    parts: list[str] = []
    position = 0
    for found in _MARKERS.finditer(text):
        if found[0] in special:
            parts += [text[position : found.start()], f"<[{special[found[0]]}]>"]
            position = found.end()
    parts.append(text[position:])
    return " ".join(part if part.startswith("<[") else json.dumps(part) for part in parts if part)


def _balanced_end(text: str, start: int) -> int | None:
    """Where the bracket that opens at `start` is closed again, behind it; None: not yet."""
    depth, at, inside = 0, start, False
    while at < len(text):
        character = text[at]
        if inside:
            if character == "\\":
                at += 1
            inside = character != '"'
        elif character == '"':
            inside = True
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return None


def _whole(value: Value) -> Value:
    """`"{$1}"` in JSON is the result itself, not its text."""
    if isinstance(value, Template) and len(value.parts) == 1 and isinstance(value.parts[0], Reference):
        return value.parts[0]
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return value


def _unquoted(value: Value, number: int) -> Value:
    """`"$1"` among positional arguments is the result of step 1, where that is an earlier step."""
    if isinstance(value, list):
        return [_unquoted(item, number) for item in value]
    if isinstance(value, str) and _REFERENCE_TEXT.fullmatch(value):
        line = f"${number} = call(reference={value})"
        if value.startswith("$0.") or int(re.match(r"\$([0-9]+)", value)[1]) < number:  # type: ignore[index]
            return read_step(line, number).args["reference"]
    return value


def _plain(value: Value) -> Json:
    """A value as JSON, references as the text that stands for them."""
    if isinstance(value, Reference):
        return f"{{{value}}}"
    if isinstance(value, Template):
        return "".join(part if isinstance(part, str) else f"{{{part}}}" for part in value.parts)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
