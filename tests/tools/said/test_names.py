"""Which name is meant."""

import unicodedata
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.said.names import alike, folded, listed, meant

PEOPLE: Mapping[str, tuple[str, ...]] = {
    name: (name, *others)
    for name, *others in [
        ("Sid Jha",),
        ("Sid Rao",),
        ("Solène Marchetti",),
        ("Kenji Sato", "Mr. Sato"),
        ("Lutfi Karim", "brother"),
        ("Simone Weil",),
        ("Sean O'Neill",),
        ("Jürgen Groß",),
        ("Ji-hoon",),
    ]
}


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("sid", ["Sid Jha", "Sid Rao"]),
        ("SID RAO", ["Sid Rao"]),
        ("solene", ["Solène Marchetti"]),
        ("my brother", ["Lutfi Karim"]),
        ("Mr Sato", ["Kenji Sato"]),
        ("Sato", ["Kenji Sato"]),
        ("Mrs. Sato", []),
        ("sean o’neill", ["Sean O'Neill"]),  # noqa: RUF001 - as phones type it
        ("jurgen gross", ["Jürgen Groß"]),
        ("ji hoon", ["Ji-hoon"]),
        ("Lutfy", []),
        ("Simon", []),
        ("Si", []),
        ("Sid Sato", []),
        ("", []),
        ("the", []),
    ],
)
def test_people_are_found_by_any_clear_part_of_their_name(said: str, names: list[str]) -> None:
    assert meant(said, PEOPLE) == names


def test_a_whole_name_is_better_than_a_part() -> None:
    assert meant("Sid", {"Sid": ("Sid",), "Sid Jha": ("Sid Jha",)}) == ["Sid"]


def test_other_forms_of_a_word_count_only_where_asked_for() -> None:
    things = {text: (text,) for text in ["call grandma", "ring florist", "buy prizes"]}
    assert meant("calling grandma", things) == []
    assert meant("calling grandma", things, inflected=True) == ["call grandma"]
    assert meant("the prize", things, inflected=True) == ["buy prizes"]


def test_what_looks_alike_is_suggested() -> None:
    assert alike("Lutfy", PEOPLE) == ["Lutfi Karim"]
    assert alike("Sid Sato", PEOPLE)[:1] in (["Kenji Sato"], ["Sid Rao"], ["Sid Jha"])
    assert alike("Zed", PEOPLE) == []


def test_names_are_listed_as_a_choice() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b or c"


def test_letters_of_other_scripts_are_not_merged() -> None:
    assert folded("ガ") != folded("カ")
    assert folded("कि") != folded("क")
    assert folded("한") == folded(unicodedata.normalize("NFD", "한"))


names = st.text(st.characters(categories=["L", "M", "Zs"]), min_size=1, max_size=20).filter(str.strip)


@given(names)
def test_folding_is_stable_and_blind_to_case_and_composition(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    assert folded(unicodedata.normalize("NFD", name)) == folded(unicodedata.normalize("NFC", name))


@given(names, st.lists(names, max_size=4))
def test_a_whole_name_is_always_found(name: str, others: list[str]) -> None:
    found = meant(name, {other: (other,) for other in [name, *others]})
    assert name in found or not any(letter.isalnum() for letter in folded(name))
