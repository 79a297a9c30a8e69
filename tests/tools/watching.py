"""Sees what Python does to the world while it is watched: files, processes, connections, by audit events."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_CHANGES = {
    **dict.fromkeys(
        ["os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.utime"], 1
    ),
    **dict.fromkeys(["os.rename", "os.link", "os.symlink", "shutil.move", "shutil.copyfile"], 2),
}
"""Audit events that change files, and how many of their first arguments are paths."""

_PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.startfile")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass
class Seen:
    """What happened. outside: files changed elsewhere than below `inside`."""

    inside: Path
    outside: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)


_watching: Seen | None = None


@contextmanager
def watched(inside: Path) -> Iterator[Seen]:
    """What everything in the block does, threads included. The audit hook stays, and is silent after."""
    global _watching
    seen = Seen(inside.resolve())
    before, _watching = _watching, seen
    try:
        yield seen
    finally:
        _watching = before


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    seen = _watching
    if seen is None:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = bool(flags & _WRITING) if isinstance(flags, int) else False
        if writes or (isinstance(mode, str) and set(mode) & set("wax+")):
            _changed(seen, path)
    elif event in _CHANGES:
        for path in arguments[: _CHANGES[event]]:
            _changed(seen, path)
    elif event == "socket.connect":
        seen.connections.append(str(arguments[1]))
    elif event == "socket.getaddrinfo":
        seen.looked_up.append(str(arguments[0]))
    elif event in _PROCESSES:
        seen.processes.append(str(arguments))


def _changed(seen: Seen, path: Any) -> None:
    if not isinstance(path, str | bytes | os.PathLike):
        return  # a file that is open already
    place = os.path.realpath(os.path.dirname(os.path.abspath(os.fsdecode(path))))
    is_cache = "__pycache__" in place  # a module that was imported for the first time
    if not Path(place).is_relative_to(seen.inside) and not is_cache and os.fsdecode(path) != os.devnull:
        seen.outside.append(os.fsdecode(path))


sys.addaudithook(_hook)
