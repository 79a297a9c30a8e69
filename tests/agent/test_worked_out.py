"""After a thought, strings may be dates, times and numbers that nobody said; and nothing else."""

import pytest
from llguidance import LLMatcher, LLTokenizer

from scrubjay.agent.grammar import PlanGrammar

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
