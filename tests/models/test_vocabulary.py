from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.errors import EngineClosedError
from scrubjay.models.vocabulary import Vocabulary

from ..tiny_model import SPECIAL_TOKENS
from .driving import driving


@pytest.fixture(scope="module")
def vocabulary(planner: Path) -> object:
    with driving(planner) as driver:
        yield driver.vocabulary


@given(text=st.text() | st.sampled_from([*SPECIAL_TOKENS, "a<|end|>b", "<|plan|>\n$1 = x()\n"]))
def test_text_comes_back_from_its_tokens_and_never_makes_a_special_one(
    vocabulary: Vocabulary, text: str
) -> None:
    tokens = vocabulary.tokenize(text)
    assert b"".join(vocabulary.piece(token) for token in tokens).decode() == text
    assert not {vocabulary.special(name) for name in SPECIAL_TOKENS} & set(tokens)


def test_special_tokens_are_known_by_name_and_write_nothing(vocabulary: Vocabulary) -> None:
    ids = [vocabulary.special(name) for name in SPECIAL_TOKENS]
    assert ids == list(range(len(SPECIAL_TOKENS)))
    assert [vocabulary.piece(token) for token in ids if token is not None] == [b""] * len(ids)
    assert vocabulary.special("done") is None
    assert vocabulary.special("<|nothing|>") is None


def test_only_the_end_token_ends(vocabulary: Vocabulary) -> None:
    ends = [token for token in range(vocabulary.size) if vocabulary.ends(token)]
    assert ends == [vocabulary.special("<|end|>")]


def test_half_a_character_from_elsewhere_is_replaced_and_not_an_error(vocabulary: Vocabulary) -> None:
    assert vocabulary.tokenize("a\udce4b") == vocabulary.tokenize("a?b")


def test_a_vocabulary_outlives_its_model_as_an_error(planner: Path) -> None:
    with driving(planner) as driver:
        vocabulary = driver.vocabulary
    with pytest.raises(EngineClosedError, match="load the model again"):
        vocabulary.tokenize("x")
