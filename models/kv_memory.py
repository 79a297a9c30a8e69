"""Copies of cached segments in memory, from where they are back in the context within a millisecond."""

from collections import OrderedDict
from collections.abc import Iterator

from .context import SavedCells
from .segment_key import SegmentKey


class KVMemory:
    """Copies that take at most `limit` bytes; what was used longest ago leaves, pinned ones last."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._copies: OrderedDict[SegmentKey, SavedCells] = OrderedDict()
        self._pinned: set[SegmentKey] = set()
        self.bytes = 0
        """What all copies take."""

    def __contains__(self, key: SegmentKey) -> bool:
        return key in self._copies

    def __iter__(self) -> Iterator[SegmentKey]:
        return iter(self._copies)

    def __len__(self) -> int:
        return len(self._copies)

    def has_room(self, size: int) -> bool:
        """Whether so many bytes fit without another segment having to leave."""
        return self.bytes + size <= self._limit

    def get(self, key: SegmentKey) -> SavedCells | None:
        """A copy, which is from now on the one used last."""
        if key in self._copies:
            self._copies.move_to_end(key)
        return self._copies.get(key)

    def put(self, key: SegmentKey, cells: SavedCells, pinned: bool = False) -> list[SegmentKey]:
        """Keep a copy if it fits. Returns the keys of those that left."""
        self.remove(key)
        if pinned:
            self._pinned.add(key)
        self._copies[key] = cells
        self.bytes += len(cells)
        left = []
        for candidate in [*self._unpinned(), key]:
            if self.bytes <= self._limit:
                break
            self.remove(candidate)
            left.append(candidate)
        return left

    def turn_round(self) -> None:
        """What was put here first is from now on the one used last, and so on."""
        for key in reversed(list(self._copies)):
            self._copies.move_to_end(key)

    def remove(self, key: SegmentKey) -> None:
        """Let a copy go, if there is one."""
        if (cells := self._copies.pop(key, None)) is not None:
            self.bytes -= len(cells)

    def clear(self) -> None:
        """Let all go."""
        self._copies.clear()
        self.bytes = 0

    def _unpinned(self) -> list[SegmentKey]:
        if self.bytes <= self._limit:
            return []
        return [key for key in self._copies if key not in self._pinned]
