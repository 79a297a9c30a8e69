"""What the grammar makes of JSON schemas: every kind of value, and schemas that mean harm."""

from __future__ import annotations

import time
from typing import Any

import pytest

from scrubjay.agent.grammar import PlanGrammar
from scrubjay.agent.plan import print_name, print_value
from scrubjay.agent.schema_grammar import SchemaError

from .grammar_walk import admits, matcher_of

Schema = Any
STRING = {"type": "string"}
INTEGERS = {"type": "array", "items": {"type": "integer"}}
WORDS = ["Sid is late by 20 minutes"]


def grammar_of(schema: Schema, evidence: list[str] | None = None, **document: Schema) -> PlanGrammar:
    """The grammar of a tool with one required parameter `x` of this schema."""
    defs = {"$defs": {"node": NODE}, **document}
    parameters = {"type": "object", "properties": {"x": schema}, "required": ["x"], **defs}
    return PlanGrammar([{"name": "act", "parameters": parameters}], evidence)


def takes(schema: Schema, value: Any, evidence: list[str] | None = None) -> bool:
    return admits(grammar_of(schema, evidence), f"$1 = act(x={print_value(value)})\ndone\n")


NODE = {
    "type": "object",
    "properties": {"label": STRING, "next": {"$ref": "#/$defs/node"}},
    "required": ["label"],
}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "enum": ["a", 'b"\\\n{$1}']}, ["a", 'b"\\\n{$1}'], ["b", "", "ab"]),
        (
            {"enum": [1, "1", None, True, [1, {"k": "v"}]]},
            [1, "1", None, True, [1, {"k": "v"}]],
            [2, False, [1]],
        ),
        ({"type": "string", "enum": ["a", 1]}, ["a"], [1]),
        ({"const": "only"}, ["only"], ["other", "onl"]),
        ({"type": "integer", "minimum": -5, "maximum": 120}, [-5, 0, 99, 120], [-6, 121, 200, 1.5, "1"]),
        ({"type": "integer", "exclusiveMinimum": 0, "multipleOf": 15}, [15, 45, 600], [0, 20, -15]),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, [1], [0]),
        ({"type": "number", "minimum": 0, "maximum": 1}, [0, 1, 0.25, 2e-05], [1.01, -0.5, 2]),
        ({"type": "boolean"}, [True, False], [None, "true", 1]),
        ({"type": ["string", "null"]}, ["x", None], [1]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, [3, None], ["3", 3.5]),
        ({"oneOf": [{"type": "boolean"}, INTEGERS]}, [True, [1]], [[True]]),
        ({"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 5}]}, [3, 5], [2, 6]),
        ({"items": STRING, "minItems": 1, "maxItems": 2}, [["a"], ["a", "b"]], [[], ["a"] * 3, [1]]),
        ({**INTEGERS, "maxItems": 0}, [[]], [[1]]),
        (
            {"type": "array", "prefixItems": [STRING, {"type": "integer"}], "items": False, "minItems": 1},
            [["a"], ["a", 1]],
            [[], [1], ["a", 1, 2]],
        ),
        (
            {"type": "object", "properties": {"a": STRING, "b c": {"type": "integer"}}, "required": ["b c"]},
            [{"b c": 1}, {"a": "x", "b c": 1}],
            [{}, {"a": "x"}, {"b c": 1, "a": "x"}, {"b c": 1, "z": 1}],
        ),
        ({"type": "object", "properties": {}, "additionalProperties": False}, [{}], [{"a": 1}]),
        (
            {"type": "object", "properties": {"a": STRING}, "additionalProperties": {"type": "integer"}},
            [{}, {"a": "x", "n": 1, "m": 2}, {"n": 1}],
            [{"n": "x"}, {"a": 1}],
        ),
        (
            {"type": "object", "minProperties": 1, "maxProperties": 2},
            [{"a": 1}, {"a": [], "b": {}}],
            [{}, {"a": 1, "b": 1, "c": 1}],
        ),
        ({}, [1, "x", None, [1, {"k": [True, "v"]}], {}], []),
        (True, ["x", 1.5], []),
        ({"properties": {"a": STRING}}, [{"a": "x"}], ["x", 1]),
        ({"items": STRING}, [["x"]], ["x"]),
        ({"$ref": "#/$defs/node"}, [{"label": "a", "next": {"label": "b"}}], [{"next": {"label": "b"}}]),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab", "a\n{"], ["a", "abcd", ""]),
        ({"type": "string", "pattern": "^[A-Z]{2}-\\d+$"}, ["AB-12"], ["AB-", "xAB-1", "ab-1"]),
        ({"type": "string", "pattern": "^a|b$"}, ["ax", "xb"], ["xax"]),
        ({"type": "string", "format": "date-time"}, ["tomorrow at 3"], []),
    ],
)
def test_values_are_admitted_as_their_schema_says(schema: Schema, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert takes(schema, value), value
    for value in bad:
        assert not takes(schema, value), value


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (STRING, ["Sid", "late by 20", "20"], ["sid", "Si", "is late ", "", "by  20"]),
        ({"type": "string", "format": "date-time"}, ["20 minutes"], ["tomorrow"]),
        ({"type": "array", "items": STRING}, [[], ["Sid", "late"]], [["Lutfi"]]),
        ({"type": "object", "properties": {"who": STRING}}, [{"who": "Sid"}], [{"who": "Lutfi"}]),
        ({"type": "object"}, [{"any key": "Sid"}], [{"any key": "Lutfi"}]),
        ({}, ["Sid", 3, [{"a": "late"}]], ["Lutfi", ["Lutfi"]]),
        ({"type": "string", "enum": ["made up"]}, ["made up"], ["Sid"]),
        ({"type": "string", "maxLength": 4}, ["late", "Sid"], ["Sid is"]),
        ({"type": "string", "pattern": r"^\d+"}, ["20", "20 minutes"], ["Sid"]),
        ({**STRING, "x-scrubjay-free": True}, ["made up", ""], []),
    ],
)
def test_with_evidence_strings_are_spans_wherever_they_stand(
    schema: Schema, good: list[Any], bad: list[Any]
) -> None:
    for value in good:
        assert takes(schema, value, WORDS), value
    for value in bad:
        assert not takes(schema, value, WORDS), value


