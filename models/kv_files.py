"""Cached segments on disk, a file each, that outlive the process.

A file holds what it was made from besides its cells: it is used only if its origin, its adapter, its tokens
and what they saw are the ones that are asked for, and its checksum is right. It is written under a temporary
name and renamed, so a process that is killed leaves no half of one. Files and folders may vanish at any time.
"""

import contextlib
import errno
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from .context import SavedCells
from .kv_format import UnusableFile, read_key, read_segment, segment_size, write_segment
from .origin import Origin
from .replacing import SUFFIX, replacing
from .segment_key import SegmentKey

_log = logging.getLogger("scrubjay.cache")

_WAITING_BYTES = 64 * 2**20
_STALE_S = 600.0
_TRIMMED = 0.95
"""What part of the limit stays when files leave: the folder is not read again before the rest is full."""


@dataclass(slots=True)
class _Entry:
    size: int
    used: float


class KVFiles:
    """One folder of cached segments, shared by all models and processes of a user."""

    def __init__(self, folder: Path, origin: Origin, limit: int) -> None:
        """All files in `folder` together take at most about `limit` bytes; those used longest ago leave.

        Whatever the disk refuses is logged once and costs only computing again.
        """
        self._root = folder
        self._folder = folder / origin.name
        self._origin_file = self._folder / "origin.json"
        self._origin = origin
        self._limit = limit
        self._trimmed = int(_TRIMMED * limit)
        self._said: set[str] = set()
        self._waiting: OrderedDict[SegmentKey, SavedCells] = OrderedDict()
        self._waiting_bytes = 0
        self._pinned: set[Path] = set()
        self._reserved = 0  # bytes for pinned ones, whether they are written by now or not
        self._used: dict[Path, float] = {}  # when, as far as the disk doesn't know
        self._writable = True
        self._entries: dict[Path, _Entry] = {}
        self._total = 0
        self._path = lru_cache(maxsize=8192)(self._make_path)
        self._open()

    @property
    def pending(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._waiting or self._used)

    @property
    def bytes(self) -> int:
        """What the files take, and those will that wait to be written."""
        return self._total + self._waiting_bytes

    def __contains__(self, key: SegmentKey) -> bool:
        return key in self._waiting or self._path(key) in self._entries

    def put(self, key: SegmentKey, cells: SavedCells, pinned: bool = False) -> None:
        """Have a segment written when there is time, see `write_one`.

        A pinned one leaves the disk last. What doesn't fit beside the pinned ones is not written.
        """
        path, size = self._path(key), segment_size(key, cells)
        if path not in self._pinned:
            if size > self._trimmed - self._reserved:
                return
            if pinned:
                self._pinned.add(path)
                self._reserved += size
        if not self._writable or key in self:
            return
        self._waiting[key] = cells
        self._waiting_bytes += len(cells)
        while self._waiting_bytes > _WAITING_BYTES:
            self.write_one()

    def write_one(self) -> None:
        """Write the segment that has waited longest, or when segments were used."""
        if not self._waiting:
            self._tell_uses()
            return
        key, cells = self._waiting.popitem(last=False)
        self._waiting_bytes -= len(cells)
        path = self._path(key)
        try:
            self._write(path, key, cells)
            self._note(path, segment_size(key, cells), self._used.get(path, time.time()))
            if self._total > self._limit:
                self._trim()
        except FileNotFoundError as error:
            self._say_unkept(error)  # this one is not kept; the next one may be
        except OSError as error:
            self._writable = False
            self._waiting.clear()
            self._waiting_bytes = 0
            self._say_unkept(error)

    def size(self, key: SegmentKey) -> int:
        """The bytes that a segment takes that is here."""
        if key in self._waiting:
            return len(self._waiting[key])
        return self._entries[self._path(key)].size

    def flush(self) -> None:
        """Write all that waits."""
        while self.pending:
            self.write_one()

    def read(self, key: SegmentKey) -> SavedCells | None:
        """The cells of a segment, if they are here and can be trusted."""
        if key in self._waiting:
            return self._waiting[key]
        path = self._path(key)
        try:
            data = np.fromfile(path, np.uint8)
        except OSError:
            self._drop(path)
            return None
        try:
            found, cells = read_segment(data, self._origin)
            if found != key:
                raise UnusableFile("it holds another segment")
        except UnusableFile as problem:
            self.distrust(key, str(problem))
            return None
        if path not in self._entries:  # another process has written it
            self._note(path, len(data), time.time())
        return cells

    def used(self, keys: Iterable[SegmentKey]) -> None:
        """Segments are used together now, wherever they were read from: others leave the disk before them."""
        now = time.time()
        for path in map(self._path, keys):
            self._used[path] = now
            if (entry := self._entries.get(path)) is not None:
                entry.used = now

    def distrust(self, key: SegmentKey, problem: str) -> None:
        """Take a file away that turned out to be unusable."""
        path = self._path(key)
        self._say("file", f"a cached segment is computed again, since {path} cannot be used: {problem}")
        self._drop(path)
        with contextlib.suppress(OSError):  # it will be refused again
            path.unlink(missing_ok=True)

    def keys(self) -> Iterator[SegmentKey]:
        """What this folder holds for this origin, as far as the files' beginnings say; used latest first."""
        return self._keys(sorted(self._ours(), key=lambda path: -self._entries[path].used))

    def latest(self) -> list[SegmentKey]:
        """Those of `keys` that were used last, together."""
        ours = self._ours()
        last = max((self._entries[path].used for path in ours), default=0.0)
        return list(self._keys([path for path in ours if self._entries[path].used == last]))

    def forget(self) -> None:
        """Take away everything of this origin. Raises OSError, at the end, if a file could not be removed."""
        self._waiting.clear()
        self._waiting_bytes = 0
        refused: OSError | None = None
        for path in self._ours():
            self._drop(path)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                refused = error
        if refused is not None:
            raise refused

    def _ours(self) -> list[Path]:
        return [path for path in self._entries if path.parent == self._folder]

    def _keys(self, paths: Iterable[Path]) -> Iterator[SegmentKey]:
        for path in paths:
            try:
                with path.open("rb") as file:
                    key = read_key(file, self._origin)
            except (OSError, UnusableFile):
                continue  # `read` will say what is wrong, if anybody asks for it
            yield key

    def _open(self) -> None:
        try:
            self._make_folder()
            self._scan()
            self._tell_of_others()
            self._write_origin()
        except OSError as error:
            self._writable = isinstance(error, FileNotFoundError)
            self._say_unkept(error)

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _scan(self) -> None:
        self._entries.clear()
        self._total = 0
        for path in (path for folder in _inside(self._root) for path in _inside(folder)):
            try:
                stat = path.stat()
                if path.suffix == ".kv":
                    self._note(path, stat.st_size, stat.st_mtime)
                elif path.suffix == SUFFIX and stat.st_mtime < time.time() - _STALE_S:
                    path.unlink()
            except OSError:
                continue  # another process took it away

    def _tell_of_others(self) -> None:
        """Say it when this model's segments were computed under other conditions."""
        if self._origin_file.exists():
            return
        for folder in _inside(self._root):
            try:
                origin = Origin.from_json((folder / self._origin_file.name).read_text())
            except (OSError, ValueError, TypeError):
                continue
            if origin.model == self._origin.model:
                what = ", ".join(origin.differences(self._origin))
                self._say(
                    "origin",
                    f"this model's cached segments were made with another {what}; they are computed again",
                )
                break

    def _write_origin(self) -> None:
        if not self._origin_file.exists():
            with replacing(self._origin_file) as file:
                file.write(self._origin.to_json().encode())

    def _write(self, path: Path, key: SegmentKey, cells: SavedCells) -> None:
        """Write a segment, into a folder made anew where it has vanished. Raises OSError."""
        try:
            self._write_segment(path, key, cells)
        except FileNotFoundError:
            self._make_folder()
            self._write_origin()
            self._write_segment(path, key, cells)

    def _write_segment(self, path: Path, key: SegmentKey, cells: SavedCells) -> None:
        with replacing(path) as file:
            write_segment(file, key, cells, self._origin)

    def _trim(self) -> None:
        """Take away what was used longest ago, by any process, and a little more than needed.

        Pinned ones leave last: only where files take more than they should.
        """
        self._tell_uses()
        self._scan()
        for path in sorted(self._entries, key=lambda path: (path in self._pinned, self._entries[path].used)):
            if self._total <= self._trimmed:
                return
            self._drop(path)
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _tell_uses(self) -> None:
        """Let other processes, and the one after this, know what was used."""
        for path in [path for path in self._used if path in self._entries]:
            used = self._used.pop(path)
            with contextlib.suppress(OSError):  # it may have left meanwhile
                os.utime(path, (used, used))
        if not self._waiting:  # the others are not to be written
            self._used.clear()

    def _note(self, path: Path, size: int, used: float) -> None:
        self._drop(path)
        self._entries[path] = _Entry(size, used)
        self._total += size

    def _drop(self, path: Path) -> None:
        if (entry := self._entries.pop(path, None)) is not None:
            self._total -= entry.size

    def _make_path(self, key: SegmentKey) -> Path:
        tokens = np.array((len(key.before), *key.before, *key.tokens), np.int32).tobytes()
        name = sha256(self._origin.digest + key.adapter.encode() + b"\0" + tokens).hexdigest()[:32]
        return self._folder / f"{name}.kv"

    def _say_unkept(self, error: OSError) -> None:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        self._say(
            "write",
            f"cached segments cannot be kept in {self._root} ({error.strerror}); they are computed again"
            f" after a restart. {'Free some space' if full else 'Make it writable'} or name another folder.",
        )

    def _say(self, what: str, message: str) -> None:
        if what not in self._said:
            self._said.add(what)
            _log.warning(message)


def _inside(folder: Path) -> list[Path]:
    """What a folder holds: nothing if it has vanished or is none."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
