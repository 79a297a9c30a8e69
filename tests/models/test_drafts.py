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
from scrubjay.models.drafts import LONGEST, Hint, Lookup
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


class Letters:
    """Each token is a byte."""

    def tokenize(self, text: str) -> list[int]:
        return list(text.encode())

    def piece(self, token: int) -> bytes:
        return bytes([token])


class Numbers(Letters):
    """Each token is a number between spaces."""

    def tokenize(self, text: str) -> list[int]:
        return [int(number) for number in text.split()]

    def piece(self, token: int) -> bytes:
        return b" %d" % (1000 + token)


def after(known: str, written: str, most: int = 15) -> Lookup:
    lookup = Lookup(known.encode(), most, Letters())
    lookup.add(written.encode(), len(written))
    return lookup


letters = st.text("abc ", max_size=60)


@given(letters, letters, st.integers(1, 9))
def test_a_draft_is_what_followed_when_the_last_tokens_stood_before(
    known: str, written: str, room: int
) -> None:
    draft = bytes(after(known, written).propose(1, room)).decode()
    text = known + written
    assert len(draft) <= room
    if draft:
        runs = {text[-n:].lstrip(" ") for n in range(1, LONGEST + 1)} - {""}
        assert any(run + draft in (text + draft)[:-1] or run + draft in text for run in runs)


def test_without_room_or_repetition_nothing_is_proposed() -> None:
    assert bytes(after("abcdefgh", " abcd").propose(1, 3)) == b"efg"
    assert after("abcdefgh", " abcd").propose(1, 0) == []
    assert after("abcdefgh", "xyz").propose(1, 8) == []


def test_a_quotation_is_found_where_it_stood_behind_a_space() -> None:
    assert bytes(after("note: two lemons, please", 'text="two').propose(1, 3)) == b" le"


def test_one_token_alone_is_followed_only_where_it_stood_once() -> None:
    def proposed(prompt: list[int]) -> list[int]:
        lookup = Lookup(prompt, 15, Numbers())
        lookup.add([500, 7], 2)
        return lookup.propose(1, 2)

    assert proposed([7, 8, 9]) == [1008, 1009]
    assert proposed([7, 8, 7, 9]) == []


def test_nothing_is_guessed_any_more_where_guesses_were_wrong() -> None:
    lookup = Lookup(range(20), 15, Numbers())
    guessed = []
    for token in range(15):
        lookup.add([token], 1)
        guessed.append(bool(lookup.propose(1, 8)))
        lookup.add([100 + token], 1)
    assert guessed[0]
    assert guessed == sorted(guessed, reverse=True)
    assert not guessed[-1]


def test_drafts_get_longer_while_they_are_right() -> None:
    lookup = Lookup(range(60), 15, Numbers())
    lengths = []
    for token in range(30):
        lookup.add([token], 1)
        lengths.append(len(lookup.propose(1, 30)))
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1] == 15


def test_a_text_that_goes_round_is_guessed_to_go_on_so() -> None:
    assert bytes(after("", "abc" * 6).propose(1, 30)) == b"abc" * 5


def test_a_hint_is_guessed_to_come_next_as_soon_as_it_is_there() -> None:
    hint = Hint()
    lookup = Lookup(b"what is it?", 15, Letters(), hint)
    assert lookup.propose(1, 3) == []
    hint.text = "a bird"
    assert bytes(lookup.propose(1, 3)) == b"a b"
    lookup.add(b"a", 1)
    hint.text += " in a tree"
    assert bytes(lookup.propose(1, 3)) == b" bi"


async def written(
    path: Path, draft: int, requests: list[str], lines: int | None, hint: str = ""
) -> list[Any]:
    settings = EngineSettings(draft_tokens=draft, threads=1)

    async def one(engine: LlamaEngine, request: str) -> tuple[str, int, int]:
        constraint = Lines(lines) if lines else None
        chunks: list[Chunk] = [
            chunk
            async for chunk in engine.generate(
                prompt(request), constraint=constraint, max_tokens=150, hint=Hint(hint)
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
                Request(prompt(request_text), None, len(tokens), outbox, hint=Hint(hint))  # type: ignore[arg-type]
            )
            while driver.scheduler.busy:
                driver.scheduler.step()
                steps += 1
        assert b"".join(pieces).decode() == text
        assert least <= steps <= most, (steps, len(tokens))
