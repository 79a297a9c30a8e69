"""Tool segments (and the system segment) that have been computed, in the context or beside it in memory.

Every decoded token pays for every cell in use. So only the segments of running generations and a few recent
ones stay in the context; a copy of each waits in memory, from where it is back in a tenth of a millisecond.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .batch import Stream
from .context import Context, SavedCells
from .segment_key import SegmentKey


@dataclass(slots=True, eq=False)
class CachedSegment:
    """One segment's cells."""

    key: SegmentKey
    stream: Stream | None = None
    """Its place in the context; pending are the tokens yet to be computed. None: it is not in the context."""
    saved: SavedCells | None = None
    """A copy of the cells."""
    users: int = 0
    """How many running generations need it in the context."""

    @property
    def complete(self) -> bool:
        """Whether all of it is in the context."""
        return self.stream is not None and not self.stream.pending


class Segments:
    """Hands segments to generations and keeps those that may be wanted again, the oldest leaving first."""

    def __init__(self, context: Context, sequences: range, resident_cells: int, saved_bytes: int) -> None:
        """`sequences` are the ids that segments may use. Segments that nobody uses stay in the context while
        all take at most `resident_cells`, and copies in memory while they take at most `saved_bytes`."""
        self._context = context
        self._sequences = len(sequences)
        self._spare = list(sequences)
        self._resident_limit = resident_cells
        self._saved_limit = saved_bytes
        # Both with what was wanted longest ago first.
        self._known: OrderedDict[SegmentKey, CachedSegment] = OrderedDict()
        self._resident: OrderedDict[SegmentKey, CachedSegment] = OrderedDict()

    def fit(self, keys: Sequence[SegmentKey], room: int) -> bool:
        """Whether these can be in the context together with those in use, in `room` cells."""
        wanted = {key for key, segment in self._resident.items() if segment.users}.union(keys)
        return len(wanted) <= self._sequences and _cells(wanted) <= room

    def acquire(self, keys: Sequence[SegmentKey], room: int) -> list[CachedSegment]:
        """Put segments into the context, where they stay until released; `fit` must have said they can be.

        Some may not be complete: whoever drives the context computes their streams' pending tokens, those
        that stand before others first, calling `begin` before and `completed` after.
        """
        segments = []
        for key in keys:
            segment = self._known.setdefault(key, CachedSegment(key))
            segment.users += 1
            segments.append(segment)
            self._known.move_to_end(key)
            if segment.stream is not None:
                self._resident.move_to_end(key)
        absent = [segment for segment in segments if segment.stream is None]
        self._evict(room - _cells(segment.key for segment in absent), spare=len(absent))
        for segment in absent:
            self._enter(segment)
        return segments

    def release(self, segments: Sequence[CachedSegment]) -> None:
        """Take back what `acquire` gave."""
        for segment in segments:
            segment.users -= 1
            if not segment.users and not segment.complete:
                self._leave(segment)
        self._evict(self._resident_limit, spare=0)

    def begin(self, segment: CachedSegment) -> None:
        """Before a segment's first token is computed: let it see what stands before it."""
        assert segment.stream is not None
        if segment.key.before:
            before = self._resident[segment.key.seen]
            assert before.stream is not None
            self._context.copy(before.stream.sequence, segment.stream.sequence)

    def completed(self, segment: CachedSegment) -> None:
        """After a segment's last token was computed: keep its own cells alone, and a copy of them."""
        assert segment.stream is not None
        if segment.key.before:
            self._context.remove(segment.stream.sequence, end=len(segment.key.before))
        segment.saved = self._context.save(segment.stream.sequence)
        self._trim_copies()

    def forget(self) -> None:
        """Start afresh after the context was cleared."""
        for segment in list(self._resident.values()):
            self._leave(segment)
        self._known.clear()

    def _enter(self, segment: CachedSegment) -> None:
        sequence = self._spare.pop()
        if segment.saved is not None and self._context.restore(sequence, segment.saved):
            segment.stream = Stream(sequence, segment.key.end)
        else:
            segment.stream = Stream(sequence, len(segment.key.before), list(segment.key.tokens))
        self._resident[segment.key] = segment

    def _leave(self, segment: CachedSegment) -> None:
        assert segment.stream is not None
        self._context.remove(segment.stream.sequence)
        self._spare.append(segment.stream.sequence)
        segment.stream = None
        del self._resident[segment.key]
        if segment.saved is None:
            del self._known[segment.key]

    def _evict(self, room: int, spare: int) -> None:
        """Until the rest takes at most `room` cells and `spare` sequences are free, unused segments leave."""
        cells = _cells(self._resident)
        for segment in list(self._resident.values()):
            if cells <= room and len(self._spare) >= spare:
                return
            if not segment.users:
                cells -= len(segment.key.tokens)
                self._leave(segment)

    def _trim_copies(self) -> None:
        total = sum(known.saved.nbytes for known in self._known.values() if known.saved is not None)
        for segment in list(self._known.values()):
            if total <= self._saved_limit:
                return
            if segment.saved is not None:
                total -= segment.saved.nbytes
                segment.saved = None
                if segment.stream is None:
                    del self._known[segment.key]


def _cells(keys: Iterable[SegmentKey]) -> int:
    return sum(len(key.tokens) for key in keys)
