"""Drafts save steps and never change what is written."""

import asyncio
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.confidence import Row
from scrubjay.models.constrained import Greedy
from scrubjay.models.drafts import LONGEST, Lookup
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.generation import Request
from scrubjay.models.outbox import Chunk
from scrubjay.models.scheduler import Scheduler

from .driving import Nowhere, driving, prompt

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
    known: list[int], written: list[int], room: int
) -> None:
    lookup = Lookup(known, 15)
    lookup.add(written)
    tokens, draft = known + written, lookup.propose(1, room)
    assert len(draft) <= room
    if draft:
        assert any(
            tokens[at : at + n + len(draft)] == [*tokens[-n:], *draft]
            for n in range(1, LONGEST + 1)
            for at in range(len(tokens) - n)
        )


def test_without_room_or_repetition_nothing_is_proposed() -> None:
    lookup = Lookup([1, 2, 3, 1, 2], 15)
    assert lookup.propose(1, 8) == [3, 1, 2]
    assert lookup.propose(1, 0) == []
    assert Lookup([1, 2, 3], 15).propose(1, 8) == []
    assert Lookup([1, 2, 1, 2], 0).propose(1, 8) == []


def test_one_token_alone_is_followed_only_where_it_stood_once() -> None:
    assert Lookup([7, 8, 9, 1, 7], 15).propose(1, 2) == [8, 9]
    assert Lookup([7, 8, 7, 9, 1, 7], 15).propose(1, 2) == []


def test_after_wrong_drafts_only_long_runs_are_followed() -> None:
    lookup = Lookup([1, 2, 3, 4, 5, 9, 1, 2], 15)
    for _ in range(4):
        lookup.learn(4, 0)
    assert lookup.propose(1, 8) == []
    lookup.add([3, 4])
    assert lookup.propose(1, 8)[:1] == [5]


def test_drafts_get_longer_while_they_are_right() -> None:
    lookup = Lookup([*range(40), 0, 1], 15)
    lengths = []
    for _ in range(6):
        lengths.append(len(lookup.propose(1, 30)))
        lookup.learn(1, 1)
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1]) == (3, 15)


async def written(
    path: Path, draft: int, requests: list[str], lines: int | None, hint: str = ""
) -> list[Any]:
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


class Scripted(Greedy):
    """Wants to write these tokens, whatever the logits are."""

    def __init__(self, script: list[int]) -> None:
        self.script = script

    def choose(self, logits: Row) -> int:
        return self.script[0]

    def accept(self, token: int) -> list[int]:
        assert token == self.script.pop(0)
        return []


@pytest.mark.parametrize(
    ("hint", "request_text", "least", "most"),
    [
        ("", "something else entirely", 20, 60),
        ('$1 = send_number(to="tomorrow at note")\ndone\n', "something else", 1, 8),
        ("", 'x send_number(to="tomorrow at note") x', 1, 16),
        ('$1 = get_address(to="Sid")\nnone\n', "something else", 10, 40),
    ],
)
def test_what_was_said_before_or_hinted_at_takes_few_steps(
    planner: Path, hint: str, request_text: str, least: int, most: int
) -> None:
    text = '$1 = send_number(to="tomorrow at note")\ndone\n'
    with driving(planner) as driver:
        driver.scheduler = Scheduler(driver.model, driver.vocabulary, 1024, 4, threads=1, draft=8)
        tokens = driver.vocabulary.tokenize(text)
        outbox, pieces, steps = Nowhere(), [], 0
        outbox.write = lambda written, forced, **_: pieces.extend(written)  # type: ignore[method-assign]
        with patch("scrubjay.models.scheduler.Greedy", return_value=Scripted(list(tokens))):
            driver.scheduler.submit(
                Request(prompt(request_text), None, len(tokens), outbox, hint=hint)  # type: ignore[arg-type]
            )
            while driver.scheduler.busy:
                driver.scheduler.step()
                steps += 1
        assert b"".join(pieces).decode() == text
        assert least <= steps <= most, (steps, len(tokens))
