import logging
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scrubjay.retrieval.store import Entry, Store, entry_key
from scrubjay.tools.tool import Tool

ENTRIES = {
    bytes([number]) * 16: Entry(np.full((1 + number % 3, 8), number, np.float32), ("get", f"word{number}"))
    for number in range(30)
}


def holds(store: Store, entries: dict[bytes, Entry]) -> bool:
    loaded = store.load(ENTRIES)
    return loaded.keys() == entries.keys() and all(
        (loaded[key].vectors == entry.vectors).all() and loaded[key].words == entry.words
        for key, entry in entries.items()
    )


def test_what_was_saved_is_there_again(tmp_path: Path) -> None:
    Store(tmp_path / "deep" / "index").save(ENTRIES)
    assert holds(Store(tmp_path / "deep" / "index"), ENTRIES)


def test_only_what_is_asked_for_is_loaded(tmp_path: Path) -> None:
    store = Store(tmp_path / "index")
    store.save(ENTRIES)
    assert list(store.load([bytes([3]) * 16, b"other"])) == [bytes([3]) * 16]


def test_a_key_changes_with_the_schema_and_the_model() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    tool = Tool("t", "Does.", schema)
    assert entry_key(tool, "m") == entry_key(Tool("t", "Does.", schema), "m")
    others = [Tool("t", "Does it.", schema), Tool("t", "Does.", {"type": "object", "properties": {}})]
    others.append(Tool("t", "Does.", schema, examples=("do it",)))
    assert (
        len({entry_key(tool, "m"), entry_key(tool, "n"), *(entry_key(other, "m") for other in others)}) == 5
    )


@pytest.mark.parametrize("damage", ["half", "garbage", "empty"])
def test_a_damaged_file_is_made_anew_and_said_once(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "index"
    Store(path).save(ENTRIES)
    content = path.read_bytes()
    path.write_bytes(
        {"half": content[: len(content) // 2], "garbage": b"no index " * 99, "empty": b""}[damage]
    )
    store = Store(path)
    with caplog.at_level(logging.WARNING):
        store.load(ENTRIES)
        store.save(ENTRIES)
    assert holds(Store(path), ENTRIES)
    assert len(caplog.records) == (damage != "empty")


def test_a_damaged_entry_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "index"
    Store(path).save(ENTRIES)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE entries SET vectors = zeroblob(32) WHERE key = ?", (bytes([3]) * 16,))
    database.close()
    assert Store(path).load(ENTRIES).keys() == ENTRIES.keys() - {bytes([3]) * 16}


def test_the_database_of_another_program_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "index"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE treasure (gold)")
    database.close()
    Store(path).save(ENTRIES)
    assert holds(Store(path), ENTRIES)
    with sqlite3.connect(tmp_path / "index.damaged") as other:
        assert other.execute("SELECT count(*) FROM treasure").fetchone() == (0,)
    other.close()


def test_a_folder_that_cannot_be_written_is_said_and_nothing_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "index")
    store.save(ENTRIES)
    assert store.load(ENTRIES) == {}
    assert "made for this run only" in caplog.text


def test_who_opens_a_new_file_second_keeps_what_the_first_wrote(tmp_path: Path) -> None:
    first, second = (sqlite3.connect(tmp_path / "index") for _ in range(2))
    Store(tmp_path / "index")._begin(first)
    Store(tmp_path / "index").save(ENTRIES)
    Store(tmp_path / "index")._begin(second)
    assert holds(Store(tmp_path / "index"), ENTRIES)


def test_two_processes_use_one_file(tmp_path: Path) -> None:
    program = """
import sys, numpy as np
from pathlib import Path
from scrubjay.retrieval.store import Entry, Store
store = Store(Path(sys.argv[1]))
for number in range(30):
    vectors = np.full((1 + number % 3, 8), number, np.float32)
    store.save({bytes([number]) * 16: Entry(vectors, ("get", f"word{number}"))})
"""
    command = [sys.executable, "-c", program, str(tmp_path / "index")]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    assert [writer.communicate()[1] for writer in writers] == [b"", b""]
    assert holds(Store(tmp_path / "index"), ENTRIES)
