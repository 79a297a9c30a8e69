"""Grammar rules for the values that a JSON schema allows, written as plans write them.

An expression that is returned can always be completed to a value; where none can, there is no expression.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .notation import Style
from .number_grammar import Bounds, bounds_in, integers, multiple_in, numbers
from .plan import Json, print_string, print_value
from .reference_grammar import ANYTHING, Kinds, kinds_that_fill
from .schema_branches import (
    Branch,
    Branches,
    MalformedSchema,
    Schema,
    TooLargeSchema,
    count_in,
    shown,
)
from .string_grammar import StringShape, shape_in

FREE = "x-scrubjay-free"
"""The key of a schema whose strings need not be spans of the evidence."""

MAX_MEMBERS = 600
"""Parameters of a tool, or keys of an object: with more, llguidance gives up in the middle of a line."""

MAX_VALUES = 2_000
"""Values of an enum; sixteen tools with so many are about what llguidance takes."""

MAX_ITEMS = 1_000
"""Items that an array may ask for; none gets more."""

MAX_FIRST_ITEMS = 100
"""Items of an array that may have schemas of their own."""

MAX_RULES = 5_000
"""Rules of one tool."""

JSON_DEPTH = 4
"""How deep any JSON may be nested, where the schema says nothing."""

Symbol = StringShape | Kinds | bool
"""What the rules of all tools share: strings of a shape, references to results of some kinds, and any JSON
(True: its strings are spans of the evidence)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is there to fill arguments with.

    evidence: strings are spans of the evidence, except where a schema says FREE.
    results: the kinds of the results that can be referred to.
    missing: the strings for which the evidence has no span.
    day_lists: lists of days that a thought has worked out, which lists of dates are then one of.
    style, arguments: how calls are written, see `Notation`.
    """

    evidence: bool
    results: Kinds = frozenset()
    missing: frozenset[StringShape] = frozenset()
    day_lists: tuple[tuple[str, ...], ...] = ()
    style: Style = Style.PLAN
    arguments: str = "arguments"


def symbol_name(symbol: Symbol) -> str:
    """The name under which rules use a symbol, and under which it has to be defined."""
    if isinstance(symbol, bool):
        return "json_span" if symbol else "json_text"
    if isinstance(symbol, frozenset):
        return "REFERENCE_" + "_".join(sorted(symbol)).upper()
    if symbol == StringShape(symbol.span):
        return "SPAN" if symbol.span else "TEXT"
    return "STRING_" + hashlib.sha256(repr(symbol).encode("utf-8", "surrogatepass")).hexdigest()[:12].upper()


def literal(text: str) -> str:
    """A grammar's literal that matches `text`. Raises MalformedSchema for half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedSchema(f"{shown(text)} holds half of a surrogate pair, which UTF-8 cannot") from error
    return json.dumps(text)


def any_value_rules(span: bool, uses: Collection[Symbol]) -> str:
    """The rules for any JSON value, nested at most JSON_DEPTH deep.

    span: its strings are spans of the evidence; keys are free text. uses: the symbols that are defined, which
    tell whether there are any spans and references.
    """
    name = symbol_name(span)
    number = f"{name}_NUMBER".upper()
    strings = symbol_name(StringShape(span)) if StringShape(span) in uses else None
    references = symbol_name(ANYTHING) if ANYTHING in uses else None
    scalars = " | ".join(filter(None, (references, strings, number, '"true"', '"false"', '"null"')))
    rules = [f"{name}: {name}_{JSON_DEPTH}\n", f"{name}_0: {scalars}\n", f"{number}: {numbers(Bounds())}\n"]
    for level in range(1, JSON_DEPTH + 1):
        inner = f"{name}_{level - 1}"
        rules.append(
            f'{name}_{level}: {name}_0 | "[" ({inner} (", " {inner})*)? "]"'
            f' | "{{" (KEY ": " {inner} (", " KEY ": " {inner})*)? "}}"\n'
        )
    return "".join(rules)


def declared_members(branch: Branch) -> list[tuple[str, Schema, bool]]:
    """The parameters or keys that an object declares, in order: name, schema, and whether it is required."""
    properties, required = branch.schema.get("properties", {}), branch.schema.get("required", [])
    if not isinstance(properties, Mapping):
        raise MalformedSchema(f"properties must be an object, but it is {shown(properties)}")
    if not isinstance(required, list):
        required = []  # in old drafts `required: true` stands beside a property's type
    members = [(name, schema, name in required) for name, schema in properties.items()]
    others = branch.schema.get("additionalProperties", True)
    members += [(name, others, True) for name in required if isinstance(name, str) and name not in properties]
    if len(members) > MAX_MEMBERS:
        raise MalformedSchema(f"it declares {len(members)} names, more than the {MAX_MEMBERS} allowed")
    return members


