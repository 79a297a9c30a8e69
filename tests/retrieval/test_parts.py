import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.retrieval.parts import MAX_CHARACTERS, MAX_PARTS, split


@pytest.mark.parametrize(
    ("request_text", "parts"),
    [
        ("text Sid and Lutfi that I'm late", ["text Sid and Lutfi that I'm late"]),
        ("find the report and mail it to Ana", ["find the report", "mail it to Ana"]),
        ("play jazz, then set a timer", ["play jazz", "set a timer"]),
        ("Lock the door. Also turn off the lights!", ["Lock the door.", "turn off the lights!"]),
        ("mail Dr. Okafor the plan", ["mail Dr. Okafor the plan"]),
        ('note "call Ana. and send it" please', ['note "call Ana. and send it" please']),
        ("buy milk\nread my mail", ["buy milk", "read my mail"]),
        ("it is 3.5 km; convert 3.5 km to miles", ["it is 3.5 km", "convert 3.5 km to miles"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_a_request_is_cut_where_something_new_is_asked_for(request_text: str, parts: list[str]) -> None:
    assert split(request_text) == parts


@given(st.text())
def test_any_text_has_few_parts_and_all_of_its_letters_but_the_joints(text: str) -> None:
    parts = split(text)
    assert len(parts) <= MAX_PARTS
    assert all(part.strip() == part and part for part in parts)


@pytest.mark.parametrize("text", [" ", "a, ", "and then ", '"', "\n", "and send ", "x", ". "])
def test_a_hundred_kilobytes_take_no_time(text: str) -> None:
    started = time.perf_counter()
    parts = split(text * (100_000 // len(text)))
    assert time.perf_counter() - started < 1
    assert sum(map(len, parts)) <= MAX_CHARACTERS
