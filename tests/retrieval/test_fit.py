from collections.abc import Callable
from math import inf
from pathlib import Path
from unittest.mock import patch

import pytest

from scrubjay.retrieval.embedder import OnnxEmbedder, bundled_embedder
from scrubjay.retrieval.fit import FEATURES, Fits
from scrubjay.retrieval.retriever import Retriever
from scrubjay.retrieval.store import Store
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool

from .conftest import WordEmbedder

MakeTool = Callable[..., Tool]


@pytest.fixture
def offered(make: MakeTool) -> list[Tool]:
    return [
        make("send_sms", "Send a text message.", to="Phone numbers", message="Text to send"),
        make("set_timer", "Start a countdown.", minutes="How long"),
        make("get_weather", "Weather forecast for a place.", place="Town"),
    ]


@pytest.mark.parametrize(
    ("request_text", "wanted"),
    [("text Sid that I'm late", "send_sms"), ("wake me in ten minutes", "set_timer"),
     ("will it rain in Lyon", "get_weather")],
)  # fmt: skip
def test_what_is_asked_for_is_likely_and_the_rest_is_not(
    offered: list[Tool], request_text: str, wanted: str
) -> None:
    odds = dict(zip((tool.name for tool in offered), Fits().log_odds(request_text, offered), strict=True))
    assert odds.pop(wanted) > 0 > max(odds.values())


def test_where_nothing_fits_all_are_unlikely(offered: list[Tool]) -> None:
    assert max(Fits().log_odds("what was Napoleon's favourite horse called", offered)) < 0


def test_both_tools_of_a_request_for_two_things_are_likely(offered: list[Tool]) -> None:
    timer, weather = Fits().log_odds("set a timer for 5 minutes and check the weather in Rome", offered[1:])
    assert timer > 0
    assert weather > 0


def test_the_order_of_the_tools_does_not_matter(offered: list[Tool], embedder: WordEmbedder) -> None:
    fits = Fits(embedder)
    odds = fits.log_odds("send a text message", offered)
    assert fits.log_odds("send a text message", offered[::-1]) == pytest.approx(odds[::-1], abs=1e-5)


@pytest.mark.parametrize("request_text", ["", " \n "])
def test_a_blank_request_needs_nothing(offered: list[Tool], request_text: str) -> None:
    assert Fits().log_odds(request_text, offered) == [-inf] * 3


def test_no_tools_and_one_tool_can_be_scored(offered: list[Tool]) -> None:
    assert Fits().log_odds("send a text message", []) == []
    assert len(Fits().log_odds("x" * 100_000, offered[:1])) == 1


def test_tools_are_read_once_and_kept_for_the_next_run(
    tmp_path: Path, offered: list[Tool], embedder: WordEmbedder
) -> None:
    fits = Fits(embedder, Store(tmp_path / "index"))
    fits.log_odds("a text message", offered)
    read = len(embedder.read)
    fits.log_odds("another text message", offered)
    Fits(embedder, Store(tmp_path / "index")).log_odds("one more text message", offered)
    assert embedder.read[read:] == ["another text message", "one more text message"]


def test_an_example_counts_as_much_as_the_description(make: MakeTool, embedder: WordEmbedder) -> None:
    tools = [make("lamp", "Switch it.", "make it darker in here"), make("horn", "Sound it.")]
    similarity = Fits(embedder).features("make it darker in here", tools)[:, FEATURES.index("similarity")]
    assert similarity[0] == pytest.approx(1, abs=1e-5)
    assert similarity[1] < 0.5


def test_the_bundled_encoder_is_loaded_once() -> None:
    assert bundled_embedder() is bundled_embedder()


def test_what_the_index_has_read_is_not_read_again(fillers: list[Tool], offered: list[Tool]) -> None:
    retriever = Retriever(ToolRegistry([*fillers, *offered]))
    retriever.search("send a text message")
    expected = Fits().log_odds("send a text message", offered)
    with patch.object(OnnxEmbedder, "_read", side_effect=AssertionError("it has been read")):
        found = retriever.fits.log_odds("send a text message", offered)
    assert found == pytest.approx(expected, abs=0.5)  # what is read together is rounded together


def test_a_tool_that_the_index_does_not_have_is_read(fillers: list[Tool], offered: list[Tool]) -> None:
    retriever = Retriever(ToolRegistry(fillers))
    retriever.search("send a text message")
    expected = Fits().log_odds("send a text message", [*offered, fillers[0]])
    found = retriever.fits.log_odds("send a text message", [*offered, fillers[0]])
    assert found == pytest.approx(expected, abs=0.5)


def test_vectors_of_another_embedder_are_not_taken(embedder: WordEmbedder, offered: list[Tool]) -> None:
    retriever = Retriever(ToolRegistry(offered), embedder=embedder)
    retriever.search("send a text message")
    expected = Fits().log_odds("send a text message", offered)
    assert retriever.fits.log_odds("send a text message", offered) == pytest.approx(expected)
