from scrubjay.retrieval.words import Retriever
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool


def make(name: str, description: str, *examples: str, **parameters: str) -> Tool:
    properties = {key: {"type": "string", "description": text} for key, text in parameters.items()}
    return Tool(name, description, {"type": "object", "properties": properties}, examples=examples)


def fillers(count: int) -> list[Tool]:
    return [make(f"filler{n}", f"Turns crank number {n}.") for n in range(count)]


def chosen(tools: list[Tool], request: str, limit: int = 2) -> list[str]:
    return [tool.name for tool in Retriever(ToolRegistry(tools)).choose(request, limit)]


def test_few_tools_are_all_chosen() -> None:
    assert len(chosen(fillers(16), "anything", limit=16)) == 16


def test_tools_are_found_by_name_description_parameters_and_examples() -> None:
    tools = [
        *fillers(20),
        make("get_weather", "Look at the sky."),
        make("getStockPrice", "Ask the exchange."),
        make("spotify.play", "Listen to a song."),
        make("book", "Reserve.", table="Restaurant to eat at"),
        make("lamp", "Switch it.", "make it darker in here"),
    ]
    assert "get_weather" in chosen(tools, "how is the weather in Paris")
    assert "getStockPrice" in chosen(tools, "what is the price of ACME")
    assert "spotify.play" in chosen(tools, "play some songs")
    assert "book" in chosen(tools, "a restaurant for tonight")
    assert "lamp" in chosen(tools, "it should be darker")


def test_the_chosen_keep_the_registrys_order() -> None:
    tools = [make("b", "Send a text."), *fillers(20), make("a", "Send a text message.")]
    assert chosen(tools, "send a text message") == ["b", "a"]


def test_a_request_without_a_known_word_gets_the_first_tools() -> None:
    assert chosen(fillers(20), "überraschung 🐦") == ["filler0", "filler1"]
    assert chosen(fillers(20), "") == ["filler0", "filler1"]


def test_tools_registered_later_are_found() -> None:
    registry = ToolRegistry(fillers(20))
    retriever = Retriever(registry)
    retriever.choose("weather", 2)
    registry.add(make("weather", "Tell the weather."))
    assert "weather" in [tool.name for tool in retriever.choose("weather", 2)]
    registry.remove("weather")
    assert "weather" not in [tool.name for tool in retriever.choose("weather", 2)]
