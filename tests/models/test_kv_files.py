"""Segments that outlive the process, and files that must not be trusted."""

import logging
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from scrubjay.models.cache_settings import CacheSettings
from scrubjay.models.context import Context
from scrubjay.models.kv_files import KVFiles
from scrubjay.models.origin import Origin
from scrubjay.models.segment_key import SegmentKey

from ..tiny_model import make_tiny_planner
from .driving import Driver, driving, prompt

TOOLS = (
    "send_message(to: [str], text: str) Send a text message.",
    "get_phone_number(name: str) Look up a phone number in the contacts.",
    "note(text: str) Write it down.",
)
ASKED = prompt("text Sid and Lutfi that I'm late", TOOLS)
ORIGIN = Origin("model", "f16", "False", "True", "0.3.36", "build", "processor")
IMPORTS = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from scrubjay.models.kv_files import KVFiles
from scrubjay.models.origin import Origin
from scrubjay.models.segment_key import SegmentKey
ORIGIN = Origin("model", "f16", "False", "True", "0.3.36", "build", "processor")
files = KVFiles(Path(sys.argv[1]), ORIGIN, 10**9)
"""
FULL = """
resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for number in range(3):
    files.put(SegmentKey((), (number,)), np.zeros(20_000, np.uint8))
    files.flush()
print(len(list(Path(sys.argv[1]).glob("*/*.kv"))), len(list(Path(sys.argv[1]).glob("*/*.part"))))
"""
ENDLESS = """
print("ready", flush=True)
for number in range(100_000):
    files.put(SegmentKey((), (number,)), np.full(500_000, number % 251, np.uint8))
    files.flush()
