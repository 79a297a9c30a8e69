"""The folder of cached segments: others write there, and take away from it."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from scrubjay.models.kv_files import KVFiles
from scrubjay.models.origin import Origin
from scrubjay.models.segment_key import SegmentKey

ORIGIN = Origin("model", "f16", "False", "True", "0.3.36", "build", "processor")
KEY = SegmentKey((1,), (2, 3, 4))
CELLS = np.arange(1000, dtype=np.uint8)


def on_disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*/*.kv"))


@contextmanager
def vanishing(folder: Path) -> Iterator[None]:
    """Somebody takes segments away as they come, until the block ends."""
    over = threading.Event()

    def remove() -> None:
        while not over.is_set():
            for file in folder.glob("*/*.kv"):
                file.unlink(missing_ok=True)

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        yield
    finally:
        over.set()
        remover.join()


def test_files_that_vanish_as_soon_as_they_are_written_cost_nothing_else(tmp_path: Path) -> None:
    files = KVFiles(tmp_path, ORIGIN, 200_000)
    with vanishing(tmp_path):
        for number in range(5000):
            files.put(SegmentKey((), (number,)), CELLS)
            files.write_one()
    files.put(KEY, CELLS)
    files.flush()
    assert KVFiles(tmp_path, ORIGIN, 200_000).read(KEY) is not None


def test_several_engines_write_the_same_segments_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = [SegmentKey((1,), tuple(range(number, number + 50))) for number in range(40)]

    def write(files: KVFiles) -> None:
        for key in keys:
            files.put(key, np.full(100_000, key.tokens[0], np.uint8))
        files.flush()

    engines = [KVFiles(tmp_path, ORIGIN, 10**9) for _ in range(3)]
    with ThreadPoolExecutor() as threads:
        list(threads.map(write, engines))
    for number, files in enumerate(engines):
        files.put(late := SegmentKey((), (number,)), CELLS)
        files.flush()
        assert KVFiles(tmp_path, ORIGIN, 10**9).read(late) is not None
    for key in keys:
        cells = KVFiles(tmp_path, ORIGIN, 10**9).read(key)
        assert cells is not None
        assert (cells == key.tokens[0]).all()
    assert not list(tmp_path.glob("*/*.part"))
    assert not caplog.records


def test_a_folder_that_has_vanished_is_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = tmp_path / "kv"
    files = KVFiles(root, ORIGIN, 10**9)
    shutil.rmtree(root)
    files.put(KEY, CELLS)
    files.flush()
    assert KVFiles(root, ORIGIN, 10**9).read(KEY) is not None
    assert len(list(root.glob("*/origin.json"))) == 1
    assert not caplog.records


def test_what_cannot_be_written_because_its_folder_vanishes_again_and_again_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = KVFiles(tmp_path / "kv", ORIGIN, 10**9)
    with patch("os.replace", side_effect=FileNotFoundError(2, "No such file or directory")):
        files.put(KEY, CELLS)
        files.flush()
    assert sum("cannot be kept" in record.message for record in caplog.records) == 1
    assert "Free some space" not in caplog.text
    files.put(KEY, CELLS)
    files.flush()
    assert KVFiles(tmp_path / "kv", ORIGIN, 10**9).read(KEY) is not None


def test_what_writers_left_that_were_killed_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / ORIGIN.name
    folder.mkdir()
    (old := folder / "a.x1y2.part").write_bytes(b"half")
    (new := folder / "b.x1y2.part").write_bytes(b"half")
    os.utime(old, (time.time() - 3600,) * 2)
    KVFiles(tmp_path, ORIGIN, 10**9)
    assert not old.exists()
    assert new.exists()


def test_files_that_have_vanished_are_forgotten(tmp_path: Path) -> None:
    files = KVFiles(tmp_path, ORIGIN, 10**9)
    for number in range(3):
        files.put(SegmentKey((), (number,)), CELLS)
    files.flush()
    next(tmp_path.glob("*/*.kv")).unlink()
    files.forget()
    assert not list(tmp_path.glob("*/*.kv"))
    assert files.bytes == 0


def test_pinned_segments_keep_to_the_limit_and_leave_room_for_others(tmp_path: Path) -> None:
    files = KVFiles(tmp_path, ORIGIN, 2_000_000)
    keys = [SegmentKey((), (number,)) for number in range(20)]
    for key in keys:
        files.put(key, np.zeros(500_000, np.uint8), pinned=True)
        files.flush()
        assert on_disk(tmp_path) == files.bytes <= 2_000_000
    with patch("scrubjay.models.kv_files._inside", side_effect=AssertionError("there was room")):
        for number in range(100):
            files.put(SegmentKey((1,), (number,)), CELLS)
            files.flush()
    again = KVFiles(tmp_path, ORIGIN, 2_000_000)
    assert [key for key in keys if again.read(key) is not None] == keys[
        :3
    ]  # as in memory, the first ones stay
    assert all(again.read(SegmentKey((1,), (number,))) is not None for number in range(100))


def test_what_does_not_fit_beside_pinned_segments_is_not_written(tmp_path: Path) -> None:
    files = KVFiles(tmp_path, ORIGIN, 10_000)
    files.put(KEY, np.zeros(5_000, np.uint8), pinned=True)
    files.put(large := SegmentKey((), (1,)), np.zeros(6_000, np.uint8))
    files.put(small := SegmentKey((), (2,)), CELLS)
    files.flush()
    assert large not in files
    assert KEY in files
    assert small in files


def test_pinned_segments_of_another_engine_leave_like_others(tmp_path: Path) -> None:
    for number in range(2):
        files = KVFiles(tmp_path, ORIGIN, 10_000)
        for place in range(6):
            files.put(SegmentKey((number,), (place,)), CELLS, pinned=True)
            files.flush()
    assert on_disk(tmp_path) <= 10_000
    assert all(files.read(SegmentKey((1,), (place,))) is not None for place in range(6))
