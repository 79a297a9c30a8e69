"""Names that were misheard are found by their sound."""

from pathlib import Path

import pytest

from scrubjay.apps.voice.names import Names, known_names
from scrubjay.apps.voice.sounds import distance, pronunciations
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.demo import seed_demo_contacts
from scrubjay.tools.registry import ToolRegistry

NAMES = Names(("Anna Berg", "Sid Jha", "Lutfi Karim", "Solène Marchetti"), ("Journal", "Shopping list"))


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("text hannah that i'm late", "text Anna that i'm late"),
        ("text anna that i'm late", "text Anna that i'm late"),
        ("text anna's boss", "text Anna's boss"),
        ("tell solan i'm here", "tell Solène i'm here"),
        ("email soul and marketing", "email Solène Marchetti"),
        ("read my journals", "read my Journal"),
    ],
)
def test_a_name_that_sounds_like_a_known_one_is_written_as_that(heard: str, meant: str) -> None:
    assert NAMES.corrected(heard) == meant


@pytest.mark.parametrize(
    "heard",
    [
        "text lucy about lunch",
        "remind me to sit down",
        "set an alarm for seven",
        "and then play some music",
        "",
    ],
)
def test_what_sounds_like_no_name_stays_as_it_was_heard(heard: str) -> None:
    assert NAMES.corrected(heard) == heard


def test_of_two_known_names_the_one_that_was_heard_stays() -> None:
    both = Names(("Anna Berg", "Hannah Weiss"))
    assert both.corrected("text hannah") == "text Hannah"


def test_words_are_as_far_apart_as_they_sound() -> None:
    (anna, *_), (hannah, *_), (bob, *_) = map(pronunciations, ("anna", "hannah", "bob"))
    assert distance(anna, anna) == 0
    assert distance(anna, hannah) < 0.2 < distance(anna, bob)


def test_a_word_that_no_dictionary_has_is_said_by_rule() -> None:
    assert pronunciations("lutfi") == (("L", "AH", "T", "F", "IY"),)
    assert pronunciations("") == ()


def test_names_come_from_contacts_and_notes(tmp_path: Path) -> None:
    seed_demo_contacts(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "Boat repairs.md").write_text("# Boat repairs\n")
    names = known_names(tmp_path, ToolRegistry(builtin_tools(tmp_path)))
    assert {"Sid Jha", "Mum"} <= {*names.people}
    assert names.titles == ("Boat repairs",)
    assert "timer" in names.tool_words
