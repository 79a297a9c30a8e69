import asyncio

from scrubjay import Agent, tool


@tool(effect="read", say="It is {result} degrees in {city}.")
def get_temperature(city: str) -> int:
    """Look up the temperature in a city."""
    temperatures = {"Cairo": 31, "Oslo": 4}
    return temperatures[city]


async def main() -> None:
    async with Agent([get_temperature]) as agent:
        answer = await agent.run("what is the temperature in Cairo")
        print(answer.text)


asyncio.run(main())
