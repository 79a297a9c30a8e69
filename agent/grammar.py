"""The grammar of a plan, line by line: what would not parse, or not fit the schemas, cannot be decoded.

Before each line, `PlanGrammar.next_grammar` writes a Lark grammar for llguidance from the schemas of the
offered tools, the results that exist by then, and the evidence. docs/grammar.md has a picture of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import Any

from .argument_weights import used_before
from .evidence import escaped_chunks
from .leaning import Leaning
from .notation import PLAN_NOTATION, NativeReader, Notation, Style, start_rule
from .plan import DONE, NONE, TOOL_NAME, Json
from .pointing import LinePreference, Pointings
from .reference_grammar import (
    TEXT,
    Kinds,
    Part,
    in_text,
    parts_of_result,
    parts_of_step,
    references_that_fill,
)
from .schema_branches import nesting
from .schema_grammar import SchemaError, ToolRules, tool_rules
from .string_grammar import (
    STRING_TERMINALS,
    StringShape,
    chunks_terminal,
    some_span_fits,
    span_terminal,
    text_terminal,
)
from .value_grammar import Offer, Symbol, any_value_rules, symbol_name

MAX_STEPS = 32
"""Steps of a plan, unless the caller says otherwise; after the last one only `done` is left."""

MAX_NESTING = 100
"""Levels of a schema, its keywords included; real ones have about ten."""

_CALL = re.compile(rf"\$\d+ = ({TOOL_NAME.pattern})\(")
_NOTHING = "/[^\\s\\S]/"


class PlanGrammar:
    """A `scrubjay.models.constrained.Constraint` for one plan over the offered tools.

    schemas: `{"name", "parameters", "returns", ...}` of each offered tool, as `Tool.schema()` gives them.
    evidence: the texts that strings may be copied from (request first); None lets the model make strings up.
    previous_results: what the steps of the turn before returned, in their order (None: nothing to refer to);
    `$0.1` is the first of them.
    max_steps: how many steps the plan may have.
    leaning, pointings: what is known beside the model of the tools, and of their arguments.
    notation, special: how calls are written, and the model's special tokens by their text; by default as in
    the plan language.
    worked_out: a thought stands before the plan; strings may also be dates, times and numbers that are not in
    the evidence. day_lists: the lists of days that it has worked out; lists of dates are then one of these.

    Raises SchemaError for a schema that cannot be offered, and for two tools of one name.
    """

    def __init__(
        self,
        schemas: Sequence[Mapping[str, Any]],
        evidence: Sequence[str] | None = None,
        previous_results: Sequence[Json] = (),
        max_steps: int = MAX_STEPS,
        leaning: Leaning | None = None,
        pointings: Pointings | None = None,
        *,
        notation: Notation = PLAN_NOTATION,
        special: Mapping[str, int] = MappingProxyType({}),
        worked_out: bool = False,
        day_lists: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        self._worked_out = worked_out
        self._day_lists = day_lists
        self._leaning = leaning
        self._pointings = pointings
        self._evidence = evidence
        self._notation = notation
        self._special = special
        self._previous = list(
            chain.from_iterable(
                parts_of_result(step, value) for step, value in enumerate(previous_results, 1)
            )
        )
        self._max_steps = max_steps
        self._parameters: dict[str, str] = {}
        self._returns: dict[str, Any] = {}
        self._fits: dict[StringShape, bool] = {}
        for schema in schemas:
            self._add(schema)

    def next_grammar(self, written: str) -> str | None:
        """A Lark grammar for the line after `written`, its newline included; None when the plan is complete.

        written: the finished lines so far, each with its newline; "" at the start.
        """
        called = self._called(written)
        if called is None:
            return None
        parts = list(self._previous)
        for step, tool in enumerate(called, 1):
            parts += parts_of_step(step, self._returns.get(tool, {}))
        kinds = frozenset(part.kind for part in parts)
        tools = [] if len(called) >= self._max_steps else self._callable(kinds)
        if not tools and called and not self._notation.end:
            return None
        calls = " | ".join(rules.entry for rules in tools if rules.entry)
        return "".join(
            [
                start_rule(self._notation, len(called) + 1, calls, self._special),
                *(rules.text for rules in tools),
                *self._shared(frozenset[Symbol]().union(*(rules.uses for rules in tools)), parts),
            ]
        )

    def next_preference(self, written: str) -> LinePreference | None:
        """What is known of the next line beside the model; called as `next_grammar`."""
        beginnings = self.next_beginnings(written)
        if not beginnings and self._pointings is None:
            return None
        used = used_before(written.split("\n"))
        return LinePreference(beginnings, self._pointings, used)

    def next_beginnings(self, written: str) -> Mapping[str, float]:
        """What is added to the log-odds of each beginning of the next line; called as `next_grammar`."""
        if self._leaning is None or self._notation is not PLAN_NOTATION:
            return {}
        called = self._called(written)
        if called is None:
            return {}
        weights, step = self._leaning.weights(called), len(called) + 1
        end = DONE if called else NONE
        return {f"${step} = {name}(": weights.get(name, 0.0) for name in self._parameters} | {end: 0.0}

    def _called(self, written: str) -> list[str] | None:
        """The tools that the finished lines call; None when the plan is complete."""
        if self._notation is not PLAN_NOTATION:
            reader = NativeReader(self._notation, dict.fromkeys(self._parameters, ()))
            reader.feed(written)
            return None if reader.finished else reader.calls
        lines = written.split("\n")[:-1]
        if lines and lines[-1] + "\n" in (DONE, NONE):
            return None
        for number, line in enumerate(lines, 1):
            if not _CALL.match(line):
                raise ValueError(f"line {number} is not a step of this grammar: {line[:60]!r}")
        return [found[1] for line in lines if (found := _CALL.match(line))]

    def _add(self, schema: Mapping[str, Any]) -> None:
        name = schema.get("name")
        if not isinstance(name, str):
            raise SchemaError(str(name), None, "a tool's schema needs a name")
        if name in self._parameters:
            raise SchemaError(name, None, "two tools of this name are offered")
        parameters, returns = schema.get("parameters") or {}, schema.get("returns", {})
        if nesting(parameters) > MAX_NESTING:
            raise SchemaError(name, None, f"its parameters are nested deeper than {MAX_NESTING} levels")
        try:
            text = json.dumps(parameters)
        except (TypeError, ValueError) as error:
            raise SchemaError(name, None, f"its parameters are not JSON: {error}") from error
        tool_rules(name, text, self._offer())
        self._parameters[name] = text
        self._returns[name] = returns if nesting(returns) <= MAX_NESTING else {}

    def _callable(self, results: Kinds) -> list[ToolRules]:
        """The rules of the tools that can be called, with these kinds of results to refer to."""
        offer = self._offer(results)
        rules = [tool_rules(name, text, offer) for name, text in self._parameters.items()]
        shapes = {use for tool in rules for use in tool.uses if isinstance(use, StringShape) and use.span}
        if missing := frozenset(shape for shape in shapes if not self._some_span_fits(shape)):
            offer = self._offer(results, missing)
            rules = [tool_rules(name, text, offer) for name, text in self._parameters.items()]
        return [tool for tool in rules if tool.entry is not None]

    def _offer(self, results: Kinds = frozenset(), missing: frozenset[StringShape] = frozenset()) -> Offer:
        style, arguments = self._notation.style, self._notation.arguments
        return Offer(self._evidence is not None, results, missing, self._day_lists, style, arguments)

    def _some_span_fits(self, shape: StringShape) -> bool:
        if shape == StringShape(span=True):
            return bool(self._chunks)
        if shape not in self._fits:
            self._fits[shape] = bool(self._chunks) and some_span_fits(shape, self._chunks_terminal)
        return self._fits[shape]

    def _shared(self, uses: frozenset[Symbol], parts: Sequence[Part]) -> list[str]:
        """The definitions of the symbols that the tools' rules use."""
        in_strings = references_that_fill(parts, TEXT)
        text = [STRING_TERMINALS]
        if any(isinstance(use, StringShape) and use.span for use in uses):
            text.append(self._chunks_terminal)
        for use in uses:
            name = symbol_name(use)
            if isinstance(use, bool):
                text.append(any_value_rules(use, uses))
            elif isinstance(use, frozenset):
                text.append(f"{name}: {self._reference(references_that_fill(parts, use))}\n")
            elif use.span:
                text.append(span_terminal(name, use, self._worked_out))
            else:
                braces = in_text(in_strings) if in_strings and self._evidence is None else None
                text.append(text_terminal(name, use, braces))
        return text

    def _reference(self, terminal: str | None) -> str:
        """A reference as the notation writes it, from the terminal of the plan language."""
        if terminal is None:
            return _NOTHING
        if self._notation.style is Style.JSON:
            return f'"\\"{{" {in_text(terminal)} "}}\\""'
        if self._notation.style is Style.POSITIONAL:
            return f'"\\"" {in_text(terminal)} "\\""'
        return terminal

    @cached_property
    def _chunks(self) -> list[str]:
        return escaped_chunks(self._evidence or ())

    @cached_property
    def _chunks_terminal(self) -> str:
        return chunks_terminal(self._chunks)
