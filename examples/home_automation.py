"""A house with lights, heating, doors and a few scenes, as tools. `python examples/home_automation.py`.

The house is in memory here; a real one would call its hub's API in the same places.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from scrubjay import Agent, Policy, Tool, ToolFailed, ToolQuestion, tool, tools_of

Room = Literal["kitchen", "living room", "bedroom", "bathroom", "hall"]
ROOMS: tuple[Room, ...] = ("kitchen", "living room", "bedroom", "bathroom", "hall")


@dataclass
class House:
    """What a hub would know."""

    lights: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ROOMS, 0))
    target: float = 20.0
    locked: dict[str, bool] = field(default_factory=lambda: {"front door": False, "back door": True})

    def _dim_back(self, arguments: Mapping[str, Any], result: Any) -> str:
        self.lights[arguments["room"]] = result["before"]
        return f"The light in the {arguments['room']} is as it was."

    @tool(state="lights", say="The light in the {room} is at {result.now}%.", undo=_dim_back)
    def set_light(self, room: Room, percent: Annotated[int, Field(ge=0, le=100)]) -> dict[str, int]:
        """Dim, brighten or switch the light in a room.

        Args:
            room: Which room
            percent: 0 is off, 100 is as bright as it gets
        """
        before, self.lights[room] = self.lights[room], percent
        return {"before": before, "now": percent}

    @tool(state="lights", say="All lights are off.")
    def all_lights_off(self) -> None:
        """Switch off every light in the house."""
        self.lights = dict.fromkeys(self.lights, 0)

    @tool(effect="read", state="lights", say="Light is on in: {result}.")
    def lights_on(self) -> list[str]:
        """Tell in which rooms the light is on."""
        return [room for room, percent in self.lights.items() if percent]

    @tool(effect="read", state="heating", say="It is set to {result} degrees.")
    def get_temperature(self) -> float:
        """Tell what temperature the heating is set to."""
        return self.target

    @tool(state="heating", say="The heating is set to {result} degrees.")
    def set_temperature(self, degrees: float) -> float:
        """Set the heating to a temperature in degrees Celsius."""
        if not 5 <= degrees <= 28:
            raise ToolFailed(f"The heating goes from 5 to 28 degrees, not to {degrees:g}.")
        self.target = degrees
        return degrees

    @tool(effect="send", state="doors", say="The {result} is locked.")
    def lock_door(self, door: str = "") -> str:
        """Lock a door of the house."""
        return self._turn_key(door, locked=True)

    @tool(effect="send", state="doors", say="The {result} is open.")
    def unlock_door(self, door: str = "") -> str:
        """Unlock a door of the house."""
        return self._turn_key(door, locked=False)

    @tool(effect="read", state="doors")
    def doors(self) -> dict[str, str]:
        """Tell which doors are locked and which are open."""
        return {door: "locked" if locked else "open" for door, locked in self.locked.items()}

    def _turn_key(self, door: str, locked: bool) -> str:
        found = [name for name in self.locked if not door or door.lower() in name]
        if len(found) != 1:
            raise ToolQuestion("Which door: the front door or the back door?", ["front door", "back door"])
        self.locked[found[0]] = locked
        return found[0]


def house_tools(house: House) -> list[Tool]:
    """All that can be done in the house."""
    return tools_of(house)


def main(requests: list[str]) -> None:
    # At home lights and heating just happen; keys ask, and here nobody answers.
    policy = Policy(allow_tools={"set_light", "all_lights_off", "set_temperature"})
    with Agent(house_tools(House()), policy=policy) as agent:
        for request in requests:
            answer = agent.run_sync(request)
            print(f"> {request}\n{answer.text}\n")


if __name__ == "__main__":
    main(
        sys.argv[1:]
        or [
            "set the light in the kitchen to 40 and the heating to 21 degrees",
            "which lights are on",
            "lock the front door",
        ]
    )
