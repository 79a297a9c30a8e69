"""`say` templates."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.errors import ToolDefinitionError
from scrubjay.tools.say import check_template, say, spoken


def test_a_template_speaks_of_arguments_and_parts_of_the_result() -> None:
    result = {"mail": {"to": ["Ada", "Sid"]}, "id": 7}
    said = say("{name}: {result.mail.to[1]}, {result.id} {{as it is}}", {"name": "Lutfi"}, result)
    assert said == "Lutfi: Sid, 7 {as it is}"


def test_what_was_left_out_is_silent_and_an_empty_result_is_nothing() -> None:
    assert say("Notes{folder}: {result}.", {}, []) == "Notes: nothing."
    assert say("{result.a.b[3]}", {}, {"a": 1}) == "nothing"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (True, "yes"),
        (None, ""),
        (42.1648128, "42.1648"),
        (1234567.891, "1234568"),
        (0.00014, "0.00014"),
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (1e-9, "1e-09"),
        (10**20, "1" + "0" * 20),
        ({"name": "Sid", "phone": "555-0101"}, "name: Sid, phone: 555-0101"),
    ],
)
def test_values_as_words(value: Any, words: str) -> None:
    assert spoken(value) == words


@pytest.mark.parametrize(
    "template", ["{who}", "{", "}", "{result:>10}", "{result!r}", "{}", "{0}", "{result.}"]
)
def test_a_template_that_cannot_be_filled_is_refused(template: str) -> None:
    with pytest.raises(ToolDefinitionError):
        check_template(template, {"name": {}}, "t")


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_braces_in_values_and_any_number_are_said_as_they_are(text: str, number: float) -> None:
    assert say("{name}", {"name": text}, None) == text
    assert float(spoken(number)) == pytest.approx(number, rel=1e-5, abs=1e-300)
