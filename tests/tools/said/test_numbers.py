"""Numbers as people say them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.said.numbers import numeral, read_number


@pytest.mark.parametrize(
    ("text", "value", "end"),
    [
        ("two and a half hours", "5/2", 4),
        ("three quarters of", "3/4", 2),
        ("half", "1/2", 1),
        ("a hundred and one", "101", 4),
        ("twelve thousand three hundred and four", "12304", 6),
        ("one million two hundred thousand", "1200000", 5),
        ("eight point oh", "8", 1),
        ("three point one four", "157/50", 4),
        ("a couple of minutes", "2", 3),
        ("a dozen eggs", "12", 2),
        ("five twenty", "5", 1),
        ("twenty five", "25", 2),
        ("four and five", "4", 1),
        ("1.5 million", "1500000", 2),
        ("1,200", "1200", 1),
    ],
)
def test_the_longest_number_is_read(text: str, value: str, end: int) -> None:
    assert read_number(text.split()) == (Fraction(value), end)


@pytest.mark.parametrize(
    "text", ["", "a", "an hour", "and a half", "hundred", "point five", "percent", "1,20"]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_number(text.split()) is None


def test_numerals() -> None:
    assert numeral("1,200.50") == Fraction("1200.5")
    assert numeral("1e6") == 10**6
    assert numeral("1_000") is None


ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
NAMES = [*ONES.split(), "seventeen", "eighteen", "nineteen"]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(number: int, *, with_and: bool) -> str:
    if number < 20:
        return NAMES[number]
    if number < 100:
        return TENS[number // 10] + (f" {NAMES[number % 10]}" if number % 10 else "")
    for size, name in ((10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            joint = " and " if with_and and rest and rest < 100 else " "
            return f"{in_words(number // size, with_and=with_and)} {name}" + (
                joint + in_words(rest, with_and=with_and) if rest else ""
            )
    raise AssertionError


@given(st.integers(0, 999_999_999), st.booleans())
def test_every_number_in_words_is_read_back(number: int, with_and: bool) -> None:
    words = in_words(number, with_and=with_and).split()
    assert read_number(words) == (Fraction(number), len(words))
