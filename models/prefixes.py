"""Reuse of what prompts begin with, for any model: each token sees all before it, as always.

Nothing but rounding can differ from a cold run, where cells of other segments stand between those of one
prompt (docs/caching.md has the figures).

What was read and written for one request is cut into segments, each seeing those before it, and found again
by a radix tree over its tokens. All sessions of an engine share it; a session's own turns are found by those
alone who send the very same tokens.
"""

from collections.abc import Callable, Sequence

from .batch import PROMPT_TOKENS
from .prefix_tree import PrefixTree, Tokens
from .segment_key import Part, SegmentKey
from .store import KVStore

FEWEST_TOKENS = 8
"""What is shorter is computed again sooner than it is found."""
ALIGNED = PROMPT_TOKENS
"""Reuse ends at a multiple of this, so that the tokens that are left share batches with the same others as if
all were computed."""
_SWEEP_EVERY = 256


class Prefixes:
    """The beginnings that a store holds."""

    def __init__(self, store: KVStore, longest: int) -> None:
        """A segment gets at most `longest` tokens, so that it can leave and come back without a stall."""
        self._store = store
        self._longest = longest
        self._tree = PrefixTree()
        self._kept = 0
        for key in sorted(store.on_disk(), key=lambda key: len(key.before)):
            self._tree.insert(key)

    def find(self, tokens: Tokens, adapter: str, room: Callable[[int], int]) -> list[Part]:
        """The parts that hold the longest known beginning of a prompt; all of them are in the context, until
        the store is asked for others.

        `room` tells how many cells their segments may take when so many tokens are reused.
        """
        while True:
            known = self._tree.match(tokens, adapter, self._store.__contains__)
            parts = _cut(known, known[-1].end // ALIGNED * ALIGNED) if known else []
            while parts and not self._store.fit([part.key for part in parts], room(parts[-1].end)):
                parts.pop()
            if not parts or parts[-1].end < FEWEST_TOKENS:
                return []
            segments = self._store.acquire([part.key for part in parts], room(parts[-1].end))
            complete = all(segment.complete for segment in segments)
            self._store.give_back(segments)
            if complete:
                return parts
            # A copy could not be used, and the store has it no more: look again.

    def keep(self, sequence: int, tokens: Tokens, adapter: str, reused: Sequence[Part]) -> None:
        """Keep what a sequence of the context holds: the KV of `tokens`, as `adapter` read them, of which
        those after the parts that were `reused` are its own."""
        known = self._tree.match(tokens, adapter, self._store.__contains__)
        start = reused[-1].end if reused else 0
        if not known or known[-1].end < start:
            start = known[-1].end if known else 0
        elif len(tokens) - known[-1].end < FEWEST_TOKENS:
            return
        follows = reused[-1].key if reused and reused[-1].end == reused[-1].key.end else None
        while start < len(tokens):
            end = min(start + self._longest, len(tokens))
            key = SegmentKey(tokens[:start], tokens[start:end], adapter)
            if not self._store.keep(key, sequence, follows):
                return
            self._tree.insert(key)
            start, follows = end, key
        self._kept += 1
        if self._kept % _SWEEP_EVERY == 0:
            self._tree.sweep(self._store.__contains__)

    def forget(self) -> None:
        """Forget every beginning that the store has forgotten."""
        self._tree.sweep(self._store.__contains__)


def _cut(parts: Sequence[Part], end: int) -> list[Part]:
    """What of `parts` stands before a position."""
    return [Part(part.key, part.start, min(part.end, end)) for part in parts if part.start < end]