@pytest.mark.parametrize("value", [{"type": "string", "pattern": "^Q"}, {"type": "string", "minLength": 500}])
def test_a_tool_whose_text_the_evidence_cannot_fill_is_not_offered(value: Schema) -> None:
    line = matcher_of(grammar_of(value, WORDS).next_grammar("") or "")
    assert line.compute_ff_bytes() == b"none\n"


def test_an_optional_parameter_that_nothing_can_fill_is_left_out() -> None:
    parameters = {"properties": {"x": {"type": "string", "pattern": "^Q"}, "y": STRING}}
    grammar = PlanGrammar([{"name": "act", "parameters": parameters}], WORDS)
    line = matcher_of(grammar.next_grammar("") or "")
    assert line.try_consume_tokens(list(b"$1 = act(")) == 9
    assert line.compute_bitmask()
    assert not admits(grammar, '$1 = act(x="Sid")\ndone\n')
    assert admits(grammar, '$1 = act(y="Sid")\ndone\n')


UNENFORCED = [
    "(?=x)y",
    r"\bword\b",
    r"(a)\1",
    "a++",
    "[[a]]",
    "[a&&b]",
    "x$y",
    "[",
    "(" * 500,
    "(a{500}){500}",
]


@pytest.mark.parametrize("pattern", UNENFORCED)
def test_a_pattern_that_cannot_be_enforced_is_left_to_the_tools_validation(pattern: str) -> None:
    assert takes({"type": "string", "pattern": pattern}, "anything")


@pytest.mark.parametrize(
    "name",
    ["user id", "x-y", "$filter", 'quo"te', "a=b", "line\nbreak", "{$1}", "名前", "", "\x00", "x" * 1000],
)
def test_a_parameter_may_have_any_name(name: str) -> None:
    grammar = PlanGrammar([{"name": "act", "parameters": {"properties": {name: {"type": "integer"}}}}])
    assert admits(grammar, f"$1 = act({print_name(name)}=3)\ndone\n")


