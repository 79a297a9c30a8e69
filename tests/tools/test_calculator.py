"""The calculator app; how sums and units are read is tested under `said/`."""

import pytest

from scrubjay.tools.calculator import calculate, convert_units
from scrubjay.tools.errors import ToolFailed

from .calling import answer, call


def test_sums_and_conversions_are_said_with_their_results() -> None:
    assert answer(calculate, expression="19% of 312") == "19% of 312 is 59.28."
    assert answer(calculate, expression="2^12 - 1") == "2^12 - 1 is 4095."
    assert answer(convert_units, value=26.2, from_unit="miles", to_unit="km") == "26.2 miles is 42.1648 km."


def test_whole_values_stay_whole_and_text_becomes_a_number() -> None:
    assert repr(call(calculate, expression="240/4")) == "60"
    assert repr(call(convert_units, value="3", from_unit="days", to_unit="hours")) == "72"


def test_what_cannot_be_worked_out_is_told() -> None:
    with pytest.raises(ToolFailed, match=r"'1/0' divides by zero\."):
        call(calculate, expression="1/0")
    with pytest.raises(ToolFailed, match="kg cannot be converted to metres"):
        call(convert_units, value=1, from_unit="kg", to_unit="metres")
