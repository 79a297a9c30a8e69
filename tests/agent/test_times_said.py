"""A request that says a time takes none from the turns before."""

import pytest

from scrubjay import Agent, tool
from scrubjay.agent.times_said import says_time, without_times
from scrubjay.testing import ScriptedPlanner, ScriptError


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("create an event dentist tomorrow at 3pm", ["create an event dentist "]),
        ("lunch with Sid on Friday at noon, please", ["lunch with Sid ", " ", ", please"]),
        ("meet at 16:30 or at 5 p.m. today", ["meet ", " or ", " "]),
        ("set a timer for 10 minutes", ["set a timer for 10 minutes"]),
        ("the sun is out, may I march on?", ["the sun is out, may I march on?"]),
        ("call 555-0142 about 3 pm dashes", ["call 555-0142 about ", " dashes"]),
    ],
)
def test_times_and_days_are_found(text: str, rest: list[str]) -> None:
    assert without_times(text) == [piece for piece in rest if piece.strip()]
    assert says_time(text) == (rest != [text])


@tool(effect="read", say="{what} is at {when}.")
def put(what: str, when: str) -> None:
    """Put something at a time."""


async def plan_after(first: str, request: str, plan: str) -> None:
    """Raises ScriptError when the second request could not get that plan."""
    script = {first: '$1 = put(what="dentist", when="3pm")', request: plan}
    planner = ScriptedPlanner(script, evidence=True)
    async with Agent([put], planner) as agent:
        await agent.run(first)
        await agent.run(request)


async def test_a_new_time_stands_in_for_the_one_before() -> None:
    first = "the dentist tomorrow at 3pm"
    await plan_after(first, "make it 4pm instead", '$1 = put(what="dentist", when="4pm")')
    with pytest.raises(ScriptError):
        await plan_after(first, "make it 4pm instead", '$1 = put(what="dentist", when="tomorrow at 3pm")')


async def test_without_a_new_time_the_one_before_still_holds() -> None:
    await plan_after("the dentist at 3pm", "the barber too", '$1 = put(what="barber", when="3pm")')
