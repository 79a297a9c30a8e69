"""Tool segments that are computed apart and put together: what comes out must be what training saw."""

from itertools import permutations
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scrubjay.models.context import Context, SavedCells
from scrubjay.models.layout import TokenPrompt

from ..tiny_model import Shape, make_tiny_planner
from . import reference
from .driving import driving, prompt

TOOLS = (
    "send_message(to: [str], text: str) Send a text message.",
    "get_phone_number(name: str) Look up a phone number in the contacts.",
    "note(text: str) Write it down.",
)
Weights = dict[str, NDArray[np.float32]]
REQUEST = "text Sid and Lutfi that I'm late"


@pytest.fixture(scope="module")
def planner_and_weights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Weights]:
    path = tmp_path_factory.mktemp("models") / "planner.gguf"
    return path, make_tiny_planner(path)


def laid_out(tokens: TokenPrompt) -> tuple[list[int], list[int], NDArray[np.bool_]]:
    """Tokens, positions and who sees whom, as designed: tools side by side after the system segment."""
    ids, positions, owners = list(tokens.system), list(range(len(tokens.system))), [0] * len(tokens.system)
    for number, tool in enumerate(tokens.tools, 1):
        ids += tool
        positions += range(len(tokens.system), len(tokens.system) + len(tool))
        owners += [number] * len(tool)
    start = len(tokens.system) + max(map(len, tokens.tools), default=0)
    ids += tokens.rest
    positions += range(start, start + len(tokens.rest))
    owners += [-1] * len(tokens.rest)
    owner = np.array(owners)
    same = (owner[:, None] == owner) | (owner == 0) | (owner[:, None] == -1)
    return ids, positions, same & np.tri(len(ids), dtype=bool)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_composed_segments_give_the_logits_of_the_arithmetic_written_out(count: int, tmp_path: Path) -> None:
    weights = make_tiny_planner(tmp_path / "planner.gguf")
    with driving(tmp_path / "planner.gguf") as driver:
        asked = prompt(REQUEST, TOOLS[:count], facts="Monday")
        (composed,) = driver.write(asked)
        expected = reference.logits(weights, Shape(), *laid_out(driver.layout.tokens(asked)))[-1]
    assert np.abs(composed - expected).max() < 0.02  # KV is kept in 16 bits
    assert composed.std() > 0.5


def test_any_order_of_tools_gives_bitwise_the_same_logits(planner: Path) -> None:
    rows = []
    for order in permutations(TOOLS):
        with driving(planner) as driver:
            rows.append(driver.write(prompt(REQUEST, order), tokens=5))
    assert all(np.array_equal(row, rows[0]) for row in rows)


def test_any_order_of_resident_tools_gives_bitwise_the_same_logits(planner: Path) -> None:
    with driving(planner) as driver:
        driver.write(prompt("note it", TOOLS))
        rows = [driver.write(prompt(REQUEST, order), tokens=5) for order in permutations(TOOLS)]
    assert all(np.array_equal(row, rows[0]) for row in rows)


def test_one_tool_is_the_same_as_a_plain_sequence(planner: Path, tmp_path: Path) -> None:
    make_tiny_planner(tmp_path / "plain.gguf", metadata={"scrubjay.parallel_segments": False})
    asked = prompt(REQUEST, TOOLS[:1])
    with driving(planner) as composed, driving(tmp_path / "plain.gguf") as plain:
        for one, other in zip(composed.write(asked, tokens=8), plain.write(asked, tokens=8), strict=True):
            assert np.abs(one - other).max() < 1e-2


def test_two_tools_are_not_the_same_as_a_plain_sequence(planner: Path, tmp_path: Path) -> None:
    make_tiny_planner(tmp_path / "plain.gguf", metadata={"scrubjay.parallel_segments": False})
    asked = prompt(REQUEST, TOOLS[:2])
    with driving(planner) as composed, driving(tmp_path / "plain.gguf") as plain:
        assert np.abs(composed.write(asked)[0] - plain.write(asked)[0]).max() > 0.1


