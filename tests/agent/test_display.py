import json

from hypothesis import given
from hypothesis import strategies as st

from scrubjay.agent.display import shown
from scrubjay.agent.plan import Json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.lists(st.integers(), max_size=20) | st.text(max_size=200))
def test_small_values_are_shown_whole(value: Json) -> None:
    assert shown(value) == value


@given(json_values)
def test_what_is_shown_is_never_much_larger_than_a_page(value: Json) -> None:
    assert len(json.dumps(shown([value] * 500))) < 20_000


def test_megabytes_are_cut_with_a_note() -> None:
    assert str(shown("x" * 5_000_000)).endswith("xx... (cut: 5,000,000 characters in all)")
    rows: list[Json] = [{"row": n} for n in range(1_000_000)]
    cut = shown(rows)
    assert isinstance(cut, list)
    assert cut[0] == {"row": 0}
    assert cut[-1] == "... (cut: 1,000,000 items in all)"


def test_deep_values_are_cut() -> None:
    deep: Json = "x"
    for _ in range(100_000):
        deep = [deep]
    assert len(json.dumps(shown(deep))) < 200
