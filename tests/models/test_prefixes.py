"""Reuse of what prompts begin with: the logits are those of a run that computes everything."""

from itertools import pairwise, takewhile
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from numpy.typing import NDArray

from scrubjay.models.cache_settings import CacheSettings
from scrubjay.models.pieces import Pieces
from scrubjay.models.prefix_tree import PrefixTree
from scrubjay.models.prompt import Prompt, Segment
from scrubjay.models.segment_key import SegmentKey

from ..tiny_model import make_tiny_planner
from .driving import Driver, driving, prompt

TOOLS = (
    "send_message(to: [str], text: str) Send a text message. " * 3,
    "get_phone_number(name: str) Look up a phone number in the contacts. " * 3,
    "note(text: str) Write it down. " * 3,
)
PIECE = 128  # tokens of a segment
Rows = list[NDArray[np.float32]]
Tokens = tuple[int, ...]


@pytest.fixture(scope="module")
def quantized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose logits move by tenths where sums are rounded otherwise."""
    path = tmp_path_factory.mktemp("models") / "quantized.gguf"
    make_tiny_planner(path, parallel_segments=False, weight_type=GGMLQuantizationType.Q8_0)
    return path


def difference(one: Rows, other: Rows) -> float:
    return float(np.abs(np.subtract(one, other)).max())


def conversation(request: str, turns: int, tools: tuple[str, ...] = TOOLS) -> Prompt:
    past = [
        Segment.turn(f"note number {n}", f'$1 = note(text="{n}")\ndone\n', "$1: noted") for n in range(turns)
    ]
    return Prompt((Segment.system("Plan."), *map(Segment.tool, tools), *past, Segment.request(request)))


def computed(driver: Driver, asked: Prompt, tokens: int = 3) -> tuple[int, Rows]:
    before = driver.scheduler.computed
    rows = driver.write(asked, tokens)
    return driver.scheduler.computed - before, rows


def cold(path: Path, asked: Prompt, tokens: int = 3) -> Rows:
    with driving(path) as driver:
        return driver.write(asked, tokens)


def test_the_same_beginning_is_computed_once_and_the_logits_are_the_same(quantized: Path) -> None:
    with driving(quantized) as driver:
        first, _ = computed(driver, prompt("text Sid", TOOLS))
        again, rows = computed(driver, prompt("note that Lutfi is late", TOOLS))
        assert again < first / 2
    assert difference(rows, cold(quantized, prompt("note that Lutfi is late", TOOLS))) == 0


def test_the_very_same_prompt_costs_a_few_tokens_and_gives_the_very_same_logits(quantized: Path) -> None:
    with driving(quantized) as driver:
        _, rows = computed(driver, prompt("text Sid", TOOLS))
        again, same = computed(driver, prompt("text Sid", TOOLS))
        assert again <= PIECE + 2  # those after the last whole batch, and those that are written
        assert difference(rows, same) == 0


def test_a_growing_conversation_computes_only_what_is_new(quantized: Path) -> None:
    with driving(quantized) as driver:
        for turns in range(8):
            asked = conversation("note it", turns)
            count, rows = computed(driver, asked)
            tokens = len(driver.layout.tokens(asked).rest)
            assert turns == 0 or count < tokens / 2
            assert difference(rows, cold(quantized, asked)) == 0


def test_requests_that_part_in_their_last_message_read_little_else(quantized: Path) -> None:
    with driving(quantized) as driver:
        driver.write(conversation("text Sid", 3), 3)
        asked = conversation("note that Lutfi is late", 3)
        count, rows = computed(driver, asked)
        before = len(driver.layout.tokens(asked).rest) - len(
            driver.vocabulary.tokenize("note that Lutfi is late")
        )
        assert before > PIECE
        assert count < 32 + 20  # less than the shortest piece, the request and what was written
    assert difference(rows, cold(quantized, asked)) == 0


def test_what_was_written_is_read_again_since_it_was_not_read_in_a_batch(quantized: Path) -> None:
    with driving(quantized) as driver:
        asked = prompt("text Sid", TOOLS)
        tokens = len(driver.layout.tokens(asked).rest)
        driver.write(asked, 3 * PIECE)
        again, _ = computed(driver, asked)
        assert again == tokens - tokens // PIECE * PIECE + 2


def test_prompts_that_part_in_the_middle_of_a_segment_share_those_before_it(quantized: Path) -> None:
    others = (TOOLS[0] + "twice", *TOOLS[1:]), (TOOLS[0], TOOLS[2], TOOLS[1]), (*TOOLS, TOOLS[0]), TOOLS
    with driving(quantized) as driver:
        for tools in (*others, *reversed(others)):
            for words in ("one", "one two", "two", "one two three"):
                asked = prompt(f"note {words} and go", tools)
                assert difference(driver.write(asked, 3), cold(quantized, asked)) == 0


@pytest.mark.parametrize("size", [64, 96, 256])
def test_batches_of_another_size_are_as_exact(quantized: Path, tmp_path: Path, size: int) -> None:
    cache = CacheSettings(folder=tmp_path)
    asked = [conversation("note it", turns) for turns in range(0, 12, 3)]
    with driving(quantized, cache=cache) as other:  # its segments on disk are not for those of this size
        other.write(asked[-1])
    with driving(quantized, cache=cache, prompt_tokens=size) as driver:
        for place, one in enumerate(asked):
            count, rows = computed(driver, one)
            tokens = len(driver.layout.tokens(one).rest)
            assert count == tokens + 2 if place == 0 else count < tokens
            with driving(quantized, prompt_tokens=size) as fresh:
                assert difference(rows, fresh.write(one, 3)) == 0


def test_after_a_restart_the_beginning_comes_from_disk(quantized: Path, tmp_path: Path) -> None:
    cache = CacheSettings(folder=tmp_path)
    with driving(quantized, cache=cache) as driver:
        first, _ = computed(driver, prompt("text Sid", TOOLS))
    with driving(quantized, cache=cache) as driver:
        again, rows = computed(driver, prompt("note it", TOOLS))
        assert again < first / 2
    assert difference(rows, cold(quantized, prompt("note it", TOOLS))) == 0


@pytest.mark.parametrize("damage", ["first", "all"])
def test_damaged_beginnings_are_computed_again(quantized: Path, tmp_path: Path, damage: str) -> None:
    cache = CacheSettings(folder=tmp_path)
    with driving(quantized, cache=cache) as driver:
        driver.write(conversation("text Sid", 0), 3)
        driver.write(conversation("text Sid", 3), 3)
    files = sorted(tmp_path.glob("*/*.kv"), key=lambda file: file.stat().st_size, reverse=True)
    for file in files[: 1 if damage == "first" else None]:
        data = bytearray(file.read_bytes())
        data[-5] ^= 255
        file.write_bytes(data)
    asked = conversation("note it", 3)
    with driving(quantized, cache=cache) as driver:
        for _ in range(2):
            assert difference(driver.write(asked, 3), cold(quantized, asked)) == 0


def test_a_long_beginning_does_not_take_the_room_of_another_request(foreign_model: Path) -> None:
    with driving(foreign_model, cells=400) as driver:
        for words in ("note that " * 50, "text Sid " * 60, "note that " * 60):
            asked = prompt(words)
            assert difference(driver.write(asked, 2), cold(foreign_model, asked, 2)) < 1e-2


WORDS = ("note", "text", "tool", "name", "phone")


@given(
    requests=st.lists(
        st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=40), min_size=1, max_size=3),
        min_size=2,
        max_size=5,
    )
)
@settings(max_examples=15)
def test_whatever_was_asked_before_a_request_reads_its_own_words_and_nothing_else(
    foreign_model: Path, requests: list[list[list[str]]]
) -> None:
    with driving(foreign_model, cells=256) as driver, driving(foreign_model) as other:
        for together in requests:
            asked = [prompt(" ".join(words)) for words in together]
            for one, rows in zip(asked, driver.write_all(asked, 2), strict=True):
                other.scheduler.forget()
                assert difference(rows, other.write(one, 2)) < 1e-2


class TreeOfTokens(RuleBasedStateMachine):
    """The tree against a set that is searched segment by segment."""

    RULE = Pieces(longest=3, edges={2}, shortest=2)

    def __init__(self) -> None:
        super().__init__()
        self.tree = PrefixTree(self.RULE)
        self.keys: set[SegmentKey] = set()

    def keys_of(self, tokens: Tokens, adapter: str) -> list[SegmentKey]:
        """Every segment of a prompt."""
        ends = [0, *self.RULE.ends(tokens)]
        return [SegmentKey(tokens[:start], tokens[start:end], adapter) for start, end in pairwise(ends)]

    def known(self, tokens: Tokens, adapter: str) -> list[SegmentKey]:
        """The segments that hold the longest beginning of `tokens`."""
        return list(takewhile(self.keys.__contains__, self.keys_of(tokens, adapter)))

    @rule(
        tokens=st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple), adapter=st.sampled_from("ab")
    )
    def keep(self, tokens: Tokens, adapter: str) -> None:
        for key in self.keys_of(tokens, adapter):
            self.tree.insert(key)
            self.keys.add(key)

    @rule(before=st.lists(st.integers(0, 2), max_size=4).map(tuple), length=st.integers(4, 6))
    def keep_another_length(self, before: Tokens, length: int) -> None:
        """Such segments were made in other batches, and those that follow on nothing can never be read."""
        self.tree.insert(SegmentKey(before, (0,) * length, "a"))

    @rule(
        tokens=st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple), adapter=st.sampled_from("ab")
    )
    def look_up(self, tokens: Tokens, adapter: str) -> None:
        assert self.tree.match(tokens, adapter, self.keys.__contains__) == self.known(tokens, adapter)

    @rule(number=st.integers(0, 100))
    def lose(self, number: int) -> None:
        """A segment leaves, and with it what builds on it."""
        if self.keys:
            gone = sorted(self.keys)[number % len(self.keys)]
            path = gone.before + gone.tokens
            self.keys = {
                key
                for key in self.keys - {gone}
                if key.adapter != gone.adapter or key.before[: len(path)] != path
            }
            self.tree.sweep(self.keys.__contains__)

    @invariant()
    def nothing_else_is_known(self) -> None:
        assert set(self.tree) <= self.keys


TestTreeOfTokens = TreeOfTokens.TestCase
TestTreeOfTokens.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
