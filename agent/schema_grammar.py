"""The grammar rules of one tool: its name, and what may stand in the parentheses of a call."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from .plan import TOOL_NAME, print_name
from .schema_branches import Branch, MalformedSchema, Schema, count_in
from .value_grammar import FREE, Offer, Symbol, ValueWriter, declared_members, literal


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
    prefix = "t" + hashlib.sha256(f"{name}\n{parameters_text}".encode()).hexdigest()[:12]
    return _ToolWriter(name, json.loads(parameters_text), prefix, offer).rules()


class _ToolWriter:
    def __init__(self, name: str, parameters: Schema, prefix: str, offer: Offer) -> None:
        self.name = name
        self.parameters = parameters
        self.offer = offer
        self.writer = ValueWriter(parameters, prefix, offer)
        self.parameter: str | None = None
        """The parameter being written, or the one that nothing can be written for."""

    def rules(self) -> ToolRules:
        try:
            branches = self.writer.branches.of(self.parameters)
            if any(branch.kind not in ("object", "any") for branch in branches):
                raise MalformedSchema("its parameters must be a schema of type object")
            calls = [call for branch in branches if (call := self._call(branch)) is not None]
            if calls:
                entry = self.writer.rule(" | ".join(calls))
                return ToolRules(entry, "".join(self.writer.rules), frozenset(self.writer.uses))
        except MalformedSchema as error:
            raise SchemaError(self.name, self.parameter, str(error)) from error
        if self.offer.missing:
            return ToolRules(None)
        raise SchemaError(self.name, self.parameter, "no value can ever satisfy its schema")

    def _call(self, branch: Branch) -> str | None:
        """One way to call the tool: with the parameters of one branch of its schema."""
        self.parameter = None
        arguments: list[tuple[str, bool]] = []
        for name, schema, needed in declared_members(branch):
            self.parameter = name
            value = self.writer.value(schema, depth=1, free=branch.schema.get(FREE) is True)
            if value is not None:
                arguments.append((f"{literal(print_name(name) + '=')} {value}", needed))
            elif needed:
                return None
        self.parameter = None
        opening = literal(f"{self.name}(")
        needed_any = any(needed for _, needed in arguments)
        may_be_empty = not needed_any and not count_in(branch.schema, "minProperties")
        if not arguments:
            return f'{opening} ")"' if may_be_empty else None
        return f'{opening} {self.writer.sequence(arguments)}{"?" if may_be_empty else ""} ")"'