def test_any_subset_of_optional_parameters_can_be_given_in_order() -> None:
    names = [f"p{number}" for number in range(7)]
    parameters = {"properties": {name: {"type": "integer"} for name in names}, "required": ["p2", "p5"]}
    grammar = PlanGrammar([{"name": "act", "parameters": parameters}])
    for chosen in range(2**7):
        given = [name for bit, name in enumerate(names) if chosen >> bit & 1]
        plan = f"$1 = act({', '.join(f'{name}=1' for name in given)})\ndone\n"
        assert admits(grammar, plan) == ({"p2", "p5"} <= set(given))


def test_parameters_can_have_alternatives() -> None:
    either = {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    }
    grammar = PlanGrammar([{"name": "act", "parameters": either}])
    assert admits(grammar, "$1 = act(a=1)\ndone\n")
    assert admits(grammar, "$1 = act(b=1)\ndone\n")
    assert not admits(grammar, "$1 = act()\ndone\n")


@pytest.mark.parametrize(
    "parameters", [None, {}, {"type": "object"}, {"type": "object", "additionalProperties": True}]
)
def test_a_tool_without_parameters_is_called_with_none(parameters: Schema) -> None:
    assert admits(PlanGrammar([{"name": "act", "parameters": parameters}]), "$1 = act()\ndone\n")


def nested(levels: int, kind: str) -> Schema:
    schema: Schema = STRING
    for _ in range(levels):
        if kind == "list":
            schema = {"type": "array", "items": schema}
        elif kind == "object":
            schema = {"properties": {"a": schema}, "required": ["a"]}
        else:
            schema = {"anyOf": [schema]}
    return schema