class ValueWriter:
    """Writes rules for the schemas of one document, and remembers what they use.

    max_depth: how deep lists and objects may be nested; recursive schemas are unrolled to this depth.
    """

    def __init__(self, root: Schema, prefix: str, offer: Offer, max_depth: int) -> None:
        self.branches = Branches(root)
        self.rules: list[str] = []
        self.uses: set[Symbol] = set()
        self._prefix = prefix
        self._offer = offer
        self._max_depth = max_depth
        self._written: dict[tuple[int, int, bool, bool], tuple[Schema, str | None]] = {}

    def value(self, schema: Schema, depth: int, in_array: bool = False, free: bool = False) -> str | None:
        """An expression for a value of `schema`, or for a reference that can stand for it."""
        key = (id(schema), depth, in_array, free)  # what $ref leads to is the same object each time
        if key not in self._written:
            self._written[key] = (schema, self._value(schema, depth, in_array, free))
        return self._written[key][1]

    def sequence(self, members: Sequence[tuple[str, bool]]) -> str:
        """Expressions in order, with `, ` between; those that are not needed may be missing, but not all.

        members: expression and whether it is needed. The rules form a balanced tree: a chain of hundreds
        overflows llguidance's stack.
        """
        if len(members) == 1:
            return self.rule(members[0][0])
        middle = len(members) // 2
        first, rest = self.sequence(members[:middle]), self.sequence(members[middle:])
        rest_needed = any(needed for _, needed in members[middle:])
        expression = f'{first} ", " {rest}' if rest_needed else f'{first} (", " {rest})?'
        if not any(needed for _, needed in members[:middle]):
            expression += f" | {rest}"
        return self.rule(expression)

    def rule(self, expression: str) -> str:
        """The name of a new rule that stands for `expression`."""
        if len(self.rules) >= MAX_RULES:
            raise TooLargeSchema(f"its grammar has more than {MAX_RULES} rules")
        name = f"{self._prefix}_{len(self.rules)}"
        self.rules.append(f"{name}: {expression}\n")
        return name

    def use(self, symbol: Symbol) -> str:
        """The name of a shared symbol, which is then in `uses`."""
        self.uses.add(symbol)
        return symbol_name(symbol)

    def _value(self, schema: Schema, depth: int, in_array: bool, free: bool) -> str | None:
        branches = self.branches.of(schema)
        kinds = kinds_that_fill(branches, in_array)
        results = self._offer.results
        alternatives = [self.use(kinds)] if kinds & results or "any" in results else []
        for branch in branches:
            expression = self._branch(branch, depth, free or branch.schema.get(FREE) is True)
            if expression is not None and expression not in alternatives:
                alternatives.append(expression)
        return f"({' | '.join(alternatives)})" if alternatives else None

    def _branch(self, branch: Branch, depth: int, free: bool) -> str | None:
        if branch.kind == "literal":
            return self._literals(branch)
        if branch.kind == "string":
            return self._string(branch, free)
        if branch.kind in ("integer", "number"):
            return self._number(branch)
        if branch.kind == "boolean":
            return '("true" | "false")'
        if branch.kind == "null":
            return '"null"'
        if branch.kind == "any":
            return self._anything(free)
        if depth > self._max_depth:
            return None
        write = self._array if branch.kind == "array" else self._object
        return write(branch, depth, free)

    def _literals(self, branch: Branch) -> str | None:
        if len(branch.values) > MAX_VALUES:
            raise MalformedSchema(f"its enum has {len(branch.values)} values, more than {MAX_VALUES}")
        try:
            texts = dict.fromkeys(print_value(value) for value in branch.values)
        except (ValueError, RecursionError) as error:
            raise MalformedSchema(f"a value of its enum cannot be written: {error}") from error
        return self._terminal(" | ".join(map(literal, texts)))

    def _string(self, branch: Branch, free: bool) -> str | None:
        shape = shape_in(branch.schema, span=self._offer.evidence and not free)
        return None if shape is None or shape in self._offer.missing else self.use(shape)

    def _number(self, branch: Branch) -> str | None:
        bounds, multiple = bounds_in(branch.schema), multiple_in(branch.schema)
        whole = branch.kind == "integer" or multiple is not None
        terminal = integers(bounds, multiple or 1) if whole else numbers(bounds)
        return None if terminal is None else self._terminal(terminal)

    def _terminal(self, definition: str) -> str:
        """A terminal, so that llguidance reads the whole value as one lexeme."""
        name = f"{self._prefix}_{len(self.rules)}".upper()
        self.rules.append(f"{name}: {definition}\n")
        return name

    def _anything(self, free: bool) -> str:
        span = self._offer.evidence and not free
        if StringShape(span) not in self._offer.missing:
            self.use(StringShape(span))
        if self._offer.results:
            self.use(ANYTHING)
        return self.use(span)

    def _array(self, branch: Branch, depth: int, free: bool) -> str | None:
        least, most = count_in(branch.schema, "minItems") or 0, count_in(branch.schema, "maxItems")
        most = MAX_ITEMS if most is None else min(most, MAX_ITEMS)
        if least > MAX_ITEMS:
            raise MalformedSchema(f"minItems asks for more than {MAX_ITEMS} items")
        first = branch.schema.get("prefixItems", [])
        rest = branch.schema.get("items", True)
        if isinstance(rest, list):  # drafts before 2020-12 have the first items' schemas here
            first, rest = rest, branch.schema.get("additionalItems", True)
        if isinstance(rest, Mapping) and rest.get("type") == "string" and rest.get("format") == "date":
            whole: list[list[Json]] = [
                [*days] for days in self._offer.day_lists if least <= len(days) <= most
            ]
            if whole and not first:
                return self._terminal(" | ".join(literal(print_value(days)) for days in whole))
        if not isinstance(first, list) or len(first) > MAX_FIRST_ITEMS:
            raise MalformedSchema(f"prefixItems must be a list of at most {MAX_FIRST_ITEMS} schemas")
        firsts = [self.value(schema, depth + 1, True, free) for schema in first[:most]]
        if None in firsts:
            most = min(most, firsts.index(None))
        item = self.value(rest, depth + 1, True, free) if most > len(firsts) else None
        if item is None:
            most = min(most, len(firsts))
        return None if least > most else self._items([text for text in firsts if text], item, least, most)

    def _items(self, firsts: Sequence[str], item: str | None, least: int, most: int) -> str:
        """A list of `least` to `most` items; the first ones have expressions of their own."""
        tail = ""
        if item is not None and most > len(firsts):
            needed = max(0, least - len(firsts))
            lead = "" if firsts else f"{item} "
            count = 0 if firsts else 1
            tail = lead + _repeated(f'", " {item}', max(0, needed - count), most - len(firsts) - count)
            if not firsts and needed == 0:
                tail = f"({tail})?"
        for index in range(min(len(firsts), most) - 1, -1, -1):
            lead = '", " ' if index else ""
            tail = self.rule(f"{lead}{firsts[index]} {tail}")
            if index >= least:
                tail += "?"
        return self.rule(f'"[" {tail} "]"')

    def _object(self, branch: Branch, depth: int, free: bool) -> str | None:
        written: list[tuple[str, bool]] = []
        members = declared_members(branch)
        for name, schema, needed in members:
            value = self.value(schema, depth + 1, free=free)
            if value is not None:
                written.append((f"{literal(print_string(name) + ': ')} {value}", needed))
            elif needed:
                return None
        least, most = count_in(branch.schema, "minProperties") or 0, count_in(branch.schema, "maxProperties")
        pair = self._undeclared_pair(branch, [name for name, _, _ in members], depth, free)
        if not written:
            if pair is None:
                return self.rule('"{}"') if least == 0 else None
            return self._items_in_braces(pair, least, MAX_ITEMS if most is None else min(most, MAX_ITEMS))
        declared = self.sequence(written)
        expression = declared if pair is None else f'{declared} (", " {pair})*'
        if not any(needed for _, needed in written):
            if pair is not None:
                expression += f' | {pair} (", " {pair})*'
            if least == 0:
                expression = f"({expression})?"
        return self.rule(f'"{{" ({expression}) "}}"')

    def _items_in_braces(self, pair: str, least: int, most: int) -> str | None:
        if least > most:
            return None
        if most == 0:
            return self.rule('"{}"')
        more = _repeated(f'", " {pair}', max(0, least - 1), most - 1)
        return self.rule(f'"{{" ({pair} {more}){"?" if least == 0 else ""} "}}"')

    def _undeclared_pair(self, branch: Branch, declared: Sequence[str], depth: int, free: bool) -> str | None:
        """A key of the model's choice with its value, where the schema asks for such keys."""
        schema = branch.schema.get("additionalProperties", not declared)
        if schema is False or any(key in branch.schema for key in ("patternProperties", "propertyNames")):
            return None
        value = self.value(schema, depth + 1, free=free)
        if value is None:
            return None
        taken = " | ".join(literal(print_string(name)) for name in declared)
        key = self._terminal(f"KEY & ~({taken})" if taken else "KEY")
        return self.rule(f'{key} ": " {value}')


def _repeated(expression: str, least: int, most: int) -> str:
    return f"({expression}){{{least},{most}}}" if most > 0 else ""
