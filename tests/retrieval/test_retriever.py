from collections.abc import Callable
from pathlib import Path

import pytest

from scrubjay.retrieval.retriever import Retriever
from scrubjay.retrieval.store import Store
from scrubjay.retrieval.usage import Habits, Usage, Used
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool

from .conftest import WordEmbedder

MakeTool = Callable[..., Tool]


def names(retriever: Retriever, request: str, limit: int = 8) -> list[str]:
    """What is handed over, best first."""
    search = retriever.search(request, limit)
    return [found.tool.name for found in search.found[: search.handed]]


def test_few_tools_are_all_chosen(fillers: list[Tool]) -> None:
    assert Retriever(ToolRegistry(fillers[:16])).choose("anything", 16) == fillers[:16]


def test_tools_are_found_by_name_description_parameters_and_examples(
    make: MakeTool, fillers: list[Tool], embedder: WordEmbedder
) -> None:
    tools = [
        *fillers,
        make("get_weather", "Look at the sky."),
        make("getStockPrice", "Ask the exchange."),
        make("book", "Reserve.", table="Restaurant to eat at"),
        make("lamp", "Switch it.", "make it darker in here"),
    ]
    retriever = Retriever(ToolRegistry(tools), embedder=embedder)
    assert "get_weather" in names(retriever, "how is the weather in Paris")
    assert "getStockPrice" in names(retriever, "what is the price of ACME")
    assert "book" in names(retriever, "a restaurant for tonight")
    assert "lamp" in names(retriever, "it should be darker")


def test_each_part_of_a_request_finds_its_tool(
    make: MakeTool, fillers: list[Tool], embedder: WordEmbedder
) -> None:
    tools = [make("play_music", "Play music."), make("set_timer", "Set a timer."), *fillers]
    search = Retriever(ToolRegistry(tools), embedder=embedder).search("play music and set a timer")
    parts = {found.tool.name: found.part for found in search.found[: search.handed]}
    assert parts["play_music"] == "play music"
    assert parts["set_timer"] == "set a timer"


def test_what_a_tool_needs_comes_with_it(make: MakeTool, fillers: list[Tool], embedder: WordEmbedder) -> None:
    tools = [
        make("compose", "Write a letter.", to="Recipients' email addresses"),
        make("get_address", "Ask the directory.", who="Person", gives="Email address"),
        *fillers,
    ]
    search = Retriever(ToolRegistry(tools), embedder=embedder).search("write a letter")
    handed = {found.tool.name: found.needed_by for found in search.found[: search.handed]}
    assert handed["get_address"] == "compose"


def test_the_chosen_keep_the_registrys_order(
    make: MakeTool, fillers: list[Tool], embedder: WordEmbedder
) -> None:
    tools = [make("b", "Send a text message."), *fillers, make("a", "Send a text message.")]
    chosen = Retriever(ToolRegistry(tools), embedder=embedder).choose("send a text message", 2)
    assert [tool.name for tool in chosen] == ["b", "a"]


def test_tools_that_come_change_and_go_are_followed_without_reading_the_others_again(
    make: MakeTool, fillers: list[Tool], embedder: WordEmbedder
) -> None:
    registry = ToolRegistry(fillers)
    retriever = Retriever(registry, embedder=embedder)
    retriever.search("weather")
    embedder.read.clear()
    registry.add(make("sky", "Tell the weather."))
    assert names(retriever, "weather")[0] == "sky"
    registry.remove("sky")
    registry.add(make("sky", "Paint the ceiling."))
    assert names(retriever, "ceiling")[0] == "sky"
    registry.remove("sky")
    assert "sky" not in [found.tool.name for found in retriever.search("ceiling").found]
    assert [text for text in embedder.read if text.startswith("filler")] == []


