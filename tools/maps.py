"""The maps app: shows a place or a way there, in the browser or the system's own map."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed
from .opening import open_in_own_program

Mode = Literal["driving", "walking", "transit", "cycling"]

_BY: Mapping[str, str] = {
    "driving": "by car",
    "walking": "on foot",
    "transit": "by public transport",
    "cycling": "by bicycle",
}
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class MapProvider:
    """Addresses of a map: {query}, {origin} and {destination} stand for places, {mode} for how to travel."""

    place: str
    directions: str
    modes: Mapping[str, str]
    """How the provider writes each way to travel; one that it doesn't have is missing."""


OPENSTREETMAP = MapProvider(
    "https://www.openstreetmap.org/search?query={query}",
    "https://www.openstreetmap.org/directions?from={origin}&to={destination}&engine={mode}",
    {"driving": "fossgis_osrm_car", "walking": "fossgis_osrm_foot", "cycling": "fossgis_osrm_bike"},
)
GOOGLE = MapProvider(
    "https://www.google.com/maps/search/?api=1&query={query}",
    "https://www.google.com/maps/dir/?api=1&origin={origin}&destination={destination}&travelmode={mode}",
    {"driving": "driving", "walking": "walking", "transit": "transit", "cycling": "bicycling"},
)
SYSTEM_MAP = MapProvider("geo:0,0?q={query}", OPENSTREETMAP.directions, OPENSTREETMAP.modes)
"""The program that the desktop has for geo addresses (RFC 5870); they know no directions."""

PROVIDERS = {"openstreetmap": OPENSTREETMAP, "google": GOOGLE, "system": SYSTEM_MAP}


@dataclass(frozen=True, slots=True)
class Maps:
    """A map that is opened with a search; the place goes to its provider."""

    provider: MapProvider = OPENSTREETMAP
    open: Callable[[str], None] = open_in_own_program

    @tool(effect=Effect.WRITE, state="maps", say="The map shows {result}.", targets=("query",))
    def open_location(self, query: str) -> str:
        """Show a place on the map.

        Args:
            query: Name or address of the place

        Returns:
            The place shown
        """
        place = _place(query)
        self.open(self.provider.place.replace("{query}", _quoted(place)))
        return place

    @tool(
        effect=Effect.WRITE,
        state="maps",
        say="The map shows the way {result}.",
        targets=("destination", "origin"),
    )
    def show_directions(self, destination: str, origin: str | None = None, mode: Mode | None = None) -> str:
        """Show directions to a place.

        Args:
            destination: Where to go
            origin: Where to start; the current place if left out
            mode: How to travel

        Returns:
            Summary of the route
        """
        to, start, by = _place(destination), _place(origin) if origin else "", mode or "driving"
        if by not in self.provider.modes:
            raise ToolFailed(
                f'The map has no directions {_BY[by]}. Set provider = "google" in [maps] of the settings.'
            )
        address = self.provider.directions
        for name, value in (("origin", start), ("destination", to), ("mode", self.provider.modes[by])):
            address = address.replace(f"{{{name}}}", _quoted(value))
        self.open(address)
        return f"to {to}{f' from {start}' if start else ''}, {_BY[by]}"


def _place(said: str) -> str:
    place = " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())
    if not any(map(str.isalnum, place)) or len(place) > _LONGEST:
        raise ToolFailed(f"{said[:40]!r} is not the name or address of a place.")
    return place


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")
