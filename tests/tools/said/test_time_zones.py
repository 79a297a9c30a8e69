"""Time zones as people name them."""

import contextlib
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.said.time_zones import zone

WINTER = datetime(2026, 1, 15, 12)


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("Tokyo", 9),
        ("São Paulo", -3),
        ("new york", -5),
        ("Pune", 5.5),
        ("Edinburgh", 0),
        ("home in Leeds", 0),
        ("Paris, France", 1),
        ("London time", 0),
        ("Pacific time", -8),
        ("PST", -8),
        ("CEST", 1),
        ("GMT+2", 2),
        ("utc -5:30", -5.5),
        ("Europe/Lisbon", 0),
        ("Japan", 9),
        ("Germany", 1),
        ("the Netherlands", 1),
        ("UTC", 0),
    ],
)
def test_places_and_zones(said: str, hours: float) -> None:
    assert WINTER.replace(tzinfo=zone(said)).utcoffset() == timedelta(hours=hours)


def test_a_country_with_several_zones_needs_a_city() -> None:
    for said in ("the United States", "USA", "Brazil"):
        with pytest.raises(ValueError, match="Name the city"):
            zone(said)


@pytest.mark.parametrize("said", ["Atlantis", "", "GMT+99", "../../etc/passwd", "/etc/localtime"])
def test_an_unknown_place_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=r"I don't know the time zone|There is no time zone"):
        zone(said)


@given(st.text(max_size=20))
def test_any_text_is_a_zone_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert WINTER.replace(tzinfo=zone(text)).utcoffset() is not None
