"""Phone numbers and e-mail addresses as people say them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.said.phones import email_address, phone_number


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("\u0665\u0665\u0665-\u0660\u0661\u0660\u0661", "555-0101"),
        ("\uff15\uff15\uff15-0101", "555-0101"),
        ("\U0001d7db\U0001d7db\U0001d7db-0101", "333-0101"),
        ("555-0142", "555-0142"),
        ("+44 7700 900123", "+44 7700 900123"),
        ("(415)  555-0198", "(415) 555-0198"),
        ("020 7946 0777 ext 12", "020 7946 0777 ext 12"),
        ("five five five oh one four eight", "5550148"),
        ("oh seven double seven triple five one", "077755" + "51"),
        ("plus four four 7700", "+447700"),
    ],
)
def test_numbers(said: str, number: str) -> None:
    assert phone_number(said) == number


@pytest.mark.parametrize("said", ["", "Sid", "12", "call 555-0142", "5" * 30, "one two many", "$1"])
def test_what_is_no_number_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="is not a phone number"):
        phone_number(said)


def test_addresses() -> None:
    assert email_address("h.meyer+work@posteo.net") == "h.meyer+work@posteo.net"
    assert email_address("ranger at pinecreek dot gov") == "ranger@pinecreek.gov"
    assert email_address("ada dot moreau at example dot co dot uk") == "ada.moreau@example.co.uk"
    for wrong in ("", "ada", "ada@", "ada@example", "ada and sid@example.com", "a@b.c, d@e.f"):
        with pytest.raises(ValueError, match="is not an e-mail address"):
            email_address(wrong)


@given(st.text(max_size=40))
def test_any_text_is_a_number_with_digits_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert sum(letter.isdigit() for letter in phone_number(text)) >= 3
