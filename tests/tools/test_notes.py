"""The notes app, on real Markdown files."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.tools.errors import ToolFailed, ToolQuestion
from scrubjay.tools.notes import Notes

from .calling import answer, call


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "notes", tmp_path / "trash")


def put(notes: Notes, name: str, text: str | bytes) -> Path:
    path = notes.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_note_is_a_markdown_file_that_can_be_opened_and_added_to(notes: Notes) -> None:
    assert call(notes.create_note, title="Groceries", content="milk") == "Groceries"
    assert call(notes.append_to_note, title="groceries", content="eggs") == "Groceries"
    assert call(notes.open_note, title="the groceries") == "milk\neggs"
    assert (notes.folder / "Groceries.md").read_text() == "# Groceries\n\nmilk\neggs\n"


def test_an_empty_note_takes_its_first_line(notes: Notes) -> None:
    call(notes.create_note, title="Journal", folder="Personal")
    assert call(notes.open_note, title="Journal") == ""
    call(notes.append_to_note, title="Journal", content="running late")
    assert (notes.folder / "Personal/Journal.md").read_text() == "# Journal\n\nrunning late\n"


def test_what_is_said_reads_well(notes: Notes) -> None:
    assert answer(notes.create_note, title="Wi-Fi", content="code 4471") == 'Created the note "Wi-Fi".'
    assert answer(notes.append_to_note, title="wi-fi", content="x") == 'Added to the note "Wi-Fi".'
    assert answer(notes.search_notes, query="code") == "Notes that mention code: Wi-Fi."
    assert answer(notes.search_notes, query="parking") == "Notes that mention parking: nothing."
    assert answer(notes.open_note, title="Wi-Fi") == "code 4471\nx"


def test_a_title_that_is_taken_is_a_question(notes: Notes) -> None:
    call(notes.create_note, title="Party songs", content="one")
    with pytest.raises(ToolQuestion, match="already have a note Party songs"):
        call(notes.create_note, title="party songs", content="two")
    assert call(notes.open_note, title="Party songs") == "one"
    call(notes.create_note, title="party songs", folder="Work")


def test_notes_of_one_title_in_two_folders_are_told_apart(notes: Notes) -> None:
    call(notes.create_note, title="Budget", content="1", folder="Work")
    call(notes.create_note, title="Budget", content="2", folder="Home")
    with pytest.raises(ToolQuestion, match=r"Which budget: Budget in Home or Budget in Work\?"):
        call(notes.open_note, title="budget")
    assert call(notes.open_note, title="Budget in Work") == "1"


def test_a_folder_is_written_as_it_is_on_the_disk(notes: Notes) -> None:
    call(notes.create_note, title="One", folder="Work")
    call(notes.create_note, title="Two", folder="work")
    assert sorted(path.name for path in (notes.folder / "Work").iterdir()) == ["One.md", "Two.md"]


def test_a_note_that_is_not_there_is_asked_about_or_refused(notes: Notes) -> None:
    with pytest.raises(ToolFailed, match="No note is called Escalations"):
        call(notes.open_note, title="Escalations")
    call(notes.create_note, title="Camping gear")
    with pytest.raises(ToolQuestion, match=r"Did you mean Camping gear\?"):
        call(notes.append_to_note, title="Campng gear", content="tent")


def test_searching_finds_all_words_in_titles_and_texts_titles_first(notes: Notes) -> None:
    call(notes.create_note, title="Car log", content="the winter tyres are in the garage")
    call(notes.create_note, title="Tyres", content="205/55 R16")
    call(notes.create_note, title="Bread", content="rye")
    assert call(notes.search_notes, query="tyre") == ["Tyres", "Car log"]
    assert call(notes.search_notes, query="garage tyres") == ["Car log"]


def test_hand_written_files_are_notes_too(notes: Notes) -> None:
    put(notes, "lab book.md", "day one\r\nday two")
    put(notes, "x1.md", "\ufeff# Reading list\nDune\n")
    put(notes, ".hidden/secret.md", "dune")
    assert call(notes.open_note, title="Lab Book") == "day one\nday two"
    assert call(notes.open_note, title="reading list") == "Dune"
    assert call(notes.search_notes, query="dune") == ["Reading list"]
    call(notes.append_to_note, title="lab book", content="day three")
    assert (notes.folder / "lab book.md").read_bytes() == b"day one\r\nday two\nday three\n"


def test_a_file_that_is_no_text_breaks_only_its_own_note(notes: Notes) -> None:
    put(notes, "photo.md", b"\xff\xd8\xff")
    call(notes.create_note, title="Bread", content="rye")
    assert call(notes.search_notes, query="rye") == ["Bread"]
    with pytest.raises(ToolFailed, match=r"photo\.md cannot be read: it is not UTF-8 text"):
        call(notes.append_to_note, title="photo", content="x")
    assert (notes.folder / "photo.md").read_bytes() == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    "arguments", [{"title": " \n"}, {"title": "x", "folder": ".."}, {"title": "x", "folder": "/"}]
)
def test_a_note_needs_a_title_and_a_folder_of_its_own(notes: Notes, arguments: dict[str, str]) -> None:
    with pytest.raises(ToolFailed):
        call(notes.create_note, **arguments)
    assert not notes.folder.exists()


titles = st.text(min_size=1, max_size=300).filter(str.strip) | st.sampled_from(
    ["../x", "C:\\x", "CON", "a/b", "# x"]
)


@settings(max_examples=40, deadline=None)  # each writes to the disk
@given(titles, st.text(max_size=50), st.none() | titles)
def test_any_title_stays_in_its_folder_and_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, title: str, content: str, folder: str | None
) -> None:
    top = tmp_path_factory.mktemp("data")
    notes = Notes(top / "notes", top / "trash")
    try:
        made = call(notes.create_note, title=title, content=content, folder=folder)
    except ToolFailed:
        assert not notes.folder.exists()
        return
    (path,) = [path for path in top.rglob("*") if path.is_file()]
    assert path.resolve().is_relative_to(notes.folder.resolve())
    assert made == " ".join(title.split())
    if any(map(str.isalnum, made)):
        assert call(notes.open_note, title=title).split() == content.split()


def test_a_note_that_was_made_or_added_to_can_be_taken_back(notes: Notes) -> None:
    undo, cut = notes.create_note.undo, notes.append_to_note.undo
    assert undo
    assert cut
    made = {"title": "Trip", "content": "pack\ntickets", "folder": "Plans"}
    title = call(notes.create_note, **made)
    added = {"title": "trip", "content": "socks"}
    call(notes.append_to_note, **added)
    with pytest.raises(ToolFailed, match="has been changed since"):
        undo(made, title)
    assert cut(added, title) == "Trip is as it was before"
    assert call(notes.open_note, title="trip") == "pack\ntickets"
    with pytest.raises(ToolFailed, match="has been changed since"):
        cut(added, title)
    assert undo(made, title) == "The note Trip is in the trash"
    assert [path.name for path in notes.trash.iterdir()] == ["Trip.md"]
    with pytest.raises(ToolFailed, match="There is no note Trip any more"):
        undo(made, title)
