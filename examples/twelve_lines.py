import asyncio

from scrubjay import Agent, tool


@tool(effect="read", say="In {language} that is “{result}”.")
def translate(text: str, language: str) -> str:
    """Translate a text into another language."""
    phrases = {("good morning", "French"): "bonjour", ("good morning", "German"): "guten Morgen"}
    return phrases[text, language]


async def main() -> None:
    async with Agent([translate]) as agent:
        answer = await agent.run("translate good morning into French")
        print(answer.text)


asyncio.run(main())
