"""Files by their resolved paths, without following a link that was put there after the path was judged.

A path is walked folder by folder, each held open while the next is looked up. (On Linux; elsewhere it is
taken as it is.)
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_WALKS = hasattr(os, "O_PATH") and Path("/proc/self/fd").is_dir()


def open_straight(path: Path) -> int:
    """For reading the file at a resolved path: a descriptor. Raises OSError when a part of it is a link."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with held(path.parent) as folder:
        return os.open(folder / path.name, flags | getattr(os, "O_BINARY", 0))


@contextmanager
def held(folder: Path, *, make: bool = False) -> Iterator[Path]:
    """The folder at a resolved path, under a path that stays its own whatever is put in its place.

    make: it and those above it are made where they are missing, for the user alone. Raises OSError when a
    part of its path is a link now.
    """
    if not _WALKS:
        if make:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield folder
        return
    handle = _walked(folder, make)
    try:
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def _walked(folder: Path, make: bool) -> int:
    flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW
    handle = os.open(folder.anchor, flags)
    for part in folder.parts[1:]:
        try:
            if make:
                _make(f"/proc/self/fd/{handle}/{part}")
            below = os.open(part, flags, dir_fd=handle)
        finally:
            os.close(handle)
        handle = below
    return handle


def _make(folder: str) -> None:
    if not os.path.lexists(folder):
        with suppress(FileExistsError):  # by somebody else, just now
            os.mkdir(folder, 0o700)