"""
KEY = SegmentKey((1,), (2, 3, 4))
CELLS = np.arange(1000, dtype=np.uint8)


@pytest.fixture
def cache(tmp_path: Path) -> CacheSettings:
    return CacheSettings(folder=tmp_path / "kv")


def files_in(cache: CacheSettings) -> list[Path]:
    return sorted(cache.files_folder.glob("*/*.kv"))


def ask(path: Path, cache: CacheSettings, **others: int) -> tuple[int, list[np.ndarray]]:
    """What a new process would do: tokens computed before the text, and the logits of 4 tokens."""
    with driving(path, cache=cache, **others) as driver:
        rows = driver.write(ASKED, tokens=4)
        return driver.scheduler.computed - 3, rows


def rest(driver: Driver) -> int:
    return len(driver.layout.tokens(ASKED).rest)


def test_after_a_restart_no_segment_is_computed_again_and_the_logits_are_the_same(
    planner: Path, cache: CacheSettings
) -> None:
    cold, expected = ask(planner, cache)
    again, rows = ask(planner, cache)
    with driving(planner) as driver:
        assert again == rest(driver) < cold
    assert len(files_in(cache)) == 1 + len(TOOLS)
    assert np.abs(np.subtract(expected, rows)).max() < 1e-2


@pytest.mark.parametrize("damage", ["a byte", "cut short", "empty", "nonsense", "another segment"])
def test_a_damaged_file_is_computed_again_and_said_once(
    planner: Path, cache: CacheSettings, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    cold, expected = ask(planner, cache)
    files = files_in(cache)
    for file in files:
        data = bytearray(file.read_bytes())
        if damage == "a byte":
            data[random.Random(0).randrange(len(data))] ^= 1
        elif damage == "cut short":
            del data[len(data) // 2 :]
        elif damage == "empty":
            data.clear()
        elif damage == "nonsense":
            data[:] = random.Random(0).randbytes(len(data))
        else:
            data = bytearray(files[files.index(file) - 1].read_bytes())
        file.with_suffix(".new").write_bytes(data)
    for file in files:
        file.with_suffix(".new").replace(file)
    computed, rows = ask(planner, cache)
    assert computed == cold
    assert np.abs(np.subtract(expected, rows)).max() < 1e-2
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1
    assert ask(planner, cache)[0] < cold  # they were written anew


@pytest.mark.parametrize("place", [20 + 32 + 4, 20 + 32 + 8 + 3, 20 + 32 + 12 + 3, 20 + 32 + 16 + 3])
def test_sizes_that_cannot_be_are_not_believed_when_an_engine_starts(
    planner: Path, cache: CacheSettings, place: int
) -> None:
    cold, _ = ask(planner, cache)
    for file in files_in(cache):
        data = bytearray(file.read_bytes())
        data[place] |= 0xC0  # a high byte of how many cells, tokens before, tokens or letters there are
        file.write_bytes(data)
    with driving(planner, cache=cache) as driver:
        tracemalloc.start()
        driver.scheduler.fetch(seconds=60)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 10**7
    assert ask(planner, cache)[0] == cold


@pytest.mark.parametrize("what", ["model", "llama_cpp", "build", "processor", "kv_type"])
def test_a_file_of_another_origin_is_not_read_even_in_the_right_place(tmp_path: Path, what: str) -> None:
    ours, theirs = (KVFiles(tmp_path, one, 10**9) for one in (ORIGIN, replace(ORIGIN, **{what: "other"})))
    theirs.put(KEY, CELLS)
    theirs.flush()
    assert ours.read(KEY) is None
    (file,) = tmp_path.glob("*/*.kv")
    ours.put(KEY, np.zeros(10, np.uint8))
    ours.flush()
    (own,) = set(tmp_path.glob("*/*.kv")) - {file}
    file.replace(own)
    assert ours.read(KEY) is None


def test_another_build_or_processor_is_named_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    KVFiles(tmp_path, ORIGIN, 10**9)
    assert not caplog.records
    for _ in range(2):
        KVFiles(tmp_path, replace(ORIGIN, processor="newer", build="newer"), 10**9)
    (record,) = caplog.records
    assert "build, processor" in record.message


def test_another_model_with_the_same_name_reads_none_of_its_files(
    tmp_path: Path, cache: CacheSettings
) -> None:
    path = tmp_path / "planner.gguf"
    make_tiny_planner(path, seed=0)
    cold, _ = ask(path, cache)
    make_tiny_planner(path, seed=1)
    assert ask(path, cache)[0] == cold


def test_another_adapter_another_position_and_other_sight_are_other_segments(tmp_path: Path) -> None:
    files = KVFiles(tmp_path, ORIGIN, 10**9)
    files.put(KEY, CELLS)
    files.flush()
    for other in (KEY._replace(adapter="a"), KEY._replace(before=()), KEY._replace(before=(9,))):
        assert other not in files
        assert files.read(other) is None
    assert SegmentKey((1, 2), (3, 4)) not in files
    assert files.read(KEY) is not None


def test_files_used_longest_ago_leave_when_the_budget_is_spent_and_pinned_ones_stay(tmp_path: Path) -> None:
    files = KVFiles(tmp_path, ORIGIN, 10_500)
    keys = [SegmentKey((1,), (number,)) for number in range(20)]
    files.put(keys[0], CELLS, pinned=True)
    for key in keys[1:]:
        files.put(key, CELLS)
        files.flush()
        files.used([keys[1]])
        time.sleep(0.002)
    kept = [key for key in keys if KVFiles(tmp_path, ORIGIN, 10_500).read(key) is not None]
    assert {keys[0], keys[1], keys[19]} <= set(kept)
    assert keys[2] not in kept
    assert sum(file.stat().st_size for file in tmp_path.glob("*/*.kv")) <= 10_500


def test_reading_ahead_leaves_the_order_in_which_files_leave(tmp_path: Path) -> None:
    files = KVFiles(tmp_path, ORIGIN, 10**9)
    keys = [SegmentKey((1,), (number,)) for number in range(3)]
    for key in keys:
        files.put(key, CELLS)
        files.flush()
        time.sleep(0.01)
    assert [files.read(key) is not None for key in keys] == [True] * 3
    assert list(KVFiles(tmp_path, ORIGIN, 10**9).keys()) == keys[::-1]
    files.used([keys[0]])
    files.flush()
    assert list(KVFiles(tmp_path, ORIGIN, 10**9).keys()) == [keys[0], keys[2], keys[1]]


def test_what_was_used_last_is_in_memory_when_an_engine_starts(planner: Path, cache: CacheSettings) -> None:
    ask(planner, cache)
    with driving(planner, cache=cache) as driver:
        driver.scheduler.fetch(seconds=60)
        for file in files_in(cache):
            file.unlink()
        before = driver.scheduler.computed
        driver.write(ASKED)
        assert driver.scheduler.computed - before == rest(driver)


def test_what_the_last_request_used_stands_in_the_context_when_an_engine_starts(
    planner: Path, cache: CacheSettings
) -> None:
    other = prompt("write it down", ("list_notes() List the notes.", *TOOLS[2:]))
    with driving(planner, cache=cache) as driver:
        driver.write(other)
        expected = driver.write(ASKED, tokens=4)
    with driving(planner, cache=cache) as driver:
        driver.scheduler.fetch(seconds=60)
        tokens = driver.layout.tokens(ASKED)
        segments = len(tokens.system) + sum(map(len, tokens.tools))
        assert driver.scheduler.usage.context_cells == segments
        with patch.object(Context, "restore", side_effect=AssertionError("it was there")):
            rows = driver.write(ASKED, tokens=4)
        np.testing.assert_array_equal(rows, expected)


def test_what_was_used_together_last_is_told(tmp_path: Path) -> None:
    files = KVFiles(tmp_path, ORIGIN, 10**9)
    keys = [SegmentKey((1,), (number,)) for number in range(4)]
    for key in keys:
        files.put(key, CELLS)
    files.used(keys[:2])  # before they are written
    files.flush()
    assert set(KVFiles(tmp_path, ORIGIN, 10**9).latest()) == {keys[3]}
    files.used(keys[1:3])
    files.flush()
    assert set(KVFiles(tmp_path, ORIGIN, 10**9).latest()) == set(keys[1:3])


def test_uses_of_what_is_never_written_leave_nothing_to_do(tmp_path: Path) -> None:
    files = KVFiles(tmp_path, ORIGIN, 10**9)
    files.used([KEY])
    assert files.pending
    files.flush()
    assert not files.pending


def test_a_full_disk_costs_nothing_but_the_next_start(
    planner: Path, cache: CacheSettings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    cold, expected = ask(planner, CacheSettings(disk_bytes=0))
    command = [sys.executable, "-c", IMPORTS + FULL, str(cache.files_folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["0", "0"], done.stderr
    assert done.stderr.count("cached segments cannot be kept") == 1
    assert "Free some space" in done.stderr
    (tmp := cache.files_folder / "file").write_text("")
    blocked = CacheSettings(folder=tmp / "kv")  # a folder that cannot be made
    computed, rows = ask(planner, blocked)
    assert computed == cold
    assert np.abs(np.subtract(expected, rows)).max() < 1e-2
    assert sum("cannot be kept" in record.message for record in caplog.records) == 1


def test_killed_while_it_writes_only_whole_segments_are_read(tmp_path: Path) -> None:
    for wait in (0.0, 0.01, 0.03, 0.05):
        command = [sys.executable, "-c", IMPORTS + ENDLESS, str(tmp_path)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(wait)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        files = KVFiles(tmp_path, ORIGIN, 10**9)
        for number in range(200):
            cells = files.read(SegmentKey((), (number,)))
            assert cells is None or (len(cells) == 500_000 and (cells == number % 251).all())
