"""Where prompts are cut."""

from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.pieces import Pieces, until_next

EDGE = 0
RULE = Pieces(longest=8, edges={EDGE}, shortest=3)
tokens = st.lists(st.integers(0, 4), max_size=60)


@given(tokens)
def test_no_piece_is_too_short_or_too_long_and_early_ends_are_edges(prompt: list[int]) -> None:
    start = 0
    for end in RULE.ends(prompt):
        assert 3 <= end - start <= 8
        assert end - start == 8 or prompt[end] == EDGE
        assert EDGE not in prompt[start + 3 : end]
        start = end
    assert len(prompt) - start < 8


@given(tokens, tokens, tokens)
def test_prompts_that_begin_alike_are_cut_alike(begin: list[int], one: list[int], other: list[int]) -> None:
    first, second = ([end for end in RULE.ends(begin + rest) if end < len(begin)] for rest in (one, other))
    assert first == second


def test_reading_stops_at_the_next_end() -> None:
    assert [until_next((5, 9), position, 6) for position in (0, 2, 4, 5, 8, 9, 30)] == [5, 3, 1, 4, 1, 6, 6]
    assert until_next((), 7, 6) == 6
