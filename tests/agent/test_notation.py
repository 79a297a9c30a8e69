"""Native tool-call formats: held by the grammar, and read as the plan that they mean."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from scrubjay.agent.grammar import PlanGrammar
from scrubjay.agent.notation import NOTATIONS, NativeReader, calls_json
from scrubjay.agent.plan import Plan, print_plan, references_in
from scrubjay.agent.reader import parse_plan

from .grammar_walk import matcher_of

TOOLS: list[dict[str, Any]] = [
    {
        "name": "get_email_address",
        "description": "Look an address up.",
        "parameters": {
            "type": "object",
            "properties": {"name": {"type": "string", "maxLength": 8}},
            "required": ["name"],
        },
        "returns": {"type": "string"},
    },
    {
        "name": "calendar/create-event",
        "description": "Make an event.",
        "parameters": {
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "attendees": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
                "room": {"enum": ["red", "blue"]},
                "minutes": {"type": "integer", "minimum": 5, "maximum": 90},
            },
            "required": ["title", "attendees"],
        },
        "returns": {"type": "object", "properties": {"id": {"type": "integer"}, "a b": {"type": "string"}}},
    },
]
PARAMETERS = {tool["name"]: list(tool["parameters"]["properties"]) for tool in TOOLS}
PLAN = (
    '$1 = get_email_address(name="Sid")\n'
    '$2 = calendar/create-event(title="Sync (\\"A\\") with {$1}", attendees=[$1, "x@y.z"], minutes=30)\n'
    "done\n"
)
WRITTEN = {
    "hermes": '<tool_call>\n{"name": "get_email_address", "arguments": {"name": "Sid"}}\n</tool_call>\n'
    '<tool_call>\n{"name": "calendar/create-event", "arguments": {"title": "Sync (\\"A\\") with {$1}",'
    ' "attendees": ["{$1}", "x@y.z"], "minutes": 30}}\n</tool_call>',
    "llama-3": '{"name": "get_email_address", "parameters": {"name": "Sid"}}; {"name":'
    ' "calendar/create-event", "parameters": {"title": "Sync (\\"A\\") with {$1}",'
    ' "attendees": ["{$1}", "x@y.z"], "minutes": 30}}',
    "mistral": '[TOOL_CALLS][{"name": "get_email_address", "arguments": {"name": "Sid"}}, {"name":'
    ' "calendar/create-event", "arguments": {"title": "Sync (\\"A\\") with {$1}",'
    ' "attendees": ["{$1}", "x@y.z"], "minutes": 30}}]',
    "phi-4": '<|tool_call|>[{"name": "get_email_address", "arguments": {"name": "Sid"}}, {"name":'
    ' "calendar/create-event", "arguments": {"title": "Sync (\\"A\\") with {$1}",'
    ' "attendees": ["{$1}", "x@y.z"], "minutes": 30}}]<|/tool_call|>',
    "gemma": '```tool_code\nget_email_address(name="Sid")\ncalendar/create-event('
    'title="Sync (\\"A\\") with {$1}", attendees=[$1, "x@y.z"], minutes=30)\n```',
    "minicpm-4": '<|tool_call_start|>\n```python\nget_email_address(name="Sid")\ncalendar/create-event('
    'title="Sync (\\"A\\") with {$1}", attendees=[$1, "x@y.z"], minutes=30)\n```\n<|tool_call_end|>',
    "lfm-2": '<|tool_call_start|>[get_email_address(name="Sid"), calendar/create-event('
    'title="Sync (\\"A\\") with {$1}", attendees=[$1, "x@y.z"], minutes=30)]<|tool_call_end|>',
    "tinyagent": '1. get_email_address("Sid")\n2. calendar/create-event("Sync (\\"A\\") with {$1}",'
    ' ["$1", "x@y.z"], "red")\n3. join()<END_OF_PLAN>',
}


def admitted_whole(grammar: PlanGrammar, text: str) -> bool:
    """Whether the grammar admits `text`, unit after unit, up to where it has no more or the model may end."""
    written, rest = "", text.encode()
    while (lark := grammar.next_grammar(written)) is not None:
        matcher = matcher_of(lark)
        if not rest:
            return matcher.is_accepting()
        taken = 0
        while taken < len(rest) and not matcher.is_stopped() and matcher.try_consume_tokens([rest[taken]]):
            taken += 1
        if not taken or not matcher.is_accepting():
            return False
        written += rest[:taken].decode()
        rest = rest[taken:]
    return not rest


@pytest.mark.parametrize("dialect", NOTATIONS)
def test_a_plan_is_read_from_each_format_and_admitted_by_its_grammar(dialect: str) -> None:
    notation, text = NOTATIONS[dialect], WRITTEN[dialect]
    assert admitted_whole(PlanGrammar(TOOLS, notation=notation), text)
    reader = NativeReader(notation, PARAMETERS)
    wanted = PLAN.replace("minutes=30", 'room="red"') if dialect == "tinyagent" else PLAN
    assert reader.feed(text) + reader.close() == wanted


@pytest.mark.parametrize("dialect", NOTATIONS)
def test_each_format_can_say_that_no_tool_serves(dialect: str) -> None:
    notation = NOTATIONS[dialect]
    assert admitted_whole(PlanGrammar(TOOLS, notation=notation), notation.none)
    reader = NativeReader(notation, PARAMETERS)
    assert reader.feed(notation.none) + reader.close() == "none\n"


@pytest.mark.parametrize("dialect", NOTATIONS)
def test_a_call_is_read_as_soon_as_it_is_complete_however_the_text_is_cut(dialect: str) -> None:
    text, whole = WRITTEN[dialect], NativeReader(NOTATIONS[dialect], PARAMETERS)
    lines = whole.feed(text)
    for cut in range(1, 9):
        reader = NativeReader(NOTATIONS[dialect], PARAMETERS)
        assert "".join(reader.feed(text[at : at + cut]) for at in range(0, len(text), cut)) == lines
    reader = NativeReader(NOTATIONS[dialect], PARAMETERS)
    first = text.index(")" if '("' in text or "(name" in text else "}}") + 2
    assert reader.feed(text[:first]).startswith('$1 = get_email_address(name="Sid")\n')


@settings(max_examples=25)
@given(st.integers(0, 2**32))
@pytest.mark.parametrize("dialect", NOTATIONS)
def test_everything_that_a_format_admits_is_a_plan_that_fits_the_schemas(dialect: str, seed: int) -> None:
    chance, notation = random.Random(seed), NOTATIONS[dialect]
    grammar, written = PlanGrammar(TOOLS, max_steps=4, notation=notation), ""
    while (lark := grammar.next_grammar(written)) is not None:
        unit = random_unit(lark, chance)
        if not unit:
            break
        written += unit
    reader = NativeReader(notation, PARAMETERS)
    plan = parse_plan(reader.feed(written) + reader.close())
    assert print_plan(plan) == print_plan(Plan(plan.steps))
    assert len(plan.steps) <= 4
    for step in plan.steps:
        tool = next(tool for tool in TOOLS if tool["name"] == step.tool)
        assert all(reference.step < step.id for reference in step.references())
        plain = {k: v for k, v in step.args.items() if not list(references_in(v))}
        schema = {**tool["parameters"], "required": []}
        Draft202012Validator(schema).validate(plain)
        assert set(tool["parameters"]["required"]) <= set(step.args)


def random_unit(lark: str, chance: random.Random) -> str:
    """What one grammar admits, byte by byte by chance, with a bias to close; empty where the model ends."""
    matcher, unit = matcher_of(lark), b""
    if matcher.is_accepting() and chance.random() < 0.3:
        return ""
    while not matcher.is_stopped():
        mask = int.from_bytes(matcher.compute_bitmask(), "little")
        allowed = [byte for byte in range(128) if mask >> byte & 1]
        ends = [byte for byte in allowed if byte in b'"),]}\n']
        if not allowed:
            break
        byte = chance.choice(ends if ends and chance.random() < 0.2 + len(unit) / 500 else allowed)
        assert matcher.consume_token(byte)
        unit += bytes([byte])
    return unit.decode()


def test_a_price_is_no_reference() -> None:
    reader = NativeReader(NOTATIONS["tinyagent"], PARAMETERS)
    assert reader.feed('1. get_email_address("$5")\n') == '$1 = get_email_address(name="$5")\n'
    reader = NativeReader(NOTATIONS["hermes"], PARAMETERS)
    call = '{"name": "get_email_address", "arguments": {"name": "$1 {\\u0024x}"}}'
    assert reader.feed(call) == '$1 = get_email_address(name="$1 {\\u0024x}")\n'


def test_earlier_calls_are_told_as_json() -> None:
    told = json.loads(calls_json(PLAN))
    assert told[1]["arguments"]["attendees"] == ["{$1}", "x@y.z"]
    assert told[1]["arguments"]["title"] == 'Sync ("A") with {$1}'
