"""Large pages of memory for weights.

A decoded token reads all of them. In pages of 4 KB, the processor looks tens of thousands of addresses up for
that, which took more than a quarter of the time on a virtual machine; in pages of 2 MB it hardly shows. Linux
gives them to those who ask.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SMALLEST = 4 * 2**20
"""Bytes of a piece of memory that is worth it."""

_PAGE = 2 * 2**20
_HUGEPAGE, _COLLAPSE = 14, 25  # MADV_HUGEPAGE, and MADV_COLLAPSE of Linux 6.1 and later
_MAPS = Path("/proc/self/maps")

Span = tuple[int, int]


@contextmanager
def large_pages() -> Iterator[None]:
    """Memory that is taken and filled inside gets large pages in the end, where the system can; files that
    are mapped stay as they are. Where it cannot, nothing happens."""
    before = _anonymous()
    yield
    if not before:  # not Linux
        return
    advise = ctypes.CDLL(None, use_errno=True).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for start, end in _without(_anonymous(), before):
        start, end = -(-start // _PAGE) * _PAGE, end // _PAGE * _PAGE
        if end - start >= SMALLEST and advise(start, end - start, _HUGEPAGE) == 0:
            advise(start, end - start, _COLLAPSE)


def _anonymous() -> list[Span]:
    """Where this process may write and no file is behind, in order."""
    if sys.platform != "linux":
        return []
    spans = []
    for line in _MAPS.read_text().splitlines():
        addresses, rights, _, _, inode, *name = line.split()
        if rights == "rw-p" and inode == "0" and not name:
            start, end = addresses.split("-")
            spans.append((int(start, 16), int(end, 16)))
    return spans


def _without(spans: list[Span], taken: list[Span]) -> Iterator[Span]:
    """What of `spans` is in none of `taken`; both are in order."""
    for start, end in spans:
        for other_start, other_end in taken:
            if other_start < end and other_end > start:
                if other_start > start:
                    yield start, other_start
                start = max(start, other_end)
        if start < end:
            yield start, end
