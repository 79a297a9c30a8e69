"""Lengths of time as people say them."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.said.durations import duration


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("10 minutes", 10),
        ("25 min", 25),
        ("20m", 20),
        ("90 seconds", 1.5),
        ("45s", 0.75),
        ("2h", 120),
        ("1h30", 90),
        ("1 hr 15", 75),
        ("two minutes ten", 2 + 1 / 6),
        ("1 hour 20 minutes", 80),
        ("1 hour, 5 minutes and 3 seconds", 65.05),
        ("an hour", 60),
        ("half an hour", 30),
        ("an hour and a half", 90),
        ("an hour and a quarter", 75),
        ("an hour and ten minutes", 70),
        ("quarter of an hour", 15),
        ("three quarters of an hour", 45),
        ("half a minute", 0.5),
        ("7 and a half minutes", 7.5),
        ("four and a half hours", 270),
        ("3.5 hours", 210),
        ("a couple of minutes", 2),
        ("forty five seconds", 0.75),
        ("twenty-five minutes", 25),
        ("1:30 hours", 90),
        ("1:30", 1.5),
        ("1:30:00", 90),
        ("Ten Minutes.", 10),
        ("a week", 7 * 24 * 60),
    ],
)
def test_lengths(said: str, minutes: float) -> None:
    assert duration(said) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "said", ["", "a while", "ten", "5", "half", "0 minutes", "5 minutes or so", "minutes", "-5 min"]
)
def test_what_is_no_length_is_refused_with_an_example(said: str) -> None:
    with pytest.raises(ValueError, match="Say it like '10 minutes'"):
        duration(said)


def test_more_than_a_year_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than a year"):
        duration("99999999 weeks")


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_hours_minutes_and_seconds_add_up(hours: int, minutes: int, seconds: int) -> None:
    total = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if total:
        assert duration(f"{hours} hours {minutes} minutes and {seconds} seconds") == total
        assert duration(f"{hours}:{minutes:02}:{seconds:02}") == total


@given(st.text(max_size=30))
def test_any_text_is_a_length_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert timedelta(0) < duration(text) <= timedelta(days=366)
