"""Copies of cached segments beside the context: in memory, and on disk for the time after a restart."""

import time
from collections.abc import Callable, Iterable, Iterator

from .context import SavedCells
from .kv_files import KVFiles
from .kv_memory import KVMemory
from .segment_key import SegmentKey


class KVCopies:
    """What a segment comes back from that is not in the context: the memory if it is there, else the disk."""

    def __init__(self, memory: KVMemory, files: KVFiles | None) -> None:
        """files: None keeps nothing on disk."""
        self._memory = memory
        self._files = files

    def __contains__(self, key: SegmentKey) -> bool:
        return key in self._memory or (self._files is not None and key in self._files)

    @property
    def memory_bytes(self) -> int:
        """What the copies in memory take."""
        return self._memory.bytes

    @property
    def disk_bytes(self) -> int:
        """What the files of all models take."""
        return self._files.bytes if self._files is not None else 0

    @property
    def pending(self) -> bool:
        """Whether something waits to be written to disk."""
        return self._files is not None and self._files.pending

    def write_one(self) -> None:
        """Write what has waited longest for the disk."""
        if self._files is not None:
            self._files.write_one()

    def on_disk(self) -> Iterator[SegmentKey]:
        """The segments that were on disk when the folder was opened, used latest first."""
        return self._files.keys() if self._files is not None else iter(())

    def in_memory(self, key: SegmentKey) -> SavedCells | None:
        """The copy in memory."""
        return self._memory.get(key)

    def put(self, key: SegmentKey, cells: SavedCells, pinned: bool) -> None:
        """Keep a copy in memory, and have it written to disk. Pinned ones leave last."""
        self._memory.put(key, cells, pinned)
        if self._files is not None:
            self._files.put(key, cells, pinned)

    def use(self, key: SegmentKey, restore: Callable[[SavedCells], bool]) -> bool:
        """Hand a segment's cells to `restore`, which says whether it could read them; False where there is no
        copy that it can."""
        cells = self._memory.get(key)
        if cells is not None and not restore(cells):
            self._memory.remove(key)
            cells = None
        if cells is not None or self._files is None:
            return cells is not None
        cells = self._files.read(key)
        if cells is None:
            return False
        if not restore(cells):
            self._files.distrust(key, "llama.cpp refuses its cells")
            return False
        self._memory.put(key, cells)
        return True

    def used(self, keys: Iterable[SegmentKey]) -> None:
        """Segments are used together now, whether they had to be brought from here or not."""
        if self._files is not None:
            self._files.used(keys)

    def latest(self) -> list[SegmentKey]:
        """What was used last, together, of what is on disk."""
        return self._files.latest() if self._files is not None else []

    def ready(self, key: SegmentKey) -> bool:
        """Whether a segment is in memory, or can be brought there without another one having to leave it; it
        counts as used."""
        here = key in self._memory or self._fetch(key)
        if here and self._files is not None:
            self._files.used([key])
        return here

    def fetch(self, seconds: float) -> list[SegmentKey]:
        """Bring what was used last from the disk into memory, as much as fits and comes within so long.

        Returns what is in memory then. What came first leaves last."""
        until = time.monotonic() + seconds
        for key in self.on_disk():
            self._fetch(key)
            if time.monotonic() > until:
                break
        self._memory.turn_round()
        return list(self._memory)

    def forget(self, on_disk: bool) -> None:
        """Let go of all copies, on disk only if asked to."""
        self._memory.clear()
        if on_disk and self._files is not None:
            self._files.forget()

    def flush(self) -> None:
        """Write all that waits for the disk."""
        if self._files is not None:
            self._files.flush()

    def _fetch(self, key: SegmentKey) -> bool:
        """Bring a segment from the disk into memory if there is room; False where it has to be computed."""
        if self._files is None or key not in self._files:
            return False
        if not self._memory.has_room(self._files.size(key)):
            return True
        cells = self._files.read(key)
        if cells is not None:
            self._memory.put(key, cells)
        return cells is not None
