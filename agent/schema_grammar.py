"""The grammar rules of one tool: its name, and what may stand in the parentheses of a call."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from .notation import Style
from .plan import TOOL_NAME, print_name, print_string
from .schema_branches import Branch, MalformedSchema, TooLargeSchema, count_in
from .value_grammar import FREE, Offer, Symbol, ValueWriter, declared_members, literal

DEPTHS = (12, 6, 3)
"""How deep lists and objects may be nested in an argument: as deep as leaves few enough rules."""


class SchemaError(ValueError):
    """A tool's schema cannot be offered to the planner: mend it, or leave the tool out.

    tool, parameter: whose schema it is; parameter is None when it is about the tool as a whole.
    """

    def __init__(self, tool: str, parameter: str | None, problem: str) -> None:
        where = f"tool {tool!r}" + (f", parameter {parameter!r}" if parameter is not None else "")
        super().__init__(f"{where}: {problem}")
        self.tool = tool
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class ToolRules:
    """The rules of one tool, and the symbols that have to be defined beside them.

    entry: the rule of a whole call; None when the tool can't be called with what is known now.
    """

    entry: str | None
    text: str = ""
    uses: frozenset[Symbol] = frozenset()


@lru_cache(maxsize=4096)
def tool_rules(name: str, parameters_text: str, offer: Offer) -> ToolRules:
    """The rules of the tool `name` whose `parameters` schema is the JSON `parameters_text`.

    An optional parameter for which nothing can be written is left out. Raises SchemaError when the schema is
    malformed, asks for more than a grammar can hold, or needs a value that no offer could fill.
    """
    if not TOOL_NAME.fullmatch(name):
        raise SchemaError(name, None, f"a tool's name must match {TOOL_NAME.pattern}")
    for depth in DEPTHS:
        writer = _ToolWriter(name, parameters_text, offer, depth)
        try:
            return writer.rules()
        except MalformedSchema as error:
            if depth == DEPTHS[-1] or not isinstance(error, TooLargeSchema):
                raise SchemaError(name, writer.parameter, str(error)) from error
    raise AssertionError("DEPTHS is empty")


class _ToolWriter:
    """Writes the rules of one tool. parameter: the one being written, or for which nothing can be written."""

    def __init__(self, name: str, parameters_text: str, offer: Offer, max_depth: int) -> None:
        prefix = "t" + hashlib.sha256(f"{name}\n{parameters_text}".encode()).hexdigest()[:12]
        self.parameter: str | None = None
        self._name = name
        self._offer = offer
        self._parameters = json.loads(parameters_text)
        self._values = ValueWriter(self._parameters, prefix, offer, max_depth)

    def rules(self) -> ToolRules:
        """All rules. Raises MalformedSchema."""
        branches = self._values.branches.of(self._parameters)
        if any(branch.kind not in ("object", "any") for branch in branches):
            raise MalformedSchema("its parameters must be a schema of type object")
        calls = [call for branch in branches if (call := self._call(branch)) is not None]
        if calls:
            entry = self._values.rule(" | ".join(calls))
            return ToolRules(entry, "".join(self._values.rules), frozenset(self._values.uses))
        if self._offer.missing:
            return ToolRules(None)
        raise MalformedSchema("no value can ever satisfy its schema")

    def _call(self, branch: Branch) -> str | None:
        """One way to call the tool: with the parameters of one branch of its schema."""
        self.parameter = None
        arguments: list[tuple[str, bool]] = []
        for name, schema, needed in declared_members(branch):
            self.parameter = name
            value = self._values.value(schema, depth=1, free=branch.schema.get(FREE) is True)
            if value is not None:
                arguments.append((f"{self._key(name)} {value}", needed))
            elif needed:
                return None
        self.parameter = None
        opening, closing = self._around()
        needs_any = any(needed for _, needed in arguments) or count_in(branch.schema, "minProperties")
        if not arguments:
            return None if needs_any else f"{opening} {closing}"
        if self._offer.style is Style.POSITIONAL:
            return f"{opening} {self._in_order(arguments)} {closing}"
        return f"{opening} {self._values.sequence(arguments)}{'' if needs_any else '?'} {closing}"

    def _key(self, name: str) -> str:
        """What stands before an argument's value."""
        if self._offer.style is Style.POSITIONAL:
            return ""
        if self._offer.style is Style.JSON:
            return literal(print_string(name) + ": ")
        return literal(print_name(name) + "=")

    def _around(self) -> tuple[str, str]:
        """What opens a call, and what closes it."""
        if self._offer.style is Style.JSON:
            key = print_string(self._offer.arguments)
            return literal(f'{{"name": {print_string(self._name)}, {key}: {{'), literal("}}")
        return literal(f"{self._name}("), literal(")")

    def _in_order(self, arguments: list[tuple[str, bool]]) -> str:
        """Values by their places: what is left out is left out at the end."""
        last = max((place for place, (_, needed) in enumerate(arguments) if needed), default=-1)
        expression = ""
        for place in range(len(arguments) - 1, -1, -1):
            comma = '", " ' if place else ""
            expression = self._values.rule(f"{comma}{arguments[place][0]} {expression}")
            if place > last:
                expression += "?"
        return expression
