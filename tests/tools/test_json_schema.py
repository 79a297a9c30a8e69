"""Schemas as others write them, in one plain form."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.errors import ToolDefinitionError
from scrubjay.tools.json_schema import flat_parameters, flat_schema


def test_references_are_replaced_by_what_they_name() -> None:
    schema = {
        "type": "object",
        "properties": {"home": {"$ref": "#/$defs/Place", "description": "Where"}},
        "$defs": {
            "Place": {"type": "object", "properties": {"city": {"$ref": "#/$defs/City"}}},
            "City": {"type": "string"},
        },
    }
    assert flat_parameters(schema, "t")["properties"] == {
        "home": {"type": "object", "properties": {"city": {"type": "string"}}, "description": "Where"}
    }


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema = {"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}
    assert flat_schema(schema, "t") == {"type": "array", "items": {"type": "array"}}


def test_titles_go_and_properties_called_title_stay() -> None:
    schema = {
        "title": "Note",
        "type": "object",
        "properties": {"title": {"type": "string", "title": "Title"}},
    }
    assert flat_parameters(schema, "t")["properties"] == {"title": {"type": "string"}}


def test_what_says_the_same_in_different_words_becomes_the_same() -> None:
    assert flat_schema({"const": "a", "type": "string"}, "t") == {"type": "string", "enum": ["a"]}
    assert flat_schema({"oneOf": [{"type": "string"}]}, "t") == {"type": "string"}
    assert flat_schema({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "t") == {"type": "number"}
    assert flat_schema({"type": ["string"]}, "t") == {"type": "string"}
    two = {
        "anyOf": [{"type": "string", "maxLength": 3}, {"type": "integer", "maxLength": 3}],
        "description": "D",
    }
    assert flat_schema({"type": ["string", "integer"], "maxLength": 3, "description": "D"}, "t") == two
    both = {
        "allOf": [{"type": "object", "properties": {"a": {}}}, {"properties": {"b": {}}, "required": ["b"]}]
    }
    assert flat_schema(both, "t") == {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"]}
    assert flat_schema({"properties": {}}, "t")["type"] == "object"


@pytest.mark.parametrize(
    "maybe",
    [
        {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        {"type": ["string", "null"]},
        {"type": "string", "nullable": True},
    ],
)
def test_an_optional_parameter_has_no_null_and_a_required_one_keeps_it(maybe: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"a": maybe, "b": maybe}, "required": ["b"]}
    properties = flat_parameters(schema, "t")["properties"]
    assert properties["a"] == {"type": "string"}
    assert properties["b"]["anyOf"] == [{"type": "string"}, {"type": "null"}]


def test_what_stands_beside_anyof_holds_in_every_branch() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {}, "b": {}},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    }
    branches = flat_schema(schema, "t")["anyOf"]
    assert [branch["required"] for branch in branches] == [["a"], ["b"]]
    assert all(branch["properties"] == {"a": {}, "b": {}} for branch in branches)
    assert flat_parameters(schema, "t") == {
        "type": "object",
        "properties": {"a": {}, "b": {}},
        "required": [],
    }


def test_an_optional_choice_has_no_null_among_its_values() -> None:
    schema = {"properties": {"a": {"type": ["string", "null"], "enum": ["x", None]}}}
    assert flat_parameters(schema, "t")["properties"]["a"] == {"type": "string", "enum": ["x"]}


def test_schemas_that_multiply_or_never_end_are_refused() -> None:
    doubling: dict[str, Any] = {
        f"d{n}": {"properties": {k: {"$ref": f"#/$defs/d{n + 1}"} for k in "ab"}} for n in range(30)
    }
    doubling["d30"] = {"type": "string"}
    with pytest.raises(ToolDefinitionError, match="more than 5000 parts"):
        flat_parameters({"properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": doubling}, "t")
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"type": "array", "items": deep}
    with pytest.raises(ToolDefinitionError, match="50 deep"):
        flat_parameters({"properties": {"x": deep}}, "t")


def test_keys_stand_in_the_order_of_the_corpus() -> None:
    schema = {"minimum": 1, "description": "D", "type": "integer"}
    assert json.dumps(flat_schema(schema, "t")) == '{"type": "integer", "description": "D", "minimum": 1}'


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("text", "must be a JSON Schema of an object"),
        (None, "must be a JSON Schema of an object"),
        ({"type": "string"}, "must have type object"),
        ({"anyOf": [{"type": "object"}, {"type": "string"}]}, "must have type object"),
        ({"properties": {"a": {"type": "dict"}}}, "t: parameters.a has type 'dict'"),
        ({"properties": {"a": 3}}, "t: parameters.a must be a JSON Schema"),
        ({"properties": [1]}, "properties must be"),
        ({"properties": {}, "required": "a"}, "required must be a list of names"),
        ({"properties": {"a": {"$ref": "#/$defs/B"}}}, "doesn't define"),
        ({"properties": {"a": {"$ref": "https://example.com/x.json"}}}, "only '#/$defs/...'"),
        ({"properties": {"a": {"enum": []}}}, "at least one"),
        ({"properties": {"a": {"pattern": "["}}}, "pattern '[' cannot be read"),
    ],
)
def test_what_is_no_schema_of_an_object_is_refused_with_its_place(schema: object, words: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        flat_parameters(schema, "t")
    assert words in str(caught.value)


KEYS = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "items",
        "anyOf",
        "allOf",
        "oneOf",
        "enum",
        "const",
        "$ref",
        "$defs",
        "default",
        "additionalProperties",
        "pattern",
        "nullable",
        "title",
        "minLength",
        "minimum",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_value_is_a_schema_or_a_definition_error(value: Any) -> None:
    try:
        flat = flat_parameters(value, "t")
    except ToolDefinitionError:
        return
    assert flat_parameters(flat, "t") == flat
