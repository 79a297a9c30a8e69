"""What was learned of the built-in tools: how likely a request needs each of them."""

from pathlib import Path

import numpy as np
import pytest

from scrubjay.retrieval.embedder import WEIGHTS, ModelFilesError, bundled_embedder
from scrubjay.retrieval.known import KnownTools, bundled_known
from scrubjay.retrieval.parts import whole_and_parts
from scrubjay.retrieval.retriever import Retriever
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool


@pytest.fixture
def registry(tmp_path: Path) -> ToolRegistry:
    return ToolRegistry(builtin_tools(tmp_path))


def log_odds(request: str, tools: list[Tool]) -> dict[str, float]:
    parts = whole_and_parts(request)
    odds = bundled_known().log_odds(parts, bundled_embedder().embed(parts), tools)
    return {tool.name: float(value) for tool, value in zip(tools, odds, strict=True)}


def test_all_built_in_tools_are_known(registry: ToolRegistry) -> None:
    assert not np.isnan(list(log_odds("text Sid that I'm late", list(registry)).values())).any()


@pytest.mark.parametrize(
    ("request_text", "needed"),
    [
        ("text Sid that I'm late", {"get_phone_number", "send_sms"}),
        ("set a timer for ten minutes and turn the volume up", {"set_timer", "set_volume"}),
        ("email the budget file to Lutfi", {"get_email_address", "compose_email", "find_file"}),
    ],
)
def test_what_a_request_needs_is_handed_over_and_little_else(
    registry: ToolRegistry, request_text: str, needed: set[str]
) -> None:
    search = Retriever(registry).search(request_text)
    assert needed <= {found.tool.name for found in search.found[: search.handed]}
    assert search.handed <= 12


def test_a_tool_of_the_same_name_that_does_something_else_is_not_known(registry: ToolRegistry) -> None:
    other = Tool("send_sms", "Launch a rocket.", {"type": "object", "properties": {}})
    odds = log_odds("text Sid", [registry.get("set_timer"), other])
    assert np.isnan(odds["send_sms"])
    assert not np.isnan(odds["set_timer"])


def test_tools_that_are_not_known_are_found_beside_known_ones(registry: ToolRegistry) -> None:
    registry.add(Tool("launch_rocket", "Launch a rocket.", {"type": "object", "properties": {}}))
    search = Retriever(registry).search("launch the rocket")
    assert search.found[0].tool.name == "launch_rocket"
    assert search.found[0].likely is None


@pytest.mark.parametrize("size", [0, 2, 1000, 100_000])
def test_a_damaged_file_says_what_to_do(tmp_path: Path, size: int) -> None:
    (tmp_path / "known.npz").write_bytes((WEIGHTS / "known.npz").read_bytes()[:size])
    with pytest.raises(ModelFilesError, match="install scrubjay again"):
        KnownTools(tmp_path / "known.npz")
