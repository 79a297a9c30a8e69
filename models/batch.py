"""Tokens on their way into the context, in arrays that llama.cpp reads in place."""

import ctypes
from dataclasses import dataclass, field
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

# Tokens of one prompt in one batch: enough for full speed, few enough that others don't wait long for theirs.
PROMPT_TOKENS = 128


@dataclass(slots=True, eq=False)
class Stream:
    """One sequence that is being read or written: `pending` are the tokens not yet in the context, the first
    of which belongs at `position`."""

    sequence: int
    position: int
    pending: list[int] = field(default_factory=list)


class Batch:
    """What one `llama_decode` takes: up to `capacity` tokens of any number of streams."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.size = 0
        self.rows = 0
        self._tokens = np.zeros(capacity, np.int32)
        self._positions = np.zeros(capacity, np.int32)
        self._sequences = np.zeros(capacity, np.int32)
        self._wants_logits = np.zeros(capacity, np.int8)
        self._sequences_each = np.ones(capacity, np.int32)
        step = self._sequences.itemsize
        self._sequence_pointers = self._sequences.ctypes.data + step * np.arange(capacity, dtype=np.uintp)
        self._native = llama_cpp.llama_batch(
            token=_pointer(self._tokens, llama_cpp.llama_token),
            pos=_pointer(self._positions, llama_cpp.llama_pos),
            n_seq_id=_pointer(self._sequences_each, ctypes.c_int32),
            seq_id=_pointer(self._sequence_pointers, ctypes.POINTER(llama_cpp.llama_seq_id)),
            logits=_pointer(self._wants_logits, ctypes.c_int8),
        )

    @property
    def native(self) -> llama_cpp.llama_batch:
        """The struct over these arrays; valid while this batch lives."""
        self._native.n_tokens = self.size
        return self._native

    @property
    def room(self) -> int:
        """How many more tokens it takes."""
        return self.capacity - self.size

    def clear(self) -> None:
        """Make room for the next step."""
        self.size = self.rows = 0

    def add(self, stream: Stream, limit: int, logits: int) -> int | None:
        """Move up to `limit` of a stream's pending tokens into the batch, as far as there is room.

        Returns the first of the rows that the logits after its last `logits` tokens will have, or None when
        tokens are left over or no logits were asked for.
        """
        count = min(len(stream.pending), limit, self.room)
        if count <= 0:
            return None
        start, end = self.size, self.size + count
        if count == len(stream.pending):
            taken, stream.pending = stream.pending, []
        else:
            taken, stream.pending = stream.pending[:count], stream.pending[count:]
        if count == 1:
            self._tokens[start] = taken[0]
            self._positions[start] = stream.position
            self._sequences[start] = stream.sequence
            self._wants_logits[start] = 0
        else:
            self._tokens[start:end] = taken
            self._positions[start:end] = np.arange(stream.position, stream.position + count)
            self._sequences[start:end] = stream.sequence
            self._wants_logits[start:end] = 0
        stream.position += count
        self.size = end
        if not logits or stream.pending:
            return None
        self._wants_logits[end - logits : end] = 1
        self.rows += logits
        return self.rows - logits


def _pointer(array: NDArray[Any], element: Any) -> Any:
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(element))
