"""The maps app: the addresses that it opens."""

import pytest

from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.maps import GOOGLE, SYSTEM_MAP, Maps

from .calling import answer, call


@pytest.fixture
def opened() -> list[str]:
    return []


def test_a_place_is_searched_on_the_map(opened: list[str]) -> None:
    maps = Maps(open=opened.append)
    assert (
        answer(maps.open_location, query=" Café Solène,\n Rue 4 & 5 ")
        == "The map shows Café Solène, Rue 4 & 5."
    )
    assert opened == [
        "https://www.openstreetmap.org/search?query=Caf%C3%A9%20Sol%C3%A8ne%2C%20Rue%204%20%26%205"
    ]


def test_directions_say_how_and_from_where(opened: list[str]) -> None:
    maps = Maps(open=opened.append)
    said = answer(maps.show_directions, destination="Harbour", origin="{destination}", mode="cycling")
    assert said == "The map shows the way to Harbour from {destination}, by bicycle."
    assert call(maps.show_directions, destination="Harbour") == "to Harbour, by car"
    start = "https://www.openstreetmap.org/directions?from="
    assert opened == [
        f"{start}%7Bdestination%7D&to=Harbour&engine=fossgis_osrm_bike",
        f"{start}&to=Harbour&engine=fossgis_osrm_car",
    ]


def test_public_transport_needs_a_provider_that_knows_it(opened: list[str]) -> None:
    with pytest.raises(ToolFailed, match='Set provider = "google"'):
        call(Maps(open=opened.append).show_directions, destination="Harbour", mode="transit")
    call(Maps(GOOGLE, opened.append).show_directions, destination="Harbour", mode="transit")
    assert opened[0].endswith("&destination=Harbour&travelmode=transit")


def test_the_systems_own_map_is_opened_by_a_geo_address(opened: list[str]) -> None:
    call(Maps(SYSTEM_MAP, opened.append).open_location, query="Harbour Street 4")
    assert opened == ["geo:0,0?q=Harbour%20Street%204"]


@pytest.mark.parametrize("query", ["", " ", "?!", "x" * 301])
def test_what_is_no_place_opens_nothing(opened: list[str], query: str) -> None:
    with pytest.raises(ToolFailed):
        call(Maps(open=opened.append).open_location, query=query)
    assert opened == []
