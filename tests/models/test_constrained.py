import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.constrained import LineByLine
from scrubjay.models.errors import GrammarError
from scrubjay.models.preference import Beginnings
from scrubjay.models.vocabulary import Vocabulary

from .driving import driving


@pytest.fixture(scope="module")
def vocabulary(planner: Path) -> object:
    with driving(planner) as driver:
        yield driver.vocabulary


class Lines:
    """A constraint of one grammar a line; remembers what it was told."""

    def __init__(self, *grammars: str) -> None:
        self.grammars = grammars
        self.told: list[str] = []

    def next_grammar(self, written: str) -> str | None:
        self.told.append(written)
        return self.grammars[len(self.told) - 1] if len(self.told) <= len(self.grammars) else None


def write(vocabulary: Vocabulary, constraint: Lines, seed: int = 0) -> tuple[str, int]:
    """What a model of random opinions writes, and how many of its tokens were not forced."""
    random = np.random.default_rng(seed)
    chooser = LineByLine(constraint, vocabulary)
    tokens = list(chooser.begin())
    chosen = 0
    while not chooser.finished:
        token = chooser.choose(random.standard_normal(vocabulary.size, np.float32))
        tokens += [token, *chooser.accept(token)]
        chosen += 1
    return b"".join(vocabulary.piece(token) for token in tokens).decode(), chosen


LITERALS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=8)
CLASSES = st.sampled_from(["[a-z ]{1,9}", "[0-9]{2}", '[^"\\\\\\n]{0,6}', "(é|😀|漢字){1,3}"])


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, str]:
    """A grammar of one line, and a regular expression of the same language."""
    grammar, expression = [], []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            choices = draw(st.lists(LITERALS, min_size=1, max_size=4))
            quoted = [json.dumps(choice, ensure_ascii=False) for choice in choices]
            grammar.append(f"({' | '.join(quoted)})")
            expression.append(f"({'|'.join(map(re.escape, choices))})")
        else:
            known = draw(CLASSES)
            grammar.append(f'"<" /{known}/ ">"')
            expression.append(f"<{known}>")
    return f'start: {" ".join(grammar)} "\\n"', "".join(expression) + "\n"


@given(several=st.lists(lines(), min_size=1, max_size=3), seed=st.integers(0, 1000))
def test_what_is_written_is_always_in_the_language_of_each_line(
    vocabulary: Vocabulary, several: list[tuple[str, str]], seed: int
) -> None:
    constraint = Lines(*(grammar for grammar, _ in several))
    written, _ = write(vocabulary, constraint, seed)
    assert re.fullmatch("".join(expression for _, expression in several), written)
    ends = np.cumsum([0, *(len(line) for line in written.splitlines(keepends=True))])
    assert constraint.told[0] == ""
    assert constraint.told[-1] == written
    assert {len(told) for told in constraint.told} <= set(ends.tolist())


def test_a_grammar_without_a_choice_asks_the_model_nothing(vocabulary: Vocabulary) -> None:
    constraint = Lines('start: "$1 = send_message()\\n"', 'start: "done\\n"')
    assert write(vocabulary, constraint) == ("$1 = send_message()\ndone\n", 0)
    assert constraint.told == ["", "$1 = send_message()\n", "$1 = send_message()\ndone\n"]


def test_only_real_choices_ask_the_model(vocabulary: Vocabulary) -> None:
    written, chosen = write(vocabulary, Lines('start: "$1 = " ("send_message" | "note") "()\\n"'))
    assert written in ("$1 = send_message()\n", "$1 = note()\n")
    assert chosen == 1


def test_a_constraint_may_allow_nothing_at_all(vocabulary: Vocabulary) -> None:
    assert write(vocabulary, Lines()) == ("", 0)


def test_a_grammar_that_cannot_be_read_is_an_error_with_the_grammar(vocabulary: Vocabulary) -> None:
    with pytest.raises(GrammarError, match=r"(?s)after '': it cannot be used:\nstart: \(\("):
        write(vocabulary, Lines("start: (("))


def test_a_grammar_without_a_way_out_is_an_error_and_no_endless_loop(vocabulary: Vocabulary) -> None:
    with pytest.raises(GrammarError, match="after ''"):
        write(vocabulary, Lines("start: /[^\\s\\S]/"))


@pytest.mark.parametrize("line", ['start: ""', 'start: "x\\n"?'])
def test_a_constraint_of_empty_lines_is_an_error_and_no_endless_loop(
    vocabulary: Vocabulary, line: str
) -> None:
    with pytest.raises(GrammarError, match=r"leads nowhere|no token"):
        write(vocabulary, Lines(*[line] * 1000))


def test_lines_forced_without_end_come_in_portions(vocabulary: Vocabulary) -> None:
    chooser = LineByLine(Lines(*['start: "done\\n"'] * 100_000), vocabulary)
    assert 256 <= len(chooser.begin()) < 1000
    zeros = np.zeros(vocabulary.size, np.float32)
    assert 256 <= len(chooser.accept(chooser.choose(zeros))) < 1000


class Preferring(Lines):
    """Every line begins with one of these, some likelier than the model thinks."""

    def __init__(self, beginnings: dict[str, float]) -> None:
        super().__init__(
            "start: (" + " | ".join(json.dumps(text) for text in beginnings) + ') /[a-z]{3}/ "\\n"'
        )
        self.beginnings = beginnings

    def next_preference(self, written: str) -> Beginnings:
        return Beginnings(self.beginnings)


def test_what_is_known_beside_the_model_decides_how_a_line_begins_and_the_model_the_rest(
    vocabulary: Vocabulary,
) -> None:
    names = ["take_off(", "take_over(", "land(", "none"]
    for wanted in names:
        constraint = Preferring({name: 100.0 if name == wanted else 0.0 for name in names})
        rests = set()
        for seed in range(5):
            text, _ = write(vocabulary, constraint, seed)
            constraint.told.clear()
            assert text.startswith(wanted)
            rests.add(text)
        assert len(rests) > 1


def test_a_small_preference_leaves_the_choice_to_the_model(vocabulary: Vocabulary) -> None:
    constraint = Preferring({"take_off(": 0.01, "land(": 0.0})
    written = set()
    for seed in range(20):
        written.add(write(vocabulary, constraint, seed)[0].split("(")[0])
        constraint.told.clear()
    assert written == {"take_off", "land"}


def test_the_logits_are_those_that_the_token_was_chosen_by(vocabulary: Vocabulary) -> None:
    chooser = LineByLine(Preferring({"take_off(": 3.0, "land(": 0.0}), vocabulary)
    chooser.begin()
    logits = np.zeros(vocabulary.size, np.float32)
    token = chooser.choose(logits)
    assert logits[token] == 3.0
    assert np.isneginf(logits).sum() > vocabulary.size - 50
