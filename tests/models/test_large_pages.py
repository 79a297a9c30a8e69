"""Memory that is filled while a model loads gets large pages, and other memory is left alone."""

import mmap
import re
import sys
from pathlib import Path

import pytest

from scrubjay.models.large_pages import _without, large_pages

SIZE = 16 * 2**20
_SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def large_bytes() -> int:
    """How much of this process is in large pages."""
    found = re.search(r"AnonHugePages:\s+(\d+) kB", Path("/proc/self/smaps_rollup").read_text())
    return int(found[1]) * 1024 if found else 0


def filled() -> mmap.mmap:
    memory = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for place in range(0, SIZE, mmap.PAGESIZE):
        memory[place] = 1
    return memory


@pytest.mark.skipif(sys.platform != "linux", reason="large pages are asked for on Linux")
def test_what_is_filled_inside_gets_large_pages() -> None:
    if not _SETTING.exists() or "[never]" in _SETTING.read_text():
        pytest.skip("this system gives nobody large pages")
    before = large_bytes()
    with large_pages():
        memory = filled()
    if large_bytes() == before:
        pytest.skip("this Linux cannot make large pages of filled memory (6.1 and later can)")
    assert large_bytes() - before >= SIZE // 2
    assert memory[0] == memory[SIZE - mmap.PAGESIZE] == 1


def test_what_was_there_before_is_cut_out() -> None:
    spans, taken = [(0, 10), (20, 40), (50, 60)], [(0, 10), (25, 30), (35, 40), (55, 70)]
    assert list(_without(spans, taken)) == [(20, 25), (30, 35), (50, 55)]
    assert list(_without(spans, [])) == spans
