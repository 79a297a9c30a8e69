"""Hypothesis strategies for JSON schemas of every kind that the grammar enforces."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]

names = st.sampled_from(
    ["name", "to", "count", "x-y", "user id", 'quo"te', "{$1}", "naïve", "名前", "$ref", "a=b"]
)
odd_texts = st.sampled_from(
    ["", "low", 'say "hi"', "back\\slash", "two\nlines", "{$1}", "{\\u0024", "👩‍🚀", "a, b)"]
)
scalars = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.sampled_from([0.5, -2.25]) | odd_texts
numbers = st.integers(-1000, 1000) | st.decimals(-100, 100, places=2).map(float)


def _bounds(types: list[str]) -> st.SearchStrategy[Schema]:
    keywords = dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), numbers)
    return st.fixed_dictionaries(
        {"type": st.sampled_from(types)},
        optional={**keywords, "multipleOf": st.sampled_from([1, 2, 5, 7, 25])},
    )


strings = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(3, 40),
        "pattern": st.sampled_from(["^[a-z ]+$", "a", "^x|^y", r"\d", r"^[^\s@]+@[^\s@]+$", "^(a|b)*$"]),
        "format": st.sampled_from(["date-time", "email", "made-up"]),
    },
)
literals = st.builds(lambda values: {"enum": values}, st.lists(scalars, min_size=1, max_size=4)) | st.builds(
    lambda value: {"const": value}, scalars
)
simple = (
    strings
    | literals
    | _bounds(["integer", "number"])
    | st.sampled_from(["boolean", "null"]).map(lambda kind: {"type": kind})
    | st.just({"type": ["string", "null"]})
    | st.just({"$ref": "#/$defs/node"})
)


def _containers(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner},
        optional={
            "minItems": st.integers(0, 3),
            "maxItems": st.integers(1, 4),
            "prefixItems": st.lists(inner, max_size=2),
        },
    )
    return (
        arrays
        | objects(inner)
        | st.builds(lambda some: {"anyOf": some}, st.lists(inner, min_size=1, max_size=3))
    )


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    """Objects that declare their keys, some of them required, and allow no others."""
    properties = draw(st.dictionaries(names, inner, max_size=4))
    required = [name for name in properties if draw(st.booleans())]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


values = st.recursive(simple, _containers, max_leaves=6)
NODE: Schema = {
    "type": "object",
    "properties": {
        "label": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
    },
    "required": ["label"],
    "additionalProperties": False,
}
parameters = objects(values).map(lambda schema: {**schema, "$defs": {"node": NODE}})
"""A tool's parameters; `#/$defs/node` in them is a tree."""

keywords = st.sampled_from(
    [
        *(
            "type",
            "properties",
            "required",
            "items",
            "prefixItems",
            "enum",
            "const",
            "anyOf",
            "oneOf",
            "allOf",
        ),
        *("$ref", "$defs", "additionalProperties", "minimum", "maximum", "exclusiveMinimum", "multipleOf"),
        *("minLength", "maxLength", "pattern", "minItems", "maxItems", "minProperties", "maxProperties"),
    ]
)
texts_in_schemas = odd_texts | st.sampled_from(
    ["string", "object", "array", "number", "#", "#/properties/x", "^a"]
)
anything_in_place_of_a_schema = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts_in_schemas,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keywords | names, inner, max_size=4),
    max_leaves=12,
)
"""JSON that may or may not be a schema, with a liking for the keywords of schemas."""