SELF = {"$ref": "#/$defs/filter"}
FILTER = {"type": "object", "properties": {"all": {"items": SELF}, "not": SELF, "field": STRING}}
MANY = {
    f"b{i}": {"properties": {f"p{j}": {"$ref": f"#/$defs/b{(7 * i + 3 * j) % 40}"} for j in range(8)}}
    for i in range(40)
}
EXPLODING = {**{f"d{i}": {"anyOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(40)}, "d40": STRING}


@pytest.mark.parametrize(
    ("schema", "defs"),
    [
        (nested(11, "list"), {}),
        (nested(11, "object"), {}),
        (nested(40, "list"), {}),
        ({"$ref": "#/$defs/filter"}, {"filter": FILTER}),
        ({"anyOf": [{"$ref": "#/properties/x"}, STRING]}, {}),
        ({"$ref": "#/$defs/b0"}, MANY),
        ({"properties": {f"p{i}": STRING for i in range(500)}}, {}),
        ({"enum": [f'{i}"\n{{$1}}' for i in range(2000)]}, {}),
        ({"enum": ["x" * 100_000]}, {}),
        ({"type": "array", "maxItems": 10**9}, {}),
        ({"type": "array", "minItems": 1000, "items": STRING}, {}),
        ({"type": "array", "prefixItems": [STRING] * 100}, {}),
        ({"type": "string", "maxLength": 10**9}, {}),
        ({"type": "number", "exclusiveMinimum": 5e-324, "maximum": 1e308}, {}),
        ({"type": "string", "pattern": "(s+)+$"}, {}),
        ({"if": {}, "not": {}, "dependentRequired": {"a": ["b"]}, "$comment": "what nobody knows"}, {}),
        ({"allOf": [{"properties": {f"k{i}": STRING}} for i in range(300)]}, {}),
    ],
)
def test_a_large_or_twisted_schema_gives_a_working_grammar(schema: Schema, defs: Schema) -> None:
    started = time.process_time()
    for evidence in (None, WORDS):
        matcher = matcher_of(grammar_of(schema, evidence, **{"$defs": defs}).next_grammar("") or "")
        assert matcher.try_consume_tokens(list(b"$1 = act(x=")) == 11
        assert matcher.compute_bitmask()
        assert not matcher.is_stopped()
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("schema", "defs", "says"),
    [
        ("string", {}, "a schema must be an object"),
        ({"type": "strnig"}, {}, "'strnig' is not one of string, integer"),
        ({"enum": [1, 2], "type": "string"}, {}, "no value can ever satisfy"),
        ({"type": "integer", "minimum": 5, "maximum": 3}, {}, "no value can ever satisfy"),
        ({"type": "integer", "minimum": float("nan")}, {}, "minimum must be a number"),
        ({"type": "integer", "multipleOf": 0}, {}, "multipleOf"),
        ({"type": "array", "minItems": 10**9}, {}, "minItems asks for more than 1000"),
        ({"type": "array", "minItems": "many"}, {}, "minItems must be a whole number"),
        ({"type": "string", "minLength": 9_999}, {}, "minLength 9999"),
        ({"type": "string", "pattern": 5}, {}, "pattern must be text"),
        ({"enum": "abc"}, {}, "enum must be a list"),
        ({"enum": list(range(2001))}, {}, "2001 values"),
        ({"enum": ["\ud800"]}, {}, "surrogate"),
        ({"enum": [float("inf")]}, {}, "cannot be written"),
        ({"properties": {f"p{i}": STRING for i in range(601)}}, {}, "601 names"),
        ({"properties": ["a"]}, {}, "properties must be an object"),
        (nested(20, "object"), {}, "no value can ever satisfy"),
        ({"$ref": "http://elsewhere/schema"}, {}, "leads outside"),
        ({"$ref": "#/$defs/nothing"}, {}, "leads nowhere"),
        ({"$ref": "#/$defs/a"}, {"a": {"$ref": "#/$defs/a"}}, "no value can ever satisfy"),
        (
            {"$ref": "#/$defs/a"},
            {"a": {"required": ["a"], "properties": {"a": {"$ref": "#/$defs/a"}}}},
            "no value",
        ),
        ({"$ref": "#/$defs/d0"}, EXPLODING, "more than 20000 parts"),
        (
            {"allOf": [{"anyOf": [{"minLength": i}, {"maxLength": i}]} for i in range(30)]},
            {},
            "multiply to more",
        ),
        ({"allOf": [{"minimum": 1}, {"minimum": "a"}]}, {}, "minimum is 1 here and 'a' there"),
    ],
)
def test_a_schema_that_cannot_be_offered_names_the_tool_and_the_parameter(
    schema: Schema, defs: Schema, says: str
) -> None:
    with pytest.raises(SchemaError, match="tool 'act', parameter 'x': ") as raised:
        grammar_of(schema, WORDS, **{"$defs": defs})
    assert says in str(raised.value)
    assert (raised.value.tool, raised.value.parameter) == ("act", "x")


def _circular() -> Schema:
    schema: Schema = {"type": "object", "properties": {}}
    schema["properties"]["x"] = schema
    return schema


@pytest.mark.parametrize(
    ("tools", "says"),
    [
        ([{"name": "act"}, {"name": "act"}], "two tools of this name"),
        ([{"name": "no good"}], "name must match"),
        ([{"name": "x" * 129}], "name must match"),
        ([{"name": 5}], "needs a name"),
        ([{"parameters": {}}], "needs a name"),
        ([{"name": "act", "parameters": {"type": "string"}}], "type object"),
        ([{"name": "act", "parameters": [1]}], "a schema must be an object"),
        ([{"name": "act", "parameters": {"default": {1}}}], "not JSON"),
        ([{"name": "act", "parameters": nested(200, "anyOf")}], "nested deeper than 100"),
        ([{"name": "act", "parameters": _circular()}], "nested deeper than 100"),
    ],
)
def test_a_tool_that_cannot_be_offered_is_named(tools: list[Schema], says: str) -> None:
    with pytest.raises(SchemaError) as raised:
        PlanGrammar(tools)
    assert says in str(raised.value)
    assert raised.value.parameter is None


BROKEN = [
    5,
    {"type": "x"},
    {"$ref": "#/nowhere"},
    nested(200, "list"),
    _circular(),
    {"properties": {"\ud800": STRING}},
]


@pytest.mark.parametrize("returns", BROKEN)
def test_a_broken_schema_of_results_only_means_that_nothing_is_known_of_them(returns: Schema) -> None:
    broken = {"name": "broken", "parameters": {}, "returns": returns}
    use = {"name": "use", "parameters": {"properties": {"x": {}}}}
    assert admits(PlanGrammar([broken, use]), "$1 = broken()\n$2 = use(x=$1)\ndone\n")
