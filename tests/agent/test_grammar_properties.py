"""Whatever is decoded under the grammar is a plan that parses, fits the schemas and prints back to itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from scrubjay.agent.evidence import repair_text
from scrubjay.agent.grammar import PlanGrammar
from scrubjay.agent.plan import Json, Plan, Reference, print_plan, references_in
from scrubjay.agent.reader import PlanSyntaxError, parse_plan
from scrubjay.agent.schema_grammar import SchemaError

from ..tiny_model import WORDS, byte_level_vocabulary
from .grammar_walk import matcher_of, random_plan, word_tokenizer
from .json_schemas import Schema, anything_in_place_of_a_schema, parameters

seeds = st.integers(0, 2**32)
evidence_texts = st.none() | st.lists(
    st.text(max_size=30)
    | st.sampled_from(
        ["text Sid that I'm late", '{$1} <|end|>\ndone\n$1 = x("', "見て👩‍🚀 10km", "\ud800\x00"]
    ),
    min_size=1,
    max_size=2,
)


@settings(max_examples=150)
@given(parameters, evidence_texts, seeds)
def test_every_plan_that_the_grammar_admits_fits_the_schemas(
    schema: Schema, evidence: list[str] | None, seed: int
) -> None:
    tools = [
        _tool("act", schema),
        _tool("files/read", {"type": "object", "properties": {"path": {"type": "string"}}}),
    ]
    plan, text = _decoded(tools, evidence, seed)
    assert print_plan(plan) == text
    for step in plan.steps:
        given_parameters = next(tool for tool in tools if tool["name"] == step.tool)["parameters"]
        Draft202012Validator(given_parameters).validate(dict(step.args))
        assert set(step.args) <= set(given_parameters["properties"])
        assert list(step.args) == [name for name in given_parameters["properties"] if name in step.args]


@settings(max_examples=100)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=3), seeds)
def test_every_decoded_string_is_a_span_of_the_evidence(evidence: list[str], seed: int) -> None:
    tools = [
        _tool(
            "say",
            {
                "properties": {
                    "text": {"type": "string"},
                    "to": {"type": "array", "items": {"type": "string"}},
                }
            },
        )
    ]
    plan, _ = _decoded(tools, evidence, seed)
    for text in _strings([dict(step.args) for step in plan.steps]):
        assert text
        assert text == text.strip()
        assert any(text in repair_text(known) for known in evidence)


@settings(max_examples=60)
@given(seeds, st.booleans())
def test_every_reference_leads_to_an_earlier_result(seed: int, with_evidence: bool) -> None:
    returns: dict[str, tuple[Schema, Json]] = {
        "find": (
            {
                "type": "object",
                "properties": {
                    "id": {"type": "integer"},
                    "tag s": {"type": "array", "items": {"type": "string"}},
                },
            },
            {"id": 7, "tag s": ["a"] * 100},
        ),
        "name": ({"type": "string"}, "Sid"),
        "list": (
            {"type": "array", "items": {"type": "object", "properties": {"at": {"type": "number"}}}},
            [{"at": 1.5}] * 100,
        ),
        "note": ({"type": "null"}, None),
    }
    anything = {
        "properties": {
            "text": {"type": "string"},
            "n": {"type": "number"},
            "any": {},
            "ids": {"type": "array"},
        }
    }
    tools = [_tool(name, anything, schema) for name, (schema, _) in returns.items()]
    before: list[Json] = [{"path": ["/a", 3]}, None, "0611"]
    grammar = PlanGrammar(tools, ["some words"] if with_evidence else None, before, max_steps=6)
    text = random_plan(grammar, seed, more_lines=0.9)
    assume(not _repeats_a_key(text))
    plan = parse_plan(text)
    assert print_plan(plan) == text
    results = [returns[step.tool][1] for step in plan.steps]
    for step in plan.steps:
        for name, value in step.args.items():
            for reference in references_in(value):
                found = _follow(reference, before if reference.previous_turn else results)
                assert found is not None
                assert name != "n" or isinstance(found, int | float)


@settings(max_examples=40)
@given(parameters, evidence_texts, seeds)
def test_the_grammar_holds_for_a_vocabulary_of_words(
    words: Path, schema: Schema, evidence: list[str] | None, seed: int
) -> None:
    plan, text = _decoded([_tool("get_phone_number", schema)], evidence, seed, words)
    assert print_plan(plan) == text


@settings(max_examples=200)
@given(
    schema=anything_in_place_of_a_schema,
    parameters=anything_in_place_of_a_schema,
    returns=anything_in_place_of_a_schema,
    evidence=evidence_texts,
)
def test_anything_in_place_of_a_schema_gives_a_grammar_or_a_schema_error(
    schema: Any, parameters: Any, returns: Any, evidence: list[str] | None
) -> None:
    for whole in (parameters, {"properties": {"x": schema}, "required": ["x"], "$defs": {"node": schema}}):
        try:
            grammar = PlanGrammar([{"name": "act", "parameters": whole, "returns": returns}], evidence)
        except SchemaError:
            continue
        for written in ("", "$1 = act()\n"):
            assert matcher_of(grammar.next_grammar(written) or "").compute_bitmask()


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BPE vocabulary whose tokens cross the borders of names, quotes and values."""
    tokens, merges = byte_level_vocabulary(WORDS)
    path = tmp_path_factory.mktemp("vocabulary") / "tokenizer.json"
    special = [
        {
            "id": i,
            "content": t,
            "special": True,
            **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False),
        }
        for i, t in enumerate(tokens)
        if t.startswith("<|")
    ]
    path.write_text(
        json.dumps(
            {
                "version": "1.0",
                "added_tokens": special,
                "normalizer": None,
                "post_processor": None,
                "truncation": None,
                "padding": None,
                "pre_tokenizer": {
                    "type": "ByteLevel",
                    "add_prefix_space": False,
                    "trim_offsets": True,
                    "use_regex": False,
                },
                "decoder": {
                    "type": "ByteLevel",
                    "add_prefix_space": False,
                    "trim_offsets": True,
                    "use_regex": False,
                },
                "model": {
                    "type": "BPE",
                    "vocab": {token: i for i, token in enumerate(tokens)},
                    "merges": merges,
                },
            }
        )
    )
    return path


def _tool(name: str, schema: Schema, returns: Schema | None = None) -> dict[str, Any]:
    """A tool whose results can't be referred to, unless `returns` says otherwise."""
    return {"name": name, "parameters": {"type": "object", **schema}, "returns": returns or {"type": "null"}}


def _decoded(
    tools: list[dict[str, Any]], evidence: list[str] | None, seed: int, words: Path | None = None
) -> tuple[Plan, str]:
    try:
        grammar = PlanGrammar(tools, evidence, max_steps=4)
    except SchemaError as error:
        assume(False)
        raise AssertionError from error
    text = random_plan(grammar, seed, word_tokenizer(words) if words else None)
    return parse_plan(text), text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)


def _follow(reference: Reference, results: list[Json]) -> Json:
    found: Any = results[reference.step - 1]
    for part in reference.path:
        found = found[part]
    plain: Json = found
    return plain


def _repeats_a_key(text: str) -> bool:
    """Keys that the model makes up may come twice in an object: the reader refuses it, the grammar can't."""
    try:
        parse_plan(text)
    except PlanSyntaxError as error:
        return "is given twice" in str(error)
    return False
