"""The numbers that the grammar offers are those within the bounds, in the form that Python prints."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from hypothesis import given
from hypothesis import strategies as st
from llguidance import LLMatcher

from scrubjay.agent.number_grammar import LARGEST, Bounds, integers, numbers

from .grammar_walk import matcher_of

some = st.integers(-3000, 3000) | st.integers(-LARGEST, LARGEST)
decimals = st.decimals(-3000, 3000, places=3) | some.map(Decimal)
bounds = st.builds(Bounds, st.none() | decimals, st.none() | decimals, st.booleans(), st.booleans())
near = st.sampled_from(
    [Decimal(text) for text in ("0", "1", "-1", "0.1", "-0.1", "0.001", "-0.001", "0.0005")]
)


@lru_cache(maxsize=4)
def _matcher(terminal: str) -> LLMatcher:
    return matcher_of(f'start: N "\\n"\nN: {terminal}\n')


def offered(terminal: str | None, text: str) -> bool:
    data = f"{text}\n".encode()
    return terminal is not None and _matcher(terminal).deep_copy().try_consume_tokens(list(data)) == len(data)


def within(number: Decimal, limits: Bounds) -> bool:
    low = limits.low is None or number > limits.low or (number == limits.low and not limits.without_low)
    high = limits.high is None or number < limits.high or (number == limits.high and not limits.without_high)
    return low and high


@given(bounds, some, near, st.sampled_from([1, 1, 2, 5, 10, 25, 250]))
def test_whole_numbers_are_offered_exactly_within_their_bounds(
    limits: Bounds, number: int, step: Decimal, multiple_of: int
) -> None:
    terminal = integers(limits, multiple_of)
    for bound in (Decimal(number), limits.low, limits.high):
        candidate = int((Decimal(0) if bound is None else bound) + step)
        if abs(candidate) <= LARGEST:
            expected = within(Decimal(candidate), limits) and candidate % multiple_of == 0
            assert offered(terminal, str(candidate)) == expected


@given(bounds, decimals, near)
def test_decimal_numbers_are_offered_exactly_within_their_bounds(
    limits: Bounds, number: Decimal, step: Decimal
) -> None:
    terminal = numbers(limits)
    for bound in (number, limits.low, limits.high):
        candidate = (Decimal(0) if bound is None else bound) + step
        text = repr(float(candidate))
        if abs(candidate) < 10**9 and candidate % 1:
            assert offered(terminal, text) == within(Decimal(text), limits)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_form_is_offered_that_python_would_not_print(number: float) -> None:
    terminal = numbers(Bounds())
    for text in (f"{number:f}", f"{number:e}", f"{number:g}", f"{number:.3f}", f"0{number}"):
        if offered(terminal, text):
            assert text in (repr(float(text)), repr(int(float(text))))


@given(st.integers(1, 10**14), st.none() | some.map(Decimal))
def test_any_multiple_can_be_asked_for(multiple_of: int, low: Decimal | None) -> None:
    terminal = integers(Bounds(low), multiple_of)
    first = -(-max(0, int(low or 0)) // multiple_of) * multiple_of
    if abs(first) <= LARGEST:
        assert offered(terminal, str(first))
        assert multiple_of == 1 or not offered(terminal, str(first + 1))