def test_an_index_that_was_kept_is_not_read_again(
    tmp_path: Path, fillers: list[Tool], embedder: WordEmbedder
) -> None:
    store = Store(tmp_path / "index")
    Retriever(ToolRegistry(fillers), embedder=embedder, store=store).search("crank")
    embedder.read.clear()
    told: list[tuple[int, int]] = []
    again = Retriever(
        ToolRegistry(fillers), embedder=embedder, store=store, progress=lambda *of: told.append(of)
    )
    assert again.search("crank 7").found[0].tool.name == "filler7"
    assert embedder.read == ["crank 7"]
    assert told == []


def test_another_model_reads_everything_anew(tmp_path: Path, fillers: list[Tool]) -> None:
    store = Store(tmp_path / "index")
    Retriever(ToolRegistry(fillers), embedder=WordEmbedder("one"), store=store).search("crank")
    other = WordEmbedder("two")
    Retriever(ToolRegistry(fillers), embedder=other, store=store).search("crank")
    assert len(other.read) == len(fillers) + 1


@pytest.mark.parametrize("request_text", ["", "  \n", "überraschung 🐦", "x" * 100_000, "send it. " * 12_000])
def test_any_request_gets_an_answer(fillers: list[Tool], embedder: WordEmbedder, request_text: str) -> None:
    search = Retriever(ToolRegistry(fillers), embedder=embedder).search(request_text, 5)
    assert 0 < search.handed <= 5


def test_no_tools_give_nothing(embedder: WordEmbedder) -> None:
    search = Retriever(ToolRegistry(), embedder=embedder).search("send a mail")
    assert (search.found, search.handed) == ((), 0)


def test_tools_with_one_description_are_all_found(make: MakeTool, embedder: WordEmbedder) -> None:
    same = [make(f"send_{n}", "Send a text message.") for n in range(30)]
    search = Retriever(ToolRegistry(same), embedder=embedder).search("send a text message", 16)
    assert len({found.tool.name for found in search.found}) == len(search.found) >= 16


def test_use_moves_tools_up_until_it_is_forgotten(
    tmp_path: Path, make: MakeTool, fillers: list[Tool], embedder: WordEmbedder
) -> None:
    tools = [make("ring", "Ring Mum up."), make("telegraph", "Ring Mum by telegraph."), *fillers]
    usage = Usage(tmp_path / "usage")
    registry = ToolRegistry(tools)
    assert names(Retriever(registry, embedder=embedder), "ring Mum")[0] == "ring"
    retriever = Retriever(registry, embedder=embedder, usage=usage)
    retriever.learn(Used("ring Mum", ("telegraph",)))
    found = retriever.search("ring Mum").found
    assert next(one.remembered for one in found if one.tool.name == "telegraph") > 0.1
    usage.forget()
    fresh = Retriever(registry, embedder=embedder, usage=usage).search("ring Mum").found
    assert all(one.remembered == 0 for one in fresh)


def test_a_tool_that_often_gave_another_what_it_needed_is_brought_along() -> None:
    one = Used("show me", ("shoot", "send"), (("shoot", "send"),))
    assert list(Habits([one]).givers("send")) == []
    assert list(Habits([one, one]).givers("send")) == ["shoot"]


def test_one_request_can_be_forgotten(tmp_path: Path) -> None:
    usage = Usage(tmp_path / "usage")
    for request in ("a", "b", "a"):
        usage.record(Used(request, ("t",), (("x", "t"),)))
    assert [used.request for used in usage.all()] == ["b", "a"]
    usage.forget("b")
    assert usage.all() == [Used("a", ("t",), (("x", "t"),))]


def test_a_damaged_usage_file_is_set_aside_and_said(
    tmp_path: Path, fillers: list[Tool], embedder: WordEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "usage").write_bytes(b"not a database at all" * 100)
    usage = Usage(tmp_path / "usage")
    assert Retriever(ToolRegistry(fillers), embedder=embedder, usage=usage).search("crank 7").found
    usage.record(Used("a", ("t",)))
    assert usage.all() == [Used("a", ("t",))]
    assert [record.getMessage() for record in caplog.records if "damaged" in record.getMessage()] != []
    assert (tmp_path / "usage.damaged").exists()
