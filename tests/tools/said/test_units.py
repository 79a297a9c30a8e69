"""Units as people name them."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.said.units import convert


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "converted"),
    [
        (26.2, "miles", "metres", 42164.8128),
        (30, "Degrees Celsius", "fahrenheit", 86),
        (72, "F", "C", 22.22222222),
        (0, "K", "°C", -273.15),
        (6, "kilometers", "NM", 3.239740821),
        (42, "mph", "kilometres an hour", 67.592448),
        (10, "m/s", "km per hour", 36),
        (12, "lbs", "kilos", 5.44310844),
        (1, "fl oz", "ml", 29.57352956),
        (1, "imperial pint", "ml", 568.26125),
        (2, "US gallons", "l", 7.570823568),
        (500, "sq ft", "m²", 46.4515200),
        (1, "cubic metre", "litres", 1000),
        (1, "GB", "Mb", 8000),
        (1, "GiB", "MB", 1073.741824),
        (3, "days", "hours", 72),
        (1, "kilogramme", "grammes", 1000),
        (2, "sticks of butter", "g", 226.8),
    ],
)
def test_conversions(value: float, from_unit: str, to_unit: str, converted: float) -> None:
    assert convert(value, from_unit, to_unit) == pytest.approx(converted, rel=1e-9)


def test_whole_results_are_whole() -> None:
    assert repr(convert(3, "days", "hours")) == "72"


@pytest.mark.parametrize(
    ("from_unit", "to_unit", "words"),
    [
        ("florps", "m", "'florps' is not a unit I know"),
        ("dollars", "euros", "'dollars' is not a unit I know"),
        ("kg", "metres", "kg cannot be converted to metres"),
        ("m**99999999", "m", "is not a unit I know"),
        ("9**9**9", "m", "is not a unit I know"),
        ("", "m", "is not a unit I know"),
    ],
)
def test_what_cannot_be_converted_is_named(from_unit: str, to_unit: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are checked below
        convert(1, from_unit, to_unit)
    assert words in str(caught.value)


@given(st.text(max_size=20) | st.lists(st.sampled_from([*"ms^2/*() ", "per", "°C", "sq", "9"])).map("".join))
def test_any_text_is_a_unit_or_refused_at_once(text: str) -> None:
    convert(1, "m", "km")  # the first conversion loads the definitions
    started = time.perf_counter()
    with contextlib.suppress(ValueError):
        convert(1, text, "metres")
    assert time.perf_counter() - started < 1


@given(
    st.floats(-1e6, 1e6), st.sampled_from([("km", "miles"), ("°C", "°F"), ("kg", "stone"), ("acres", "m2")])
)
def test_there_and_back_again(value: float, units: tuple[str, str]) -> None:
    there = convert(value, *units)
    assert convert(there, *reversed(units)) == pytest.approx(value, rel=1e-6, abs=1e-6)
