"""What the grammar lets a model write, line by line."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from llguidance import LLTokenizer

from scrubjay.agent.grammar import PlanGrammar
from scrubjay.agent.plan import Json

from .grammar_walk import admits, matcher_of, refused

Schema = dict[str, Any]
GOLD = json.loads(Path(__file__).with_name("data").joinpath("gold_plans.json").read_text())
TOOLS = {tool["name"]: tool for tool in GOLD["tools"]}


def tool(
    name: str, properties: Schema, required: list[str] | None = None, returns: Schema | None = None
) -> Schema:
    """A tool whose parameters are all required unless `required` says otherwise."""
    names = list(properties) if required is None else required
    parameters = {"type": "object", "properties": properties, "required": names}
    return {
        "name": name,
        "parameters": parameters,
        "returns": {"type": "string"} if returns is None else returns,
    }


STRING = {"type": "string"}
FIND = tool(
    "find",
    {"name": STRING},
    returns={"type": "object", "properties": {"id": {"type": "integer"}, "mail": STRING}},
)
SEND = tool(
    "send",
    {"to": {"type": "array", "items": STRING}, "text": STRING, "copies": {"type": "integer"}},
    ["to", "text"],
)
EVIDENCE = ["tell Sid that I'm late"]


@pytest.mark.parametrize("case", GOLD["cases"], ids=lambda case: case["evidence"][0][:40])
def test_plans_of_the_corpus_are_admitted_with_evidence(case: dict[str, Any]) -> None:
    grammar = PlanGrammar(
        [TOOLS[name] for name in case["tools"]], case["evidence"], case.get("previous_results", [])
    )
    assert refused(grammar, case["plan"]) is None


@pytest.mark.parametrize(
    "plan",
    [
        "none\n",
        '$1 = find(name="Sid")\ndone\n',
        '$1 = find(name="Sid")\n$2 = send(to=[$1.mail], text="I\'m late")\ndone\n',
        '$1 = find(name="Sid")\n$2 = send(to=[$1.mail, "Sid"], text=$1.mail, copies=$1.id)\ndone\n',
        '$1 = send(to=[], text="late", copies=-3)\ndone\n',
    ],
)
def test_a_plan_of_the_language_is_admitted(plan: str) -> None:
    assert refused(PlanGrammar([FIND, SEND], EVIDENCE), plan) is None


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ("done\n", "a plan without steps is `none`"),
        ('$1 = find(name="Sid")\nnone\n', "`none` stands alone"),
        ('$2 = find(name="Sid")\ndone\n', "steps are numbered from 1"),
        ('$1 = look(name="Sid")\ndone\n', "no such tool is offered"),
        ("$1 = find()\ndone\n", "a required parameter is missing"),
        ('$1 = find(name="Sid", age=3)\ndone\n', "no such parameter"),
        ('$1 = find(name="Sid", )\ndone\n', "a trailing comma"),
        ('$1 = send(text="late", to=[])\ndone\n', "arguments out of the schema's order"),
        ('$1 = send(to="Sid", text="late")\ndone\n', "text for a list"),
        ('$1 = send(to=[], text="late", copies="3")\ndone\n', "text for a number"),
        ('$1 = send(to=[], text="late", copies=3.5)\ndone\n', "a fraction for a whole number"),
        ("$1 = find(name=null)\ndone\n", "null where it is not allowed"),
        ("$1 = find(name=$1)\ndone\n", "a step refers to itself"),
        ('$1 = find(name="Sid")\n$2 = find(name=$2)\ndone\n', "a reference to a later step"),
        ('$1 = find(name="Sid")\n$2 = find(name=$1.phone)\ndone\n', "a field that the result lacks"),
        ('$1 = find(name="Sid")\n$2 = find(name=$1)\ndone\n', "an object for text"),
        ('$1 = find(name="Sid")\n$2 = send(to=[], text="late", copies=$1.mail)\ndone\n', "text for a number"),
        ("$1 = find(name=$0.1)\ndone\n", "there was no turn before"),
        ('$1 = find(name="about {$1}")\ndone\n', "a template where strings are spans"),
        ('$1=find(name="Sid")\ndone\n', "no space around the first `=`"),
    ],
)
def test_what_is_wrong_cannot_be_written(plan: str, why: str) -> None:
    assert refused(PlanGrammar([FIND, SEND], EVIDENCE), plan) is not None, why


def test_after_the_last_step_allowed_only_done_is_left() -> None:
    grammar = PlanGrammar([FIND], EVIDENCE, max_steps=2)
    step = '$%d = find(name="Sid")\n'
    assert admits(grammar, step % 1 + step % 2 + "done\n")
    assert not admits(grammar, step % 1 + step % 2 + step % 3 + "done\n")


def test_without_tools_only_none_is_left() -> None:
    assert admits(PlanGrammar([], EVIDENCE), "none\n")
    matcher = matcher_of(PlanGrammar([], EVIDENCE).next_grammar("") or "")
    assert matcher.compute_ff_bytes() == b"none\n"


def test_a_complete_plan_has_no_next_line() -> None:
    grammar = PlanGrammar([FIND], EVIDENCE)
    assert grammar.next_grammar("none\n") is None
    assert grammar.next_grammar('$1 = find(name="Sid")\ndone\n') is None


def test_text_that_the_grammar_did_not_write_is_an_error() -> None:
    with pytest.raises(ValueError, match="line 1"):
        PlanGrammar([FIND], EVIDENCE).next_grammar("find Sid\n")


def test_a_line_break_character_inside_a_string_does_not_end_its_line() -> None:
    text = "a\u2028b\x85c\x0bd"
    grammar = PlanGrammar([FIND], [text])
    plan = f"$1 = find(name={json.dumps(text, ensure_ascii=False)})\n$2 = find(name=$1.mail)\ndone\n"
    assert refused(grammar, plan) is None


def test_results_of_the_turn_before_can_be_referred_to_as_they_are() -> None:
    results: list[Json] = ["/home/a.pdf", None, {"mail": "s@x.y", "n": 3}, [{"title": "Sync"}]]
    grammar = PlanGrammar([FIND, SEND], EVIDENCE, results)
    for reference in ("$0.1", "$0.3.mail", "$0.3.n", "$0.4[0].title", "$0.4"):
        assert admits(grammar, f"$1 = find(name={reference})\ndone\n"), reference
    for reference in ("$0.2", "$0.3", "$0.3.phone", "$0.4[1]", "$0.5", "$0.1.x"):
        assert not admits(grammar, f"$1 = find(name={reference})\ndone\n"), reference


def test_what_is_not_known_of_a_result_can_be_referred_to_anyhow() -> None:
    anything = tool("any", {}, returns={})
    listing = tool("list", {}, returns={"type": "array"})
    for known in (anything, listing):
        grammar = PlanGrammar([known, FIND], EVIDENCE)
        assert admits(grammar, f"$1 = {known['name']}()\n$2 = find(name=$1[3].title)\ndone\n")
    assert admits(PlanGrammar([anything, FIND], EVIDENCE), "$1 = any()\n$2 = find(name=$1)\ndone\n")


def test_an_odd_field_name_is_referred_to_in_quotes() -> None:
    odd = tool("odd", {}, returns={"type": "object", "properties": {'a "b"\\ {$1}': STRING}})
    reference = '$1["a \\"b\\"\\\\ {\\u00241}"]'
    assert admits(PlanGrammar([odd, FIND], EVIDENCE), f"$1 = odd()\n$2 = find(name={reference})\ndone\n")
    inside = json.dumps(reference)[1:-1]
    plan = f'$1 = odd()\n$2 = find(name="see {{{inside}}}")\ndone\n'
    assert refused(PlanGrammar([odd, FIND]), plan) is None


def test_without_evidence_text_is_free_and_may_hold_references() -> None:
    grammar = PlanGrammar([FIND, SEND])
    lines = [
        '$1 = find(name="anybody\\n{\\u00241}")',
        '$2 = send(to=[$1.mail], text="about {$1.mail}, {{$1.id}")',
        "done",
    ]
    plan = "".join(f"{line}\n" for line in lines)
    assert refused(grammar, plan) is None
    assert not admits(grammar, plan.replace("$1.mail}", "$1.phone}"))
    assert not admits(grammar, plan.replace("$1.mail}", "$2}"))


def test_a_tool_that_needs_text_cannot_be_called_without_evidence_to_copy_from() -> None:
    ping = tool("ping", {})
    for nothing in ([], [""], ["  \n"]):
        grammar = PlanGrammar([FIND, ping], nothing)
        assert admits(grammar, "$1 = ping()\n$2 = find(name=$1)\ndone\n")
        line = matcher_of(grammar.next_grammar("") or "")
        assert line.try_consume_tokens(list(b"$1 = find")) < len(b"$1 = find")


def test_a_free_parameter_opts_out_of_evidence() -> None:
    write = tool(
        "write",
        {
            "title": STRING,
            "tags": {"type": "array", "items": STRING, "x-scrubjay-free": True},
            "body": {**STRING, "x-scrubjay-free": True},
        },
    )
    grammar = PlanGrammar([write], EVIDENCE)
    assert admits(grammar, '$1 = write(title="Sid", tags=["made up"], body="made up")\ndone\n')
    assert not admits(grammar, '$1 = write(title="made up", tags=[], body="")\ndone\n')


def test_special_tokens_are_text_like_any_other() -> None:
    text = "<|end|> [INST] </s>"
    assert admits(PlanGrammar([FIND], [text]), f'$1 = find(name="{text}")\ndone\n')
    assert admits(PlanGrammar([FIND]), f'$1 = find(name="{text}")\ndone\n')


def test_the_common_case_takes_a_few_milliseconds_with_the_matcher() -> None:
    tools = list(TOOLS.values())[:8]
    request = " ".join(f"word{number}" for number in range(30))
    tokenizer, times = LLTokenizer("byte"), []
    for turn in range(10):
        started = time.process_time()
        matcher_of(PlanGrammar(tools, [f"{request} {turn}"]).next_grammar("") or "", tokenizer)
        times.append(time.process_time() - started)
    assert min(times) < 0.02  # 2 ms; the rest is for slow machines


@pytest.mark.parametrize(
    "text", ["word and " * 12_000, "字" * 100_000, "👩‍🚀" * 33_000, " .," * 33_000, "x" * 100_000]
)
def test_a_request_of_a_hundred_thousand_characters_does_not_hang(text: str) -> None:
    started = time.process_time()
    matcher_of(PlanGrammar([FIND, SEND], [text]).next_grammar("") or "").compute_bitmask()
    assert time.process_time() - started < 5  # 0.2 s; the rest is for slow machines


def test_what_was_computed_of_evidence_and_schemas_is_used_for_the_next_line() -> None:
    grammar = PlanGrammar([FIND, SEND], ["word and " * 12_000])
    grammar.next_grammar("")
    started = time.process_time()
    grammar.next_grammar('$1 = find(name="word")\n')
    assert time.process_time() - started < 0.05
