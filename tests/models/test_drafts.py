"""Drafts save steps and never change what is written."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.constrained import Greedy
from scrubjay.models.drafts import LONGEST, Lookup
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.outbox import Chunk

from .driving import prompt

LINES = r"""
start: "$" /[0-9]/ " = " ("note" | "get_email" | "send") "(text=" TEXT (", n=" /[0-9]+/)? ")\n"
TEXT: "\"" /[a-z ]{0,12}/ "\""
"""


class Lines:
    """So many lines of calls."""

    def __init__(self, lines: int) -> None:
        self.lines = lines

    def next_grammar(self, written: str) -> str | None:
        return LINES if written.count("\n") < self.lines else None


@given(st.lists(st.integers(0, 5), max_size=60), st.lists(st.integers(0, 5), max_size=20), st.integers(1, 9))
def test_a_draft_is_what_followed_when_the_last_tokens_stood_before(
    known: list[int], written: list[int], most: int
) -> None:
    lookup = Lookup(known, most)
    lookup.add(written)
    tokens, draft = known + written, lookup.propose(most)
    assert len(draft) <= most
    if draft:
        runs = range(2, LONGEST + 1)
        assert any(
            tokens[at : at + n + len(draft)] == [*tokens[-n:], *draft]
            for n in runs
            for at in range(len(tokens) - n)
        )


def test_without_room_or_repetition_nothing_is_proposed() -> None:
    lookup = Lookup([1, 2, 3, 1, 2], 8)
    assert lookup.propose(8) == [3, 1, 2]
    assert lookup.propose(0) == []
    assert Lookup([1, 2, 3], 8).propose(8) == []
    assert Lookup([1, 2, 1, 2], 0).propose(8) == []


def test_after_wrong_drafts_only_long_runs_are_followed() -> None:
    lookup = Lookup([1, 2, 3, 4, 5, 9, 1, 2], 8)
    for _ in range(4):
        lookup.learn(4, 0)
    assert lookup.propose(8) == []
    lookup.add([3, 4])
    assert lookup.propose(8)[:1] == [5]


async def written(path: Path, draft: int, requests: list[str], lines: int | None, hint: str = "") -> list[Any]:
    settings = EngineSettings(draft_tokens=draft, threads=1)

    async def one(engine: LlamaEngine, request: str) -> tuple[str, int, int]:
        constraint = Lines(lines) if lines else None
        chunks: list[Chunk] = [
            chunk
            async for chunk in engine.generate(
                prompt(request), constraint=constraint, max_tokens=150, hint=hint
            )
        ]
        text = "".join(chunk.text for chunk in chunks)
        return (
            text,
            sum(chunk.tokens for chunk in chunks),
            sum(chunk.forced for chunk in chunks),
        )

    async with await LlamaEngine.load(path, settings) as engine:
        return list(await asyncio.gather(*(one(engine, request) for request in requests)))


@pytest.mark.parametrize("lines", [None, 4])
@pytest.mark.parametrize("requests", [["note tomorrow that Sid"], ["a", "send the text to Sid", "get it"]])
async def test_what_is_written_is_the_same_with_and_without_drafts(
    planner: Path, foreign_model: Path, requests: list[str], lines: int | None
) -> None:
    for path in (planner, foreign_model):
        plain = await written(path, 0, requests, lines)
        assert await written(path, 8, requests, lines) == plain
        assert await written(path, 3, requests, lines, hint=plain[0][0]) == plain


async def test_a_hint_that_is_right_saves_steps(planner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices: list[int] = []
    choose = Greedy.choose

    def counted(self: Greedy, logits: np.ndarray[Any, Any]) -> int:
        choices.append(1)
        return choose(self, logits)

    steps: list[int] = []
    from scrubjay.models.context import Context

    decode = Context.decode

    def stepped(self: Context, batch: Any) -> Any:
        steps.append(batch.size)
        return decode(self, batch)

    monkeypatch.setattr(Greedy, "choose", counted)
    monkeypatch.setattr(Context, "decode", stepped)
    plain = await written(planner, 8, ["note it"], None)
    before = len(steps)
    assert await written(planner, 8, ["note it"], None, hint=plain[0][0]) == plain
    assert len(steps) - before < before / 2
