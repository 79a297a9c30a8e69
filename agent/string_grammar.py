"""Terminals for the string arguments of a plan: spans of the evidence, and free text.

Every terminal matches only what `print_string` writes (the escapes of json.dumps, `{$` as `{\\u0024`), so
that a decoded string prints back to the text that it came from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from llguidance import LLMatcher, LLParserLimits, LLTokenizer

from .pattern_grammar import pattern_terminal
from .schema_branches import MalformedSchema, Schema, count_in, shown

MAX_LENGTH = 10_000
"""A schema may ask for this many characters at least; a larger maxLength is as good as none."""

_FUEL = 300_000  # a third of what llguidance grants a whole grammar
_ESCAPE = r"\\[\"\\nrtbf]|\\u00(0[0-7bef]|1[0-9a-f])"
_AFTER_BRACE = rf"[^\"\\{{$\x00-\x1f]|{_ESCAPE}|\\u0024"
_VISIBLE = r"[^\"\\\s\x00-\x1f]|\\[\"\\b]|\\u0024|\\u00(0[0-7ef]|1[0-9ab])"  # the rest is white space
_UNIT = r"[^\"\\\x00-\x1f]|\\[^u]|\\u[0-9a-f]{4}"

_WORKED_OUT = (
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9])?"
    r"|[0-9]{1,9}(\.[0-9]{1,2})?"
)

STRING_TERMINALS = rf"""
BRACES: /(\{{)+/
PLAIN: (/[^\"\\{{\x00-\x1f]|{_ESCAPE}/ | BRACES /{_AFTER_BRACE}/)* BRACES?
EDGES: /({_VISIBLE})(({_UNIT})*({_VISIBLE}))?/
KEY: "\"" (PLAIN & /({_UNIT}){{1,64}}/) "\""
"""
"""What the other terminals are made of. KEY is a name in an object that declares none."""


@dataclass(frozen=True, slots=True)
class StringShape:
    """What a schema asks of a string. span: it is copied from the evidence, otherwise it is free text."""

    span: bool
    min_length: int = 0
    max_length: int | None = None
    pattern: str | None = None

    def conditions(self) -> str:
        """The shape as intersections to append to a terminal: ` & /.../`, or nothing."""
        asked = []
        if self.min_length or self.max_length is not None:
            most = "" if self.max_length is None else self.max_length
            asked.append(f"/({_UNIT}){{{self.min_length},{most}}}/")
        if self.pattern is not None and (terminal := pattern_terminal(self.pattern)):
            # The pattern speaks of the text, the terminal of its escaped form: only texts without escapes.
            asked.append(f'{terminal} & /[^"\\\\]*/')
        return "".join(f" & {condition}" for condition in asked)


def shape_in(schema: Mapping[str, Schema], span: bool) -> StringShape | None:
    """What minLength, maxLength and pattern ask for; None when no string can do. Raises MalformedSchema."""
    shortest, longest = count_in(schema, "minLength") or 0, count_in(schema, "maxLength")
    if shortest > MAX_LENGTH:
        raise MalformedSchema(f"minLength asks for more than {MAX_LENGTH} characters")
    if longest is not None and longest < max(shortest, span):
        return None
    pattern = schema.get("pattern")
    if pattern is not None and not isinstance(pattern, str):
        raise MalformedSchema(f"pattern must be text, but it is {shown(pattern)}")
    shape = StringShape(
        span,
        min_length=0 if shortest <= span else shortest,  # a span has a character anyway
        max_length=None if longest is None or longest > MAX_LENGTH else longest,
    )
    if pattern is not None and pattern_terminal(pattern) and _compiles(replace(shape, pattern=pattern)):
        return replace(shape, pattern=pattern)
    if not _compiles(shape):
        raise MalformedSchema(f"minLength {shortest} or maxLength {longest} is more than a grammar can hold")
    return shape


def span_terminal(name: str, shape: StringShape, worked_out: bool = False) -> str:
    """The definition of a terminal for spans of the evidence; CHUNKS must be defined by `chunks_terminal`.

    worked_out: dates, times and numbers may be written that stand nowhere in the evidence.
    """
    conditions = shape.conditions()
    more = f' | "\\"" (/{_WORKED_OUT}/{conditions}) "\\""' if worked_out else ""
    return f'{name}: "\\"" (CHUNKS & EDGES{conditions}) "\\""{more}\n'


def text_terminal(name: str, shape: StringShape, references: str | None) -> str:
    """The definition of a terminal for free text. references: a terminal for what may stand in braces."""
    conditions = shape.conditions()
    if conditions or references is None:
        return f'{name}: "\\"" (PLAIN{conditions}) "\\""\n'
    return f'{name}: "\\"" (PLAIN "{{" {references} "}}")* PLAIN "\\""\n'


def chunks_terminal(chunks: Sequence[str]) -> str:
    """The definition of CHUNKS: every run of neighbours in `chunks`."""
    return f"CHUNKS: %regex {json.dumps({'substring_chunks': list(chunks)})}\n"


def some_span_fits(shape: StringShape, chunks: str) -> bool:
    """Whether the evidence has any span of this shape; chunks is the text of `chunks_terminal`."""
    grammar = f"start: SPAN\n{span_terminal('SPAN', shape)}{chunks}{STRING_TERMINALS}"
    matcher = LLMatcher(_byte_tokenizer(), grammar, log_level=0)
    matcher.compute_bitmask()
    return not matcher.is_stopped()


@lru_cache(maxsize=1024)
def _compiles(shape: StringShape) -> bool:
    """Whether llguidance can take the shape's conditions; hostile ones exhaust what it grants a grammar."""
    if not shape.conditions():
        return True
    grammar = f"start: TEXT\n{text_terminal('TEXT', shape, None)}{STRING_TERMINALS}"
    limits = LLParserLimits(initial_lexer_fuel=_FUEL)
    return not LLMatcher(_byte_tokenizer(), grammar, log_level=0, limits=limits).is_error()


@cache
def _byte_tokenizer() -> LLTokenizer:
    return LLTokenizer("byte")
