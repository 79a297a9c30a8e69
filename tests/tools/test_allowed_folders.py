"""Nothing outside the open folders is ever reached, however a path is written."""

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.tools.allowed_folders import AllowedFolders, OutsideFolders, read_regular
from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.files import Files

from .calling import call


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """An open folder Documents, beside a secret."""
    (tmp_path / "Documents/Work").mkdir(parents=True)
    (tmp_path / "Documents/plan.txt").write_text("plan")
    (tmp_path / "Documents/Work/plan.txt").write_text("work plan")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "Documents 2").mkdir()
    return tmp_path


@pytest.fixture
def folders(top: Path, monkeypatch: pytest.MonkeyPatch) -> AllowedFolders:
    monkeypatch.setenv("HOME", str(top))
    return AllowedFolders((top / "Documents", top / "Downloads"))


@pytest.mark.parametrize(
    "said",
    ["plan.txt", "Documents/plan.txt", "documents/plan.txt", "~/Documents/plan.txt", "Work/../plan.txt"],
)
def test_a_file_is_named_in_many_ways(folders: AllowedFolders, top: Path, said: str) -> None:
    assert folders.file(said) == (top / "Documents/plan.txt").resolve()
    assert folders.file(str(top / "Documents" / "plan.txt")) == (top / "Documents/plan.txt").resolve()


def test_an_open_folder_is_named_by_its_name_alone(folders: AllowedFolders, top: Path) -> None:
    for said in ("Documents", "documents folder", str(top / "Documents")):
        assert folders.folder(said) == (top / "Documents").resolve()
    assert folders.folder("Work") == (top / "Documents/Work").resolve()


@pytest.mark.parametrize(
    "said",
    [
        *("../secret.txt", "Documents/../secret.txt", "~/secret.txt", "/etc/passwd", "Work/../../secret.txt"),
        *(
            "link.txt",
            "links/secret.txt",
            "chain.txt",
            ".hidden/key",
            "Work/.env",
            "~root/x",
            "/proc/self/mem",
        ),
    ],
)
def test_links_dots_and_hidden_files_lead_nowhere(folders: AllowedFolders, top: Path, said: str) -> None:
    documents = top / "Documents"
    (documents / "link.txt").symlink_to(top / "secret.txt")
    (documents / "chain.txt").symlink_to(documents / "link.txt")
    (documents / "links").symlink_to(top)
    (documents / ".hidden").mkdir()
    (documents / ".hidden/key").write_text("key")
    (documents / "Work/.env").write_text("key")
    with pytest.raises(OutsideFolders, match="outside the folders that are open to the tools"):
        folders.file(said)
    with pytest.raises(ToolFailed):
        folders.new(said)


def test_a_folder_whose_name_begins_alike_is_another_one(folders: AllowedFolders, top: Path) -> None:
    (top / "Documents 2/plan.txt").write_text("x")
    with pytest.raises(OutsideFolders):
        folders.file(str(top / "Documents 2/plan.txt"))


def test_a_link_that_stays_inside_is_followed(folders: AllowedFolders, top: Path) -> None:
    (top / "Documents/latest.txt").symlink_to("Work/plan.txt")
    assert folders.file("latest.txt") == (top / "Documents/Work/plan.txt").resolve()


@pytest.mark.parametrize("said", ["", " ", "\0", "x\0.txt", "a" * 5000, "Work", "missing.txt", "loop"])
def test_what_is_no_file_is_told(folders: AllowedFolders, top: Path, said: str) -> None:
    (top / "Documents/loop").symlink_to("loop")
    with pytest.raises(ToolFailed):
        folders.file(said)


def test_a_new_file_goes_into_the_first_folder_unless_another_is_named(
    folders: AllowedFolders, top: Path
) -> None:
    (top / "Downloads").mkdir()
    assert folders.new("a.txt") == (top / "Documents/a.txt").resolve()
    assert folders.new("downloads/a.txt") == (top / "Downloads/a.txt").resolve()
    assert folders.new("Work/a.txt") == (top / "Documents/Work/a.txt").resolve()
    for said in ("Documents", "../a.txt", "/a.txt", "."):
        with pytest.raises(ToolFailed):
            folders.new(said)


