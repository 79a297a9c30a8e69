"""The files app, on real files."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.tools import opening
from scrubjay.tools.allowed_folders import AllowedFolders, OutsideFolders
from scrubjay.tools.errors import ToolFailed, ToolQuestion
from scrubjay.tools.files import Files
from scrubjay.tools.opening import open_in_own_program

from .calling import answer, call
from .desktop import put_program


@pytest.fixture
def opened() -> list[str]:
    return []


@pytest.fixture
def files(tmp_path: Path, opened: list[str]) -> Files:
    for name in ("Documents", "Downloads"):
        (tmp_path / name).mkdir()
    folders = AllowedFolders((tmp_path / "Documents", tmp_path / "Downloads"))
    return Files(folders, tmp_path / "trash", opened.append)


def put(files: Files, name: str, content: bytes = b"x") -> str:
    path = files.folders.folders[0] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    "query", ["trip_plan.txt", "trip plan", "the Trip Plan", "Work/trip_plan.txt", "work plan"]
)
def test_a_file_is_found_by_its_name_or_part_of_it(files: Files, query: str) -> None:
    path = put(files, "Work/trip_plan.txt")
    put(files, "Work/.trip plan.txt")
    assert call(files.find_file, query=query) == path


def test_several_files_are_a_question_newest_first(files: Files) -> None:
    old, new = put(files, "a/budget.txt"), put(files, "b/budget.txt")
    os.utime(old, (1, 1))
    with pytest.raises(ToolQuestion) as asked:
        call(files.find_file, query="budget")
    assert asked.value.choices == (new, old)
    assert call(files.find_file, query=new) == new
    assert call(files.find_file, query="budget", folder="a") == old


def test_a_file_that_is_not_there_is_told_with_what_is_alike(files: Files) -> None:
    with pytest.raises(ToolFailed, match="No file in Documents or Downloads is called invoice"):
        call(files.find_file, query="invoice")
    path = put(files, "invoice.pdf")
    with pytest.raises(ToolQuestion, match=rf"Did you mean {path}\?"):
        call(files.find_file, query="invoyce.pdf")
    with pytest.raises(OutsideFolders):
        call(files.find_file, query="/etc/passwd")
    with pytest.raises(OutsideFolders):
        call(files.find_file, query="invoice", folder="/etc")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"plain\r\ntext", "plain\ntext"),
        ("\ufeffGrüße".encode(), "Grüße"),
        ("Grüße".encode("utf-16"), "Grüße"),
        ("Grüße \u2026".encode("cp1252"), "Grüße \u2026"),
        (b"\x81\xff", "\x81ÿ"),
        (b"", ""),
    ],
)
def test_text_is_read_in_the_encoding_that_it_is_in(files: Files, content: bytes, text: str) -> None:
    put(files, "letter.txt", content)
    assert call(files.read_file, path="letter.txt") == text


def test_what_is_no_text_is_not_read(files: Files) -> None:
    for name, content, message in (
        ("a.png", b"\x89PNG\0", "not a text file"),
        ("a.pdf", b"%PDF-1.7", "Ask for a summary"),
        ("b.txt", b"\xff\xfe\x00", "not a text file"),
        ("big.txt", b"x" * 1_000_001, "more than the 1 MB allowed"),
    ):
        put(files, name, content)
        with pytest.raises(ToolFailed, match=message):
            call(files.read_file, path=name)


def test_a_new_file_is_written_for_the_user_alone(files: Files) -> None:
    path = call(files.write_file, path="Lists/todo.txt", content="Grüße\n")
    assert path == str(files.folders.folders[0] / "Lists/todo.txt")
    assert Path(path).read_bytes() == "Grüße\n".encode()
    assert Path(path).stat().st_mode & 0o177 == 0
    assert answer(files.write_file, path="x.txt", content="y").startswith("Wrote /")


def test_nothing_is_ever_overwritten(files: Files, tmp_path: Path) -> None:
    put(files, "todo.txt", b"old")
    (files.folders.folders[0] / "dangling.txt").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(ToolQuestion, match=r"There is a todo\.txt in Documents already"):
        call(files.write_file, path="todo.txt", content="new")
    with pytest.raises(OutsideFolders):
        call(files.write_file, path="dangling.txt", content="new")
    assert call(files.read_file, path="todo.txt") == "old"
    assert not (tmp_path / "outside.txt").exists()
    assert not list(files.folders.folders[0].glob(".new-*"))


@pytest.mark.parametrize(
    "path", ["../x.txt", "/tmp/x.txt", ".bashrc", "Documents/.ssh/config", "a\nb.txt", "", "."]
)
def test_a_file_is_written_in_the_open_folders_only(files: Files, path: str) -> None:
    with pytest.raises(ToolFailed):
        call(files.write_file, path=path, content="x")
    assert not list(files.folders.folders[0].iterdir())


def test_a_file_that_was_written_can_be_taken_back_unless_it_was_changed(files: Files) -> None:
    arguments = {"path": "todo.txt", "content": "milk"}
    undo = files.write_file.undo
    assert undo is not None
    path = Path(call(files.write_file, **arguments))
    assert undo(arguments, str(path)) == "todo.txt is in the trash"
    assert not path.exists()
    assert (files.trash / "todo.txt").read_text() == "milk"
    call(files.write_file, **arguments)
    path.write_text("milk and eggs")
    with pytest.raises(ToolFailed, match="changed since"):
        undo(arguments, str(path))
    assert path.read_text() == "milk and eggs"


def test_a_folder_is_listed_without_what_is_hidden(files: Files) -> None:
    for name in ("b.txt", "a.txt", ".hidden", "Work/x.txt"):
        put(files, name)
    assert call(files.list_folder, path="Documents") == ["Work/", "a.txt", "b.txt"]
    assert answer(files.list_folder, path="downloads") == "downloads holds nothing."
    with pytest.raises(ToolFailed, match="is a file"):
        call(files.list_folder, path="a.txt")


def test_a_long_list_says_how_much_more_there_is(files: Files) -> None:
    for number in range(503):
        put(files, f"{number:03}.txt", b"")
    names = call(files.list_folder, path="Documents")
    assert (len(names), names[-1]) == (501, "and 3 more")


def test_documents_and_folders_are_opened_programs_are_not(files: Files, opened: list[str]) -> None:
    picture = put(files, "picture.png")
    assert answer(files.open_file, path="picture.png") == "Opened picture.png."
    call(files.open_file, path="Downloads")
    for name, content in (("x.desktop", b""), ("run", b"#!/bin/sh"), ("tool", b"\x7fELF"), ("A.SH", b"")):
        put(files, name, content)
        with pytest.raises(ToolFailed, match="only documents are opened"):
            call(files.open_file, path=name)
    with pytest.raises(OutsideFolders):
        call(files.open_file, path="/etc/passwd")
    assert opened == [picture, str(files.folders.folders[1])]


@pytest.mark.debian("xdg-utils", "xdg-open")
def test_a_file_reaches_its_program_through_the_real_xdg_open(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    got = tmp_path / "got"
    viewer = put_program(tmp_path / "bin", "viewer", f"Path({str(got)!r}).write_text(sys.argv[1])")
    (tmp_path / "applications").mkdir()
    (tmp_path / "applications/viewer.desktop").write_text(
        f"[Desktop Entry]\nType=Application\nName=Viewer\nExec={viewer} %f\nMimeType=text/plain;\n"
    )
    (tmp_path / "mimeapps.list").write_text("[Default Applications]\ntext/plain=viewer.desktop\n")
    for name, value in (
        ("XDG_DATA_HOME", str(tmp_path)),
        ("XDG_CONFIG_HOME", str(tmp_path)),
        ("HOME", str(tmp_path)),
        ("XDG_CURRENT_DESKTOP", "X-Generic"),
        ("DISPLAY", ":99"),
        ("BROWSER", str(viewer)),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(opening, "FAILS_WITHIN_S", 30.0)
    path = put(files, "trip plan; $(x).txt", b"the plan")
    call(replace(files, open=open_in_own_program).open_file, path="trip plan; $(x).txt")
    assert got.read_text().removeprefix("file://") == path


def test_the_whole_path_is_shown_before_anything_happens(files: Files) -> None:
    path = put(files, "plan.txt")
    assert files.open_file.understood is not None
    assert files.open_file.understood({"path": "plan.txt"}) == {"path": path}
    assert files.write_file.understood is not None
    assert files.write_file.understood({"path": "new.txt"}) == {"path": path.replace("plan", "new")}
    with pytest.raises(OutsideFolders):
        files.write_file.understood({"path": "../new.txt"})


def test_names_and_texts_of_files_are_marked_as_written_by_others(files: Files) -> None:
    assert files.find_file.from_others
    assert files.read_file.from_others
    assert files.list_folder.from_others


def test_names_that_are_no_text_break_nothing(files: Files) -> None:
    folder = os.fsencode(files.folders.folders[0])
    with open(folder + b"/pl\xffan.txt", "wb"):
        pass
    assert call(files.list_folder, path="Documents") == ["pl?an.txt"]
    with pytest.raises(ToolFailed, match="No file"):
        call(files.find_file, query="plan")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_what_is_written_is_read_back_or_refused_and_nothing_else_changes(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: str
) -> None:
    top = tmp_path_factory.mktemp("files")
    files = Files(AllowedFolders((top / "Documents",)), top / "trash", lambda path: None)
    try:
        path = call(files.write_file, path=name, content=content)
    except ToolFailed:
        assert not [found for found in top.rglob("*") if found.is_file()]
        return
    assert [found for found in top.rglob("*") if found.is_file()] == [Path(path)]
    if "\0" not in content and not any("\ud800" <= letter <= "\udfff" for letter in content):
        assert call(files.read_file, path=path) == content.removeprefix("\ufeff").replace("\r\n", "\n")
