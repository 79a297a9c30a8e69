"""After a thought, strings may be dates, times and numbers that nobody said; and nothing else."""

import json

import pytest
from llguidance import LLMatcher, LLTokenizer

from scrubjay.agent.grammar import PlanGrammar
from scrubjay.models.sums import day_lists

SCHEMA = {
    "name": "remind",
    "parameters": {"type": "object", "properties": {"due": {"type": "string"}}, "required": ["due"]},
}
TOKENIZER = LLTokenizer("byte")


def admits(value: str, worked_out: bool, *, evidence: str = "call Ana on Friday") -> bool:
    grammar = PlanGrammar([SCHEMA], [evidence], worked_out=worked_out).next_grammar("")
    assert grammar is not None
    matcher = LLMatcher(TOKENIZER, grammar, log_level=0)
    line = f'$1 = remind(due="{value}")\n'.encode()
    return bool(matcher.consume_tokens(list(line))) and not matcher.is_error()


@pytest.mark.parametrize("value", ["2026-11-27", "2026-11-27T15:00", "42", "12.5"])
def test_values_that_were_worked_out_are_admitted_after_a_thought_only(value: str) -> None:
    assert admits(value, worked_out=True)
    assert not admits(value, worked_out=False)


@pytest.mark.parametrize("value", ["2026-13-01", "2026-11-32", "2026-11-27T25:00", "Bob", "Friday 27"])
def test_other_values_are_not(value: str) -> None:
    assert not admits(value, worked_out=True)


def test_spans_of_what_is_known_stay_admitted() -> None:
    assert admits("on Friday", worked_out=True)
    assert admits("Ana", worked_out=False)


@pytest.mark.parametrize(
    ("days", "admitted"),
    [
        (["2026-12-28", "2027-01-04"], True),
        (["2026-12-28", "2026-01-04"], False),
        (["2026-12-28"], False),
        (["tomorrow"], False),
    ],
)
def test_days_that_a_thought_has_listed_are_taken_as_a_whole(days: list[str], admitted: bool) -> None:
    dates = {"type": "array", "items": {"type": "string", "format": "date"}}
    schema = {"name": "block", "parameters": {"properties": {"days": dates}, "required": ["days"]}}
    listed = day_lists("2026-12-28 every 7 times 2=12-28 01-04\n2026-12-28 every 1 for 2=12-28 12-30")
    grammar = PlanGrammar([schema], ["tomorrow"], day_lists=listed).next_grammar("")
    assert grammar is not None
    matcher = LLMatcher(TOKENIZER, grammar, log_level=0)
    line = f"$1 = block(days={json.dumps(days)})\n".encode()
    assert (bool(matcher.consume_tokens(list(line))) and not matcher.is_error()) == admitted
