"""How a planner speaks to its model: what it says first, how tools, turns and plans are written for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..models.dialects import DIALECT, results_text, tool_text
from ..models.prompt import Segment
from ..tools.tool import Tool
from .examples import bundled_examples
from .notation import NOTATIONS, PLAN_NOTATION, SPECIAL_TOKENS_KEY, Notation, Style, calls_json
from .plan import Json

Metadata = Mapping[str, str | int | float | bool]

_IN_PLANS = """\
Turn the user's request into a plan of tool calls: one call a line, numbered, then a last line `done`.
$1 = tool_name(text="as the user wrote it", count=3, names=["a", "b"])
$2 = another_tool(about=$1, note="the first says {$1.field}")
done
`$1` is the result of step 1, `$1.field` and `$1[0]` are parts of it. Use only the tools below. Give every \
parameter that has no `?` after its name; leave the others out unless the user asks for them. Copy names, \
numbers and texts exactly. Steps that need nothing from each other run at the same time. If no tool serves \
the request, write `none` alone. Write nothing else."""

_NATIVE = """\
Call the functions that serve the request, all of them in one answer, in order. Where a call needs the \
result of an earlier call of the same answer, write {whole} for the result of call 1, {part} for a part \
of it. Copy names, numbers and texts exactly as the user wrote them. If no function serves the request, \
answer none."""

_LLM_COMPILER = """\
Given a user query, create a plan to solve it with the utmost parallelizability. Each line of the plan is \
one numbered action with its arguments in order; "$1" as an argument is the output of action 1. Use only the \
tools below. join() is always the last action, and the only one when no tool serves the query. Write \
<END_OF_PLAN> after it."""


@dataclass(frozen=True, slots=True)
class Speech:
    """One model's way of being spoken to, from an engine's metadata.

    ours: it was trained on our plans and needs no words. special: its special tokens, see `Notation`.
    """

    dialect: str
    notation: Notation
    special: Mapping[str, int]

    @classmethod
    def of(cls, metadata: Metadata) -> Speech:
        """What suits the engine's model; an engine that says nothing gets the plan language."""
        dialect = str(metadata.get("scrubjay.dialect", "plain"))
        special = json.loads(str(metadata.get(SPECIAL_TOKENS_KEY, "{}")))
        return cls(dialect, NOTATIONS.get(dialect, PLAN_NOTATION), special)

    @property
    def ours(self) -> bool:
        """Whether the model was trained on our plans."""
        return self.dialect == DIALECT

    @property
    def chats(self) -> bool:
        """Whether it is spoken to in its own chat template."""
        return not self.ours and self.dialect != "plain"

    @property
    def native(self) -> bool:
        """Whether tools and calls reach the model as JSON, through its chat template."""
        return self.notation is not PLAN_NOTATION and self.notation.style is not Style.POSITIONAL

    def system(self) -> Segment:
        """What stands before everything."""
        if self.ours:
            return Segment.system()
        if self.notation.style is Style.POSITIONAL:
            return Segment.system(_LLM_COMPILER)
        if not self.native:
            return Segment.system(_IN_PLANS)
        in_json = self.notation.style is Style.JSON
        whole, part = ('"{$1}"', '"{$1.field}"') if in_json else ("$1", "$1.field")
        return Segment.system(_NATIVE.format(whole=whole, part=part))

    def tool(self, tool: Tool) -> Segment:
        """One tool."""
        schema = tool.schema()
        if not self.native:
            return Segment.tool(tool_text(schema))
        function = {key: schema[key] for key in ("name", "description", "parameters")}
        described = {"type": "function", "function": function}
        if schema.get("returns"):
            function["description"] = f"{schema['description']} {_returned(schema['returns'])}".strip()
        return Segment.tool(json.dumps(described, ensure_ascii=False))

    def turn(self, request: str, plan: str, results: Sequence[Json]) -> Segment:
        """An earlier turn."""
        if not self.native:
            return Segment.turn(request, plan, results_text(results))
        return Segment.turn(request, calls_json(plan), json.dumps(list(results), ensure_ascii=False))

    def examples(self, request: str, tools: Sequence[Tool]) -> list[Segment]:
        """Requests with their plans, as if they were earlier turns without results: first those that always
        stand with these tools, then the one most like `request`."""
        if self.ours or self.notation.style is Style.POSITIONAL:
            return []
        names = [tool.name for tool in tools]
        chosen = bundled_examples().standing(names)
        closest = bundled_examples().closest(request, names)
        if closest is not None and closest not in chosen:
            chosen.append(closest)
        return [
            Segment.turn(example.request, calls_json(example.plan) if self.native else example.plan, "")
            for example in chosen
        ]


def _returned(returns: Mapping[str, Any]) -> str:
    """What a function returns, for schemas that have no place for it."""
    if fields := returns.get("properties"):
        return f"Returns {{{', '.join(fields)}}}."
    return f"Returns: {returns['description']}." if returns.get("description") else ""
