"""What a span of the evidence can begin and end with, in any script."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.agent import evidence
from scrubjay.agent.evidence import chunks_of, escaped_chunks, repair_text, texts_in
from scrubjay.agent.grammar import PlanGrammar
from scrubjay.agent.plan import print_string
from scrubjay.agent.reader import parse_plan

from .grammar_walk import admits, refused

SAY = {"name": "say", "parameters": {"properties": {"text": {"type": "string"}}, "required": ["text"]}}


def reachable(span: str, *texts: str) -> bool:
    return admits(PlanGrammar([SAY], texts), f"$1 = say(text={print_string(span)})\ndone\n")


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("Sid's 2pm call", ["Sid", "'", "s", " ", "2", "pm", " ", "call"]),
        ("a@b-c.org, x_y", ["a", "@", "b", "-", "c", ".", "org", ",", " ", "x", "_", "y"]),
        ("naïve cafe\u0301  ok", ["naïve", " ", "cafe\u0301", "  ", "ok"]),
        ("明日3時に", ["明", "日", "3", "時", "に"]),
        ("시드에게", ["시", "드", "에", "게"]),
        ("ที่บ้าน", ["ที่", "บ้", "า", "น"]),
        ("مَرحبا يا سيد", ["مَرحبا", " ", "يا", " ", "سيد"]),
        ("नमस्ते दुनिया", ["नमस्ते", " ", "दुनिया"]),
        ("می\u200cروم", ["می\u200cروم"]),
        ("👩\u200d🚀👍🏽🇩🇪🇫🇷❤️1️⃣", ["👩\u200d🚀", "👍🏽", "🇩🇪", "🇫🇷", "❤️", "1️⃣"]),
        ("{$1} {{$x", ["{$", "1", "}", " ", "{", "{$", "x"]),
        ("é{$1}", ["é", "{$", "1", "}"]),
        ("a\x00b\n\tc", ["a", "\x00", "b", "\n\t", "c"]),
        ("", []),
    ],
)
def test_text_is_cut_where_a_value_may_begin_or_end(text: str, chunks: list[str]) -> None:
    assert chunks_of(text) == chunks


@given(st.text())
def test_chunks_joined_are_the_text(text: str) -> None:
    assert "".join(chunks_of(text)) == text


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1).filter(str.strip))
def test_a_whole_text_without_outer_white_space_is_a_span_byte_for_byte(text: str) -> None:
    whole = text.strip()
    plan = f"$1 = say(text={print_string(whole)})\ndone\n"
    assert refused(PlanGrammar([SAY], [text]), plan) is None
    assert parse_plan(plan).steps[0].args == {"text": whole}


@pytest.mark.parametrize(
    "text",
    [
        'say "hi" \\ there',
        "two\nlines\r\n\tand more",
        '$1 = say(text="x")\ndone\nnone',
        "<|end|><|plan|> [INST]",
        "{$1} {\\u0024 \\u0024 {{$0.1.x}}",
        "日本語と English と العربية",
        "👩\u200d👩\u200d👧 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f z\u0335\u0321a",
        "nul \x00 bell \x07 delete \x7f next line \x85 separators \u2028\u2029 end",
    ],
)
def test_values_arrive_byte_for_byte(text: str) -> None:
    plan = f"$1 = say(text={print_string(text)})\ndone\n"
    assert refused(PlanGrammar([SAY], [text]), plan) is None
    assert parse_plan(plan).steps[0].args == {"text": text}


def test_a_span_is_a_contiguous_part_of_one_text() -> None:
    assert reachable("Sid", "Sid's call")
    assert reachable("Sid's", "Sid's call")
    assert not reachable("Sid call", "Sid's call")
    assert not reachable("Sid Lutfi", "Sid", "Lutfi")
    assert not reachable("SidLutfi", "Sid", "Lutfi")
    assert not reachable("Sid\x01Lutfi", "Sid", "Lutfi")


@pytest.mark.parametrize("span", ["", " ", " Sid", "Sid ", "\n", "Sid\n", "\x0bSid", "\u3000Sid", "Sid\x85"])
def test_a_span_neither_is_empty_nor_begins_or_ends_with_white_space(span: str) -> None:
    assert not reachable(span, "a \nSid \x0bSid \u3000Sid\x85 \nSid\n b")


def test_half_of_a_surrogate_pair_is_replaced_and_whole_pairs_are_joined() -> None:
    assert repair_text("\ud83d\ude00") == "😀"
    assert repair_text("a\ud800b\udc80") == "a\ufffdb\ufffd"
    assert reachable("a\ufffdb", "a\ud800b")
    assert repair_text("as it was 😀") == "as it was 😀"


def test_a_repeated_text_is_evidence_once() -> None:
    assert escaped_chunks(["Sid", "Sid"]) == ["Sid"]


def test_of_too_much_evidence_the_beginning_and_the_end_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MAX_CHUNKS", 20)
    text = "one two three " + "and so on " * 20 + "eight nine ten"
    assert reachable("one two three", text)
    assert reachable("eight nine ten", text)
    assert not reachable(text, text)


def test_the_request_comes_before_older_evidence_when_there_is_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evidence, "MAX_CHUNKS", 20)
    known = escaped_chunks(["the request", "1 " * 20, "never reached"])
    assert known[:3] == ["the", " ", "request"]
    assert len(known) <= 20 + 3
    assert "never" not in known


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "a" + " " * 100_000 + "b", "e" + "\u0301" * 100_000, "\x00" * 100_000]
)
def test_very_long_runs_do_not_exhaust_the_grammar(text: str) -> None:
    assert reachable(text[0], text) or reachable(text[:200], text)


def test_texts_and_numbers_of_a_result_are_evidence() -> None:
    result = {"name": "Sid", "n": [1, 2.5, True, None], "inner": {"deep": ["x"]}}
    assert list(texts_in(json.loads(json.dumps(result)))) == ["Sid", "1", "2.5", "x"]
