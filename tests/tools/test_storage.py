"""The user's files are written whole or not at all."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.storage import (
    LONGEST_NAME,
    BrokenFile,
    file_name,
    files_in,
    free_path,
    read_file,
    write_file,
)


def test_what_is_written_is_read_back_and_for_the_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep/er/note.md"
    write_file(path, "ü\r\n")
    write_file(path, "ü\r\nmore")
    assert read_file(path) == "ü\r\nmore"
    assert path.stat().st_mode & 0o077 == 0
    assert [found.name for found in path.parent.iterdir()] == ["note.md"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "note.md"
    write_file(path, "old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_file(path, "new")
    assert {found.name: found.read_text() for found in tmp_path.iterdir()} == {"note.md": "old"}


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "note.md"
    code = (
        "import sys; from pathlib import Path; from scrubjay.tools.storage import write_file\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    for letter in 'ab': write_file(Path(sys.argv[1]), letter * 1_000_000)"
    )
    for wait in (0.02, 0.05, 0.09):
        writer = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(wait)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        if path.exists():
            assert set(read_file(path)) in ({"a"}, {"b"})
            assert len(read_file(path)) == 1_000_000
    assert files_in(tmp_path, ".md") in ([path], [])


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_bytes(b"ok \xff")
    with pytest.raises(BrokenFile, match=r"x\.md cannot be read: it is not UTF-8 text \(byte 3\)\. Mend it"):
        read_file(tmp_path / "x.md")
    with pytest.raises(BrokenFile, match="No such file"):
        read_file(tmp_path / "y.md")


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    for name in ("a.md", "a 2.md", "a 3.md"):
        path = free_path(tmp_path, "a", ".md")
        assert path.name == name
        path.touch()


@given(st.text(max_size=300))
def test_any_title_makes_a_name_that_a_file_can_have(
    tmp_path_factory: pytest.TempPathFactory, title: str
) -> None:
    name = file_name(title, "otherwise")
    assert 0 < len(name) <= LONGEST_NAME
    assert not {*name} & {*'/\\:*?"<>|\n\0'}
    assert not name.startswith(".")
    assert Path(name).name == name
    (tmp_path_factory.getbasetemp() / f"{name}.md").touch()
