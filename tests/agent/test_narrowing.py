"""A request that is thought about is shown the tools that it most likely needs, as its adapter wishes."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest
from gguf import GGUFValueType

from scrubjay.agent.narrowing import likeliest, tools_used
from scrubjay.agent.planner import PastTurn, Planner
from scrubjay.agent.thinker import NothingToWorkOut, Think, Thinker, open_thinker
from scrubjay.models.engine import LlamaEngine
from scrubjay.models.outbox import Chunk
from scrubjay.models.prompt import Prompt, SegmentKind
from scrubjay.tools.tool import Tool

from ..tiny_adapter import random_matrices, write_adapter
from ..tiny_model import make_tiny_planner

NOTHING = {"type": "object", "properties": {}}
TOOLS = [Tool(name, f"To {name}.", NOTHING) for name in ("ask", "buy", "cut", "dry")]


class Words:
    """A tool is likely where its name is said."""

    def log_odds(self, request: str, tools: Sequence[Tool]) -> list[float]:
        return [5.0 if tool.name in request else -5.0 for tool in tools]


def names(tools: Sequence[Tool]) -> list[str]:
    return [tool.name for tool in tools]


def test_the_likeliest_are_kept_in_their_order() -> None:
    assert names(likeliest(TOOLS, ["dry it and ask"], (), Words(), 2)) == ["ask", "dry"]


def test_what_an_earlier_request_needs_and_used_is_kept() -> None:
    assert names(likeliest(TOOLS, ["the first one", "dry it"], {"cut"}, Words(), 2)) == ["cut", "dry"]


def test_few_are_left_as_they_are() -> None:
    assert likeliest(TOOLS, ["cut"], (), Words(), 4) == TOOLS


def test_a_plan_tells_which_tools_it_used() -> None:
    assert tools_used("$1 = cut()\n$2 = dry()\ndone\n") == {"cut", "dry"}
    assert tools_used("of another version") == set()


class Shown(Thinker):
    """Notes which tools it is shown, and thinks nothing."""

    async def write(self, prompt: Prompt, then: object, max_tokens: int) -> AsyncGenerator[Chunk, None]:
        self.tools = [segment.parts[0].split("(")[0] for segment in prompt.of_kind(SegmentKind.TOOL)]
        raise NothingToWorkOut("nothing")
        yield


@pytest.mark.parametrize(("most", "shown"), [(1, ["dry"]), (None, ["ask", "buy", "cut", "dry"])])
async def test_an_adapter_says_beside_how_many_tools_it_thinks(
    most: int | None, shown: list[str], tmp_path: Path
) -> None:
    model = tmp_path / "planner.gguf"
    matrices = random_matrices(make_tiny_planner(model))
    metadata = {"scrubjay.adapter.prompt": "base", "scrubjay.adapter.kind": "reasoning"}
    values = {} if most is None else {"scrubjay.adapter.tools": (most, GGUFValueType.UINT32)}
    write_adapter(tmp_path / "mine.gguf", matrices, metadata=metadata, values=values)
    async with await LlamaEngine.load(model) as engine:
        opened = await open_thinker(engine, [tmp_path / "mine.gguf"], when=Think.ALWAYS)
        assert opened is not None
        assert opened.most_tools == most
        thinker = Shown(engine, None, when=Think.ALWAYS, most_tools=most)
        planner = Planner(engine, relevance=Words(), thinker=thinker, max_tokens=200)
        await planner.write("dry it", TOOLS, [PastTurn("hello", "none\n", (), {})])
    assert thinker.tools == shown
