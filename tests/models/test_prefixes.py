"""Reuse of what prompts begin with: the logits are those of a run that computes everything."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from numpy.typing import NDArray

from scrubjay.models.cache_settings import CacheSettings
from scrubjay.models.prefix_tree import PrefixTree
from scrubjay.models.prompt import Prompt, Segment
from scrubjay.models.segment_key import SegmentKey

from .driving import Driver, driving, prompt

TOOLS = (
    "send_message(to: [str], text: str) Send a text message. " * 3,
    "get_phone_number(name: str) Look up a phone number in the contacts. " * 3,
    "note(text: str) Write it down. " * 3,
)
Rows = list[NDArray[np.float32]]
Tokens = tuple[int, ...]


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


def test_the_same_beginning_is_computed_once_and_the_logits_are_the_same(foreign_model: Path) -> None:
    with driving(foreign_model) as driver:
        first, _ = computed(driver, prompt("text Sid", TOOLS))
        again, rows = computed(driver, prompt("note that Lutfi is late", TOOLS))
        assert again < first / 2
    assert difference(rows, cold(foreign_model, prompt("note that Lutfi is late", TOOLS))) < 1e-2


def test_the_very_same_prompt_costs_a_few_tokens_and_gives_the_very_same_logits(foreign_model: Path) -> None:
    with driving(foreign_model) as driver:
        _, rows = computed(driver, prompt("text Sid", TOOLS))
        again, same = computed(driver, prompt("text Sid", TOOLS))
        assert again <= 128 + 2  # those after the last multiple of 128, and those that are written
        assert difference(rows, same) == 0


def test_a_growing_conversation_computes_only_what_is_new(foreign_model: Path) -> None:
    with driving(foreign_model) as driver:
        for turns in range(5):
            asked = conversation("note it", turns)
            count, rows = computed(driver, asked)
            tokens = len(driver.layout.tokens(asked).rest)
            assert turns == 0 or count < tokens / 2
            assert difference(rows, cold(foreign_model, asked)) < 1e-2


def test_prompts_that_part_in_the_middle_of_a_segment_share_its_beginning(foreign_model: Path) -> None:
    asked = [prompt(f"note {words} and go", TOOLS) for words in ("one", "one two", "two", "one two three")]
    with driving(foreign_model) as driver:
        for one in (*asked, *asked):
            assert difference(driver.write(one, 3), cold(foreign_model, one)) < 1e-2


def test_after_a_restart_the_beginning_comes_from_disk(foreign_model: Path, tmp_path: Path) -> None:
    cache = CacheSettings(folder=tmp_path)
    with driving(foreign_model, cache=cache) as driver:
        first, _ = computed(driver, prompt("text Sid", TOOLS))
    with driving(foreign_model, cache=cache) as driver:
        again, rows = computed(driver, prompt("note it", TOOLS))
        assert again < first / 2
    assert difference(rows, cold(foreign_model, prompt("note it", TOOLS))) < 1e-2


@pytest.mark.parametrize("damage", ["first", "all"])
def test_damaged_beginnings_are_computed_again(foreign_model: Path, tmp_path: Path, damage: str) -> None:
    cache = CacheSettings(folder=tmp_path)
    with driving(foreign_model, cache=cache) as driver:
        driver.write(conversation("text Sid", 0), 3)
        driver.write(conversation("text Sid", 3), 3)
    files = sorted(tmp_path.glob("*/*.kv"), key=lambda file: file.stat().st_size, reverse=True)
    for file in files[: 1 if damage == "first" else None]:
        data = bytearray(file.read_bytes())
        data[-5] ^= 255
        file.write_bytes(data)
    asked = conversation("note it", 3)
    with driving(foreign_model, cache=cache) as driver:
        for _ in range(2):
            assert difference(driver.write(asked, 3), cold(foreign_model, asked)) < 1e-2


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
    """The tree against a list that is searched from end to end."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = PrefixTree()
        self.keys: set[SegmentKey] = set()

    def known(self, tokens: Tokens, adapter: str) -> int:
        """The longest beginning of `tokens` that segments hold without a gap."""
        reached = {0}
        for key in sorted(self.keys, key=lambda key: len(key.before)):
            path = key.before + key.tokens
            shared = next(
                (n for n, (a, b) in enumerate(zip(path, tokens, strict=False)) if a != b),
                min(len(path), len(tokens)),
            )
            if key.adapter == adapter and max(reached) >= len(key.before) <= shared:
                reached.add(shared)
        return max(reached)

    @rule(
        tokens=st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple), adapter=st.sampled_from("ab")
    )
    def keep(self, tokens: Tokens, adapter: str) -> None:
        start = self.known(tokens, adapter)
        if start < len(tokens):
            key = SegmentKey(tokens[:start], tokens[start:], adapter)
            self.tree.insert(key)
            self.keys.add(key)

    @rule(
        tokens=st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple), adapter=st.sampled_from("ab")
    )
    def look_up(self, tokens: Tokens, adapter: str) -> None:
        parts = self.tree.match(tokens, adapter, self.keys.__contains__)
        at = 0
        for part in parts:
            assert part.start == at < part.end
            assert part.key.adapter == adapter
            path = part.key.before + part.key.tokens
            assert len(part.key.before) <= part.start
            assert path[: part.end] == tokens[: part.end]
            at = part.end
        assert at == self.known(tokens, adapter)

    @rule(number=st.integers(0, 100))
    def lose(self, number: int) -> None:
        """A segment leaves, and with it what builds on it."""
        if self.keys:
            gone = sorted(self.keys)[number % len(self.keys)]
            end = len(gone.before)
            path = gone.before + gone.tokens
            self.keys = {
                key
                for key in self.keys
                if key.adapter != gone.adapter
                or (len(key.before) <= end and key != gone)
                or key.before[: end + 1] != path[: end + 1]
            }
            self.tree.sweep(self.keys.__contains__)

    @invariant()
    def nothing_else_is_known(self) -> None:
        assert set(self.tree) <= self.keys


TestTreeOfTokens = TreeOfTokens.TestCase
TestTreeOfTokens.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