def test_segments_that_left_the_context_come_back_without_being_computed(planner: Path) -> None:
    others = [f"tool_{number}(text: str) " + "that text to remind " * 8 for number in range(12)]
    asked = prompt(REQUEST, TOOLS)
    with driving(planner) as driver:
        first = driver.write(asked, tokens=4)
        for other in others:  # more than may stay in the context
            driver.write(prompt("x", (other,)))
        before = driver.scheduler.computed
        again = driver.write(asked, tokens=4)
        assert driver.scheduler.computed - before == len(driver.layout.tokens(asked).rest) + 3
    assert np.abs(np.subtract(first, again)).max() < 1e-2


def test_tools_that_come_together_with_others_than_before_are_put_back_once(planner: Path) -> None:
    with driving(planner) as driver:
        driver.write(prompt(REQUEST, TOOLS))
        driver.write(prompt(REQUEST, TOOLS[:2]))
        restored = []

        def restore(context: Context, sequence: int, data: SavedCells) -> bool:
            restored.append(sequence)
            return put_back(context, sequence, data)

        put_back = Context.restore
        with patch.object(Context, "restore", restore):
            driver.write(prompt(REQUEST, TOOLS))
        assert len(restored) <= len(TOOLS)


def test_a_tool_is_computed_once_for_all_requests(planner: Path) -> None:
    with driving(planner) as driver:
        driver.write(prompt(REQUEST, TOOLS))
        before = driver.scheduler.computed
        driver.write_all([prompt("note that", TOOLS[::-1]), prompt("text Sid", TOOLS[1:])])
        asked = [driver.layout.tokens(prompt(text, TOOLS)) for text in ("note that", "text Sid")]
        assert driver.scheduler.computed - before == sum(len(one.rest) for one in asked)


def test_requests_that_wait_for_the_same_tools_compute_them_once(planner: Path) -> None:
    with driving(planner) as driver:
        driver.write_all([prompt(REQUEST, TOOLS)] * 3)
        tokens = driver.layout.tokens(prompt(REQUEST, TOOLS))
        once = len(tokens.system) + sum(map(len, tokens.tools))
        assert driver.scheduler.computed == once + 3 * len(tokens.rest)


def test_long_tools_and_requests_are_read_in_pieces(tmp_path: Path) -> None:
    weights = make_tiny_planner(tmp_path / "planner.gguf")
    long_tool = "long(" + ", ".join(f"p{number}: str" for number in range(40)) + ")"
    with driving(tmp_path / "planner.gguf", cells=2048) as driver:
        asked = prompt("note " * 150, (long_tool, TOOLS[0]))
        tokens = driver.layout.tokens(asked)
        assert min(len(tokens.rest), max(map(len, tokens.tools))) > 2 * 128
        (composed,) = driver.write(asked)
    assert np.abs(composed - reference.logits(weights, Shape(), *laid_out(tokens))[-1]).max() < 0.02


MANY_TOOLS = tuple(f"tool_{number}(text: str) " + "note that " * number for number in range(8))


@given(
    rounds=st.lists(
        st.lists(st.sets(st.sampled_from(MANY_TOOLS), max_size=4), min_size=1, max_size=3),
        min_size=2,
        max_size=5,
    )
)
@settings(max_examples=10)
def test_whatever_was_asked_before_a_request_reads_its_own_tools_and_nothing_else(
    planner_and_weights: tuple[Path, Weights], rounds: list[list[set[str]]]
) -> None:
    path, weights = planner_and_weights
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scrubjay.models.reuse.RESIDENT_CELLS", 60)
        with driving(path, cells=256) as driver:
            for together in rounds:
                asked = [prompt(f"note {place}", tuple(tools)) for place, tools in enumerate(together)]
                for one, (composed,) in zip(asked, driver.write_all(asked), strict=True):
                    expected = reference.logits(weights, Shape(), *laid_out(driver.layout.tokens(one)))[-1]
                    assert np.abs(composed - expected).max() < 0.02
