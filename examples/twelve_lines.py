"""A Python function becomes a tool, and a request uses it."""

from scrubjay import Agent, tool


@tool(effect="read", say="It is {result} degrees in {city}.")
def get_temperature(city: str) -> int:
    """Look up the temperature in a city.

    Args:
        city: The city's name
    """
    return {"Bodø": 4, "Cairo": 31}.get(city, 20)


print(Agent(tools=[get_temperature]).ask("how warm is it in Cairo"))
