"""Reuse of what prompts begin with, for any model: each token sees all before it, as always.

How sums are rounded depends on how many tokens share a batch. So what is kept is what was read in whole
pieces (`Pieces`), a segment for each: a prompt that is read with some of its segments known goes through the
very same batches as one that is read from cold. What was written came token by token, and is read again
with the rest.

A radix tree over token ids finds segments again. All sessions of an engine share it; a session's own turns
are found by those alone who send the very same tokens.
"""

from collections.abc import Callable, Sequence

from .batch import PROMPT_TOKENS
from .pieces import Pieces
from .prefix_tree import PrefixTree, Tokens
from .segment_key import SegmentKey
from .store import KVStore

_SWEEP_EVERY = 256


def longest_piece(prompt_tokens: int) -> int:
    """The most tokens of a segment where prompts are read in batches of `prompt_tokens`: one batch, or
    several small ones."""
    return prompt_tokens * -(-PROMPT_TOKENS // prompt_tokens)


class Prefixes:
    """The beginnings that a store holds."""

    def __init__(self, store: KVStore, pieces: Pieces) -> None:
        self._store = store
        self._pieces = pieces
        self._tree = PrefixTree(pieces)
        self._kept = 0
        for key in sorted(store.copies.on_disk(), key=lambda key: len(key.before)):
            self._tree.insert(key)

    def find(self, tokens: Tokens, adapter: str, room: Callable[[int], int], alone: bool) -> list[SegmentKey]:
        """The segments that hold the longest known beginning of a prompt; all of them are in the context,
        until the store is asked for others.

        room: how many cells they may take when so many tokens are reused. alone: nobody uses the context.
        """
        while True:
            keys = self._tree.match(tokens, adapter, self._store.__contains__)
            while keys and not self._store.fit(keys, room(keys[-1].end)):
                keys.pop()
            if not keys:
                return []
            segments = self._store.acquire(keys, room(keys[-1].end), alone)
            complete = all(segment.complete for segment in segments)
            self._store.give_back(segments)
            if complete:
                return keys
            # A copy could not be used, and the store has it no more: look again.

    def keep(
        self, sequence: int, tokens: Tokens, adapter: str, reused: Sequence[SegmentKey], alone: bool
    ) -> None:
        """Keep what a sequence of the context holds: the KV of `tokens`, as `adapter` read them in pieces,
        of which those after the segments that were `reused` are its own.

        alone: nobody else used the context meanwhile.
        """
        follows = reused[-1] if reused else None
        start = follows.end if follows else 0
        for end in self._pieces.ends(tokens):
            if end <= start:
                continue
            key = SegmentKey(tokens[:start], tokens[start:end], adapter)
            if not self._store.keep(key, sequence, follows, alone):
                return
            self._tree.insert(key)
            start, follows = end, key
        self._kept += 1
        if self._kept % _SWEEP_EVERY == 0:
            self._tree.sweep(self._store.__contains__)

    def forget(self) -> None:
        """Forget every beginning that the store has forgotten."""
        self._tree.sweep(self._store.__contains__)
