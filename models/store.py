"""Every segment that has been computed: in the context, beside it in memory, and on disk.

Every decoded token pays for every cell in use. So only the segments of running generations and a few recent
ones stay in the context; a copy of each waits in memory, and another on disk for the time after a restart.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from .batch import PROMPT_TOKENS, Batch, Stream
from .context import Context, SavedCells
from .errors import NativeError
from .kv_copies import KVCopies
from .segment_key import SegmentKey


@dataclass(slots=True, eq=False)
class CachedSegment:
    """One segment's cells."""

    key: SegmentKey
    stream: Stream | None = None
    """Its place in the context; pending are the tokens yet to be computed. None: it is not in the context."""
    users: int = 0
    """How many running generations need it in the context."""

    @property
    def complete(self) -> bool:
        """Whether all of it is in the context."""
        return self.stream is not None and not self.stream.pending


@dataclass(frozen=True, slots=True)
class Usage:
    """What is kept at each level: cells of the context, bytes of memory, bytes on disk of all models."""

    context_cells: int
    memory_bytes: int
    disk_bytes: int


class KVStore:
    """Hands segments to generations and keeps those that may be wanted again. At each of its three levels,
    what was used longest ago leaves first."""

    def __init__(self, context: Context, sequences: range, resident_cells: int, copies: KVCopies) -> None:
        """`sequences` are the ids that segments may use. Segments that nobody uses stay in the context while
        all take at most `resident_cells`."""
        self._context = context
        self._sequences = len(sequences)
        self._spare = list(sequences)
        self._resident_limit = resident_cells
        self._resident: OrderedDict[SegmentKey, CachedSegment] = OrderedDict()
        self.copies = copies
        """Where segments come back from that have left the context."""
        self._unsaved: dict[SegmentKey, None] = {}  # kept in the context only, so far
        self._line: list[SegmentKey] = []  # what stands side by side at the beginning of the context
        self._away: dict[SegmentKey, SavedCells] = {}  # has a sequence, but its cells are here for the moment

    def __contains__(self, key: SegmentKey) -> bool:
        """Whether a segment need not be computed."""
        resident = self._resident.get(key)
        return (resident is not None and resident.complete) or key in self.copies

    @property
    def usage(self) -> Usage:
        """What is kept now."""
        return Usage(_cells(self._resident), self.copies.memory_bytes, self.copies.disk_bytes)

    @property
    def has_work(self) -> bool:
        """Whether `work` has something to do."""
        return bool(self._unsaved) or self.copies.pending

    def work(self) -> None:
        """A piece of what can wait until nothing else is to be done: copy a segment, or write it to disk."""
        if self._unsaved:
            self._save(next(iter(self._unsaved)))
        elif self.copies.pending:
            self.copies.write_one()

    def fit(self, keys: Sequence[SegmentKey], room: int) -> bool:
        """Whether these can be in the context together with those in use, in `room` cells."""
        wanted = {key for key, segment in self._resident.items() if segment.users}.union(keys)
        return len(wanted) <= self._sequences and _cells(wanted) <= room

    def acquire(self, keys: Sequence[SegmentKey], room: int, alone: bool = False) -> list[CachedSegment]:
        """Put segments into the context, where they stay until released; `fit` must have said they can be.

        alone: nobody else uses the context. Then they may come to stand as `line_up` wants them at once.
        Some may not be complete: whoever drives the context computes them, those that stand before others
        first, calling `read` until all is in batches and `completed` after the last of them.
        """
        self.copies.used(keys)
        return self._acquire(keys, room, alone)

    def _acquire(self, keys: Sequence[SegmentKey], room: int, alone: bool) -> list[CachedSegment]:
        segments = [self._resident.get(key) or CachedSegment(key) for key in keys]
        for segment in segments:
            segment.users += 1
        lined = self._lined(keys)
        if alone and any(segment.stream is None for segment in segments):
            self._take_out(segments[lined:])
        absent = [segment for segment in segments if segment.stream is None]
        self._evict(room - _cells(segment.key for segment in absent), spare=len(absent))
        in_line = alone and absent == segments[lined:]
        if in_line and absent:
            self._clear_behind(keys[:lined])
        for segment in absent:
            self._enter(segment)
            in_line = in_line and segment.complete
            if in_line:
                self._line.append(segment.key)
        for segment in reversed(segments):
            self._resident.move_to_end(segment.key)
        return segments

    def bring(self, keys: Sequence[SegmentKey]) -> None:
        """Put copies side by side into a context that nobody uses, in this order, as far as they may stay
        there: the next prompt may begin with them."""
        ends = accumulate(len(key.tokens) for key in keys)
        fit = sum(end <= self._resident_limit for end in ends)
        self.release(self._acquire(keys[: min(fit, self._sequences)], self._resident_limit, alone=True))

    def line_up(self, segments: Sequence[CachedSegment]) -> None:
        """Put complete segments side by side into a context that holds nothing else, in this order.

        How sums are rounded depends on which cells are used. Lined up, the same prompt finds the same cells,
        whatever was there before, and gets the same logits to the last bit. Nobody else may use the context.
        """
        keys = [segment.key for segment in segments]
        lined = self._lined(keys)
        if lined == len(keys) == len(self._resident):
            return
        moved = segments[lined:]
        copies = [self._copy(segment) for segment in moved]
        for other in [one for key, one in self._resident.items() if key not in keys]:
            self._leave(other)
        for segment in moved:
            self._away.pop(segment.key, None)
            self._context.remove(_sequence(segment))
        if not lined:
            self._context.clear()
        for segment, cells in zip(moved, copies, strict=True):
            if not self._context.restore(_sequence(segment), cells):
                raise NativeError("llama.cpp refuses cells that it has given")
        self._line = keys

    def _lined(self, keys: Sequence[SegmentKey]) -> int:
        """How many of these stand side by side at the beginning of the context already."""
        return next(
            (place for place, (one, other) in enumerate(zip(self._line, keys, strict=False)) if one != other),
            min(len(self._line), len(keys)),
        )

    def _take_out(self, segments: Sequence[CachedSegment]) -> None:
        """Take these out of a context that nobody uses, where their copies are at hand: put back together
        with others, all come to stand side by side."""
        for segment in segments:
            if segment.complete and self.copies.in_memory(segment.key) is not None:
                self._leave(segment)

    def _clear_behind(self, kept: Sequence[SegmentKey]) -> None:
        """Let only these stay in a context that nobody uses; they are the first that are lined up."""
        for other in [one for key, one in self._resident.items() if key not in kept]:
            self._leave(other)
        del self._line[len(kept) :]
        if not kept:
            self._context.clear()

    def lend(self, segment: CachedSegment) -> SavedCells:
        """A copy of a complete segment's cells. It is released, and leaves the context if nobody else uses
        it: who has the copy needs it no more."""
        cells = self._copy(segment)
        segment.users -= 1
        if not segment.users:
            self._leave(segment)
        return cells

    def share(self, segments: Sequence[CachedSegment]) -> None:
        """Somebody else uses what `acquire` gave, too, and will release it."""
        for segment in segments:
            segment.users += 1

    def release(self, segments: Sequence[CachedSegment]) -> None:
        """Take back what `acquire` gave."""
        self.give_back(segments)
        self._evict(self._resident_limit, spare=0)

    def give_back(self, segments: Sequence[CachedSegment]) -> None:
        """`release`, but what is complete stays in the context, since it is about to be acquired again."""
        for segment in segments:
            segment.users -= 1
            if not segment.users and not segment.complete:
                self._leave(segment)

    def read(self, segment: CachedSegment, batch: Batch, alone: bool) -> None:
        """Put the next of a segment's tokens into a batch; what it sees must be complete.

        alone: nobody else uses the context. Then the segment is computed side by side with what it sees, and
        nothing else in the context, so that it gets the same cells whatever was there before.
        """
        assert segment.stream is not None
        key = segment.key
        if len(segment.stream.pending) == len(key.tokens):
            before = self._resident[key.seen] if key.before else None
            if alone and not self._begun():
                self._send_away()
                self._context.clear()
            if before is not None:
                self.bring_back([before])
                self._context.copy(_sequence(before), segment.stream.sequence)
        batch.add(segment.stream, PROMPT_TOKENS, logits=0)

    def bring_back(self, segments: Sequence[CachedSegment]) -> None:
        """See to it that segments that were put away for a moment have their cells in the context."""
        for segment in segments:
            cells = self._away.pop(segment.key, None)
            if cells is not None and not self._context.restore(_sequence(segment), cells):
                raise NativeError("llama.cpp refuses cells that it has given")

    def completed(self, segment: CachedSegment, pinned: bool = False) -> None:
        """After a segment's last token was computed: keep its own cells alone, and a copy of them.

        A segment that others see is pinned, like those that are asked to be: it doesn't leave the memory.
        """
        assert segment.stream is not None
        key = segment.key
        if key.before:
            self._context.remove(segment.stream.sequence, end=len(key.before))
        self._save(key, pinned or not key.before)

    def keep(self, key: SegmentKey, sequence: int, follows: SegmentKey | None, alone: bool) -> bool:
        """Make a segment of cells that a sequence holds; False where there is no place for it.

        follows: the segment right before it. alone: nobody else used the context since that was lined up.
        """
        if key in self._resident:
            return True
        self._evict(self._resident_limit - len(key.tokens), spare=1)
        if not self._spare:
            return False
        segment = CachedSegment(key, Stream(self._spare.pop(), key.end))
        assert segment.stream is not None
        self._context.copy(sequence, segment.stream.sequence, len(key.before), key.end)
        self._resident[key] = segment
        self._unsaved[key] = None
        if alone and follows == (self._line[-1] if self._line else None):
            self._line.append(key)
        return True

    def forget(self, on_disk: bool = False) -> None:
        """Let go of all that nobody uses, in the context, in memory and, if asked to, on disk."""
        self._unsaved.clear()
        for segment in list(self._resident.values()):
            if not segment.users:
                self._leave(segment)
        self.copies.forget(on_disk)

    def close(self) -> None:
        """Write to the disk what waits for it."""
        for key in list(self._unsaved):
            self._save(key)
        self.copies.flush()

    def _enter(self, segment: CachedSegment) -> None:
        sequence = self._spare.pop()
        if self.copies.use(segment.key, partial(self._context.restore, sequence)):
            segment.stream = Stream(sequence, segment.key.end)
        else:
            segment.stream = Stream(sequence, len(segment.key.before), list(segment.key.tokens))
        self._resident[segment.key] = segment

    def _save(self, key: SegmentKey, pinned: bool = False) -> None:
        """Copy a segment that is in the context into memory, and have it written to disk."""
        self._unsaved.pop(key, None)
        segment = self._resident[key]
        self.bring_back([segment])
        cells = self._context.save(_sequence(segment))
        self.copies.put(key, cells, pinned)

    def _leave(self, segment: CachedSegment) -> None:
        assert segment.stream is not None
        if segment.key in self._unsaved:
            self._save(segment.key)
        self._context.remove(segment.stream.sequence)
        self._spare.append(segment.stream.sequence)
        segment.stream = None
        del self._resident[segment.key]
        self._away.pop(segment.key, None)
        if segment.key in self._line:
            del self._line[self._line.index(segment.key) :]

    def _begun(self) -> bool:
        """Whether a segment is half computed."""
        return any(
            segment.stream is not None and 0 < len(segment.stream.pending) < len(key.tokens)
            for key, segment in self._resident.items()
        )

    def _send_away(self) -> None:
        """Take the cells of all complete segments out of the context; `bring_back` puts them there again."""
        for segment in self._resident.values():
            if segment.complete:
                self._away[segment.key] = self._copy(segment)
                self._context.remove(_sequence(segment))
        self._line = []

    def _copy(self, segment: CachedSegment) -> SavedCells:
        if segment.key in self._away:
            return self._away[segment.key]
        copy = self.copies.in_memory(segment.key)
        return self._context.save(_sequence(segment)) if copy is None else copy

    def _evict(self, room: int, spare: int) -> None:
        """Until the rest takes at most `room` cells and `spare` sequences are free, unused segments leave."""
        cells = _cells(self._resident)
        for segment in list(self._resident.values()):
            if cells <= room and len(self._spare) >= spare:
                return
            if not segment.users:
                cells -= len(segment.key.tokens)
                self._leave(segment)


def _sequence(segment: CachedSegment) -> int:
    assert segment.stream is not None
    return segment.stream.sequence


def _cells(keys: Iterable[SegmentKey]) -> int:
    return sum(len(key.tokens) for key in keys)