parts = st.sampled_from(
    ["..", ".", "Documents", "Work", "secret.txt", "out", "~", "", "/", "\\", "a b", ".x"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(parts | st.text(max_size=4), max_size=7), st.booleans())
def test_no_path_comes_out(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], absolute: bool
) -> None:
    top = tmp_path_factory.getbasetemp() / "inside"
    inside = top / "Documents"
    if not inside.exists():
        (inside / "Work").mkdir(parents=True)
        (top / "secret.txt").touch()
        (inside / "out").symlink_to(top)
    said = f"{inside}/" * absolute + "/".join(parts)
    folders = AllowedFolders((inside,))
    for resolve in (folders.existing, folders.new):
        try:
            path = resolve(said)
        except ToolFailed:
            continue
        assert path == path.resolve()
        assert path.is_relative_to(inside.resolve())


def test_only_ordinary_files_of_a_moderate_size_are_read(top: Path) -> None:
    os.mkfifo(top / "pipe")
    with pytest.raises(ToolFailed, match="no ordinary file"):
        read_regular(top / "pipe", 10)
    with pytest.raises(ToolFailed, match="more than the"):
        read_regular(top / "secret.txt", 5)
    (top / "link").symlink_to("secret.txt")
    with pytest.raises(ToolFailed, match="cannot be read"):
        read_regular(top / "link", 10)
    assert read_regular(top / "secret.txt", 10) == b"secret"


def test_the_data_folder_stays_closed_where_a_folder_above_it_is_open(tmp_path: Path) -> None:
    data = tmp_path / "scrubjay"
    (data / "files").mkdir(parents=True)
    (data / "settings.toml").touch()
    folders = AllowedFolders((tmp_path,), closed=data)
    for said in ("scrubjay/settings.toml", "scrubjay/tools/evil.py", "scrubjay/files/a.txt", "scrubjay"):
        with pytest.raises(ToolFailed):
            folders.new(said)
        with pytest.raises(ToolFailed):
            folders.existing(said)
    assert folders.new("scrubjay2/a.txt") == tmp_path / "scrubjay2/a.txt"
    own = AllowedFolders((data / "files", tmp_path), closed=data)
    assert own.new("files/a.txt") == data / "files/a.txt"
    with pytest.raises(ToolFailed):
        own.existing("scrubjay/settings.toml")


@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="folders are held open on Linux alone")
def test_nobody_puts_a_link_between_judging_a_path_and_using_it(tmp_path: Path) -> None:
    inside, outside, spare = tmp_path / "Documents", tmp_path / "outside", tmp_path / "spare"
    (inside / "Work").mkdir(parents=True)
    outside.mkdir()
    for folder, text in ((inside / "Work", "mine"), (outside, "secret")):
        (folder / "plan.txt").write_text(text)
    files = Files(AllowedFolders((inside,)), tmp_path / "trash", lambda path: None)
    stop = threading.Event()

    def swap() -> None:
        """Puts a link to the outside in the folder's place, and the folder back, again and again."""
        while not stop.is_set():
            try:
                (inside / "Work").rename(spare)
                (inside / "Work").symlink_to(outside)
                (inside / "Work").unlink()
                spare.rename(inside / "Work")
            except OSError:  # a file was being written there, which has made the folder anew
                shutil.rmtree(spare, ignore_errors=True)
                (inside / "Work/plan.txt").write_text("mine")

    attacker = threading.Thread(target=swap)
    attacker.start()
    read, wrote = 0, 0
    try:
        for number in range(300):
            with suppress(ToolFailed):
                assert call(files.read_file, path="Work/plan.txt") in ("mine", "")
                read += 1
            with suppress(ToolFailed):
                path = call(files.write_file, path=f"Work/{number}/new.txt", content="x")
                wrote += 1
                undo = files.write_file.undo
                assert undo
                undo({"path": path, "content": "x"}, path)
    finally:
        stop.set()
        attacker.join()
    assert [path.name for path in outside.iterdir()] == ["plan.txt"]
    assert (outside / "plan.txt").read_text() == "secret"
    assert read + wrote
