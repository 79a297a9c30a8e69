"""Sums as people write and say them."""

import math
import time
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrubjay.tools.said.arithmetic import evaluate


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("12 * (3 + 4)", 84),
        ("48.50*1.19", 57.715),
        ("0.1 + 0.2", 0.3),
        ("1/3 + 1/4", 0.583333333333),
        ("-2^2", -4),
        ("2^3^2", 512),
        ("27^(1/3)", 3),
        ("84 mod 9", 3),
        ("10 % 3", 1),
        ("7!", 5040),
        ("sqrt(841)", 29),
        ("sqrt(2)", 1.41421356237),
        ("9.99 x 6", 59.94),
        ("1,200 + 3", 1203),
        ("$45 + £5", 50),
        ("7 × 6 ÷ 2 − 1", 20),  # noqa: RUF001 - as keyboards type them
        ("2π", None),
        ("log(1000) + ln(e)", 4),
        ("1.0041667^360", 4.4677977048),
        ("12 + 5 = ?", 17),
    ],
)
def test_written_sums(expression: str, value: float | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match="out of place"):
            evaluate(expression)
    else:
        assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("ten percent of four hundred and eighty", 48),
        ("19% of 312", 59.28),
        ("250 minus 15%", 212.5),
        ("100 minus twenty five percent", 75),
        ("20 percent off 89", 71.2),
        ("20% tip on 64.80", 12.96),
        ("a third of two hundred and ten", 70),
        ("3/8 of 640", 240),
        ("half of seven hundred and thirty", 365),
        ("the square root of eighty one", 9),
        ("twelve times twelve minus seven", 137),
        ("two to the power of ten", 1024),
        ("forty times two and a half", 100),
        ("ninety nine plus a hundred and one", 200),
        ("one thousand and fifty plus two hundred and six", 1256),
        ("eight point two plus one point nine", 10.1),
        ("seventy two over nine", 8),
        ("six squared plus three cubed", 63),
        ("fifty-five minus twenty-two", 33),
        ("twice 4 plus 1", 9),
        ("1.5 million divided by three", 500000),
    ],
)
def test_spoken_sums(expression: str, value: float) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("1/0", "divides by zero"),
        ("5 mod 0", "divides by zero"),
        ("9**9**9**9", "too large"),
        ("2^99999999", "too large"),
        ("171!", "too large"),
        ("1e999", "too large"),
        ("(-8)^(1/3)", "negative number"),
        ("sqrt(-4)", "no real square root"),
        ("ln(0)", "logarithm"),
        ("2.5!", "whole numbers"),
        ("(" * 100 + "1" + ")" * 100, "nested more than"),
        ("-(" * 60, "nested more than"),
        ("2^" * 200 + "2", "nested more than"),
        ("1+" * 600 + "1", "longer than"),
        ("1 +", "ends where a number should be"),
        ("", "ends where a number should be"),
        ("(1 + 2", "is missing"),
        ("2(3)", "out of place"),
        ("the milk", "is not a number"),
        ("__import__('os')", "has no meaning"),
        ("a.b", "has no meaning"),
    ],
)
def test_what_cannot_be_worked_out_is_said_in_a_sentence(expression: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are checked below
        evaluate(expression)
    message = str(caught.value)
    assert words in message
    assert message.endswith(".")
    assert len(message) < 250


symbols = st.sampled_from(
    [*"0123456789.+-*/^%()!, xe", "**", "pi", "sqrt", "of", "squared", "mod", "twice", "nine"]
)


@given(
    st.lists(symbols, max_size=40).map("".join)
    | st.lists(symbols, max_size=40).map(" ".join)
    | st.text(max_size=60)
)
@example("9" * 999)
@example("(((2^1000)^1000)^1000)")
@example("0.0000000001^999999999")
@example("1.1!^0.5")
def test_any_text_gives_a_finite_number_or_a_sentence_at_once(text: str) -> None:
    started = time.perf_counter()
    try:
        value = evaluate(text)
        assert math.isfinite(value)
        assert abs(value) < 2**1024
    except ValueError:
        pass
    assert time.perf_counter() - started < 1


sums = st.recursive(
    st.integers(0, 10**6).map(str) | st.decimals(0, 1000, places=2).map(str),
    lambda part: st.tuples(part, st.sampled_from("+-*/"), part).map(lambda of: f"({of[0]} {of[1]} {of[2]})"),
    max_leaves=8,
)


@given(sums)
def test_written_sums_agree_with_python(text: str) -> None:
    import re

    try:
        expected = eval(re.sub(r"[\d.]+", r"Fraction('\g<0>')", text), {"Fraction": Fraction})
    except ZeroDivisionError:
        with pytest.raises(ValueError, match="divides by zero"):
            evaluate(text)
        return
    assert evaluate(text) == pytest.approx(float(expected), rel=1e-11)
