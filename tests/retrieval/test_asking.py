"""What is known of how people ask: which tools lie close to requests of all kinds."""

from pathlib import Path

import numpy as np
import pytest

from scrubjay.retrieval.asking import NEAREST, Asking, bundled_asking
from scrubjay.retrieval.embedder import Vectors, bundled_embedder
from scrubjay.retrieval.index import Matches
from scrubjay.tools.tool import Tool

from .conftest import WordEmbedder


@pytest.fixture
def asking(tmp_path: Path, embedder: WordEmbedder) -> Asking:
    """Keeps more requests about the weather than any tool is compared with, and one about rockets."""
    vectors = embedder.embed([f"weather in town {n}" for n in range(NEAREST)] + ["launch rocket"])
    scale = abs(vectors).max() / 127
    path = tmp_path / "asking.npz"
    np.savez(
        path,
        turn=np.eye(embedder.width, dtype=np.float16),
        requests=np.round(vectors / scale).astype(np.int8),
        scale=np.float32(scale),
        encoder=np.array(embedder.fingerprint),
    )
    return Asking(path)


def vectors_of(embedder: WordEmbedder, *texts: str) -> Vectors:
    return embedder.embed(texts)


def test_a_tool_close_to_many_requests_is_crowded(asking: Asking, embedder: WordEmbedder) -> None:
    tools = [vectors_of(embedder, "weather town"), vectors_of(embedder, "launch rocket")]
    weather, rocket = asking.crowding(tools, embedder)
    assert weather > 0.5 > rocket


def test_the_closest_of_a_tools_vectors_counts(asking: Asking, embedder: WordEmbedder) -> None:
    one, both = asking.crowding(
        [vectors_of(embedder, "weather town"), vectors_of(embedder, "crank", "weather town")], embedder
    )
    assert one == pytest.approx(both)


def test_vectors_of_another_encoder_are_left_as_they_are(asking: Asking) -> None:
    other = WordEmbedder("words-2")
    vectors = other.embed(["weather", "rocket"])
    assert (asking.turned(vectors, other) == vectors).all()
    assert (asking.crowding([vectors], other) == 0).all()


def test_many_tools_are_told_apart_as_a_few_are(asking: Asking, embedder: WordEmbedder) -> None:
    tools = [vectors_of(embedder, f"weather {n}") for n in range(600)]
    found = asking.crowding(tools, embedder)
    assert found[599] == pytest.approx(asking.crowding(tools[599:], embedder)[0], abs=1e-6)


def test_of_two_tools_that_fit_alike_the_less_crowded_one_is_better() -> None:
    tools = tuple(Tool(name, name, {"type": "object", "properties": {}}) for name in ("common", "rare"))
    fit = np.full((1, 2), 0.5, np.float32)
    scores = Matches(tools, fit, fit * 0, np.array([0.6, 0.2], np.float32)).scores
    assert scores[0, 1] > scores[0, 0]


def test_what_is_bundled_belongs_to_the_bundled_encoder() -> None:
    embedder = bundled_embedder()
    crowding = bundled_asking().crowding([embedder.embed(["send sms. Send a text message."])], embedder)
    assert 0.2 < crowding[0] < 1
