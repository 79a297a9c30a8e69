"""Tools that are computed apart and moved into a row: what comes out is what the arithmetic says."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scrubjay.models.cache_settings import IN_MEMORY, CacheSettings
from scrubjay.models.kv_types import KVType
from scrubjay.models.layout import TokenPrompt
from scrubjay.models.reuse import Way, way_of

from ..tiny_model import Shape, make_tiny_planner
from . import reference
from .driving import Driver, driving, prompt

TOOLS = (
    "send_message(to: [str], text: str) Send a text message.",
    "get_phone_number(name: str) Look up a phone number in the contacts.",
    "note(text: str) Write it down.",
)
SHIFTED = CacheSettings(disk_bytes=0, shifted=True)
REQUEST = "text Sid and Lutfi that I'm late"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, NDArray[np.float32]]]:
    path = tmp_path_factory.mktemp("models") / "foreign.gguf"
    return path, make_tiny_planner(path, parallel_segments=False)


def in_a_row(tokens: TokenPrompt) -> tuple[list[int], list[int], NDArray[np.bool_]]:
    """Tokens, positions and who sees whom: tools one after the other, blind for each other."""
    pieces = [tokens.system, *tokens.tools, tokens.rest]
    ids = [token for piece in pieces for token in piece]
    owner = np.repeat([0, *range(1, len(tokens.tools) + 1), -1], [len(piece) for piece in pieces])
    sees = (owner[:, None] == owner) | (owner == 0) | (owner[:, None] == -1)
    return ids, list(range(len(ids))), sees & np.tri(len(ids), dtype=bool)


def computed(driver: Driver, tools: tuple[str, ...], request: str = REQUEST) -> int:
    before = driver.scheduler.computed
    driver.write(prompt(request, tools))
    return driver.scheduler.computed - before


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_moved_segments_give_the_logits_of_the_arithmetic_written_out(
    model: tuple[Path, dict[str, NDArray[np.float32]]], count: int
) -> None:
    path, weights = model
    with driving(path, cache=SHIFTED) as driver:
        asked = prompt(REQUEST, TOOLS[:count])
        (shifted,) = driver.write(asked)
        tokens = driver.layout.tokens(asked)
    assert len(tokens.tools) == count
    assert np.abs(shifted - reference.logits(weights, Shape(), *in_a_row(tokens))[-1]).max() < 0.02


def test_tools_that_are_known_are_not_computed_in_whatever_order_they_stand(foreign_model: Path) -> None:
    with driving(foreign_model, cache=SHIFTED) as driver:
        first = computed(driver, TOOLS)
        again = computed(driver, TOOLS[::-1])
        assert again == len(driver.layout.tokens(prompt(REQUEST, TOOLS)).rest) < first
        assert computed(driver, TOOLS[1:]) == again


def test_moved_segments_come_back_from_disk(foreign_model: Path, tmp_path: Path) -> None:
    cache = CacheSettings(folder=tmp_path, shifted=True)
    with driving(foreign_model, cache=cache) as driver:
        first = driver.write(prompt(REQUEST, TOOLS))
    with driving(foreign_model, cache=cache) as driver:
        before = driver.scheduler.computed
        again = driver.write(prompt(REQUEST, TOOLS))
        assert driver.scheduler.computed - before == len(driver.layout.tokens(prompt(REQUEST, TOOLS)).rest)
    assert np.abs(np.subtract(first, again)).max() < 1e-2


def test_requests_at_the_same_time_read_their_own_tools(
    model: tuple[Path, dict[str, NDArray[np.float32]]],
) -> None:
    path, weights = model
    asked = [prompt(f"note {tools}", tools) for tools in (TOOLS, TOOLS[::-1], TOOLS[1:], TOOLS[:1])]
    with driving(path, cache=SHIFTED) as driver:
        for _ in range(2):
            for one, (row,) in zip(asked, driver.write_all(asked), strict=True):
                tokens = driver.layout.tokens(one)
                expected = reference.logits(weights, Shape(), *in_a_row(tokens))[-1]
                assert np.abs(row - expected).max() < 0.02


def test_it_is_an_approximation_that_has_to_be_asked_for(foreign_model: Path) -> None:
    asked = prompt(REQUEST, TOOLS)
    with driving(foreign_model) as exact, driving(foreign_model, cache=SHIFTED) as shifted:
        assert way_of(exact.model, IN_MEMORY) is Way.PREFIXES
        assert np.abs(exact.write(asked)[0] - shifted.write(asked)[0]).max() > 0.1


def test_models_go_the_way_that_they_declare(planner: Path, foreign_model: Path) -> None:
    with driving(planner) as parallel, driving(foreign_model) as other:
        assert way_of(parallel.model, SHIFTED) is Way.PARALLEL
        assert way_of(other.model, SHIFTED) is Way.SHIFTED
        # Keys in 8 bits would be rounded again with each move of others.
        assert way_of(other.model, CacheSettings(shifted=True, kv_type=KVType.Q8_0)) is Way.PREFIXES
