"""llama.cpp's context: the KV cells of every sequence, and the decoding of batches."""

import ctypes
import os
import time
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from .adapters import Switch
from .batch import Batch
from .errors import NativeError
from .kv_types import KVType
from .library import Model, last_errors
from .threads import BatchThreads

Logits = NDArray[np.float32]
SavedCells = NDArray[np.uint8]

SMALL_MODEL = 50_000_000
DRAFT_TOKENS = 15


class Context:
    """One `llama_context` whose sequences share one pool of `cells`. Not thread-safe."""

    def __init__(
        self,
        model: Model,
        cells: int,
        sequences: int,
        batch: int,
        threads: int,
        kv_type: KVType = KVType.F16,
        drafted: int = 0,
        fewer: bool = False,
    ) -> None:
        """At most `sequences` live in it; a batch has at most `batch` tokens, and the logits of one token of
        each sequence and of `drafted` more can be asked for. `fewer`: a small batch is computed with fewer
        than `threads` where that is quicker."""
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = cells
        params.n_batch = params.n_ubatch = batch
        params.n_seq_max = sequences
        # By default there is room for all logits of a batch: 150 MB for Qwen.
        params.n_outputs_max = sequences + drafted
        params.n_outputs_max_per_seq = 1 + drafted
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = True  # sequences can then share cells: composing copies no data
        params.no_perf = True
        params.type_k = params.type_v = kv_type.native
        # On CPUs flash attention takes about 1.5 times as long per token as soon as 300 cells are in use, but
        # llama.cpp reads values of fewer than 16 bits in no other way.
        self.flash_attention = bool(llama_cpp.llama_supports_gpu_offload()) or kv_type is not KVType.F16
        params.flash_attn_type = (
            llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED
            if kv_type is not KVType.F16
            else llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO
            if self.flash_attention
            else llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        )
        self._pointer: Any = llama_cpp.llama_init_from_model(model.pointer, params)
        if self._pointer is None:
            raise NativeError(
                f"llama.cpp cannot make a context of {cells} cells ({last_errors()}); ask for fewer"
            )
        self.cells = cells
        self.computed = 0
        """How many tokens went through the model so far."""
        self._memory = llama_cpp.llama_get_memory(self._pointer)
        self._vocabulary_size = int(llama_cpp.llama_vocab_n_tokens(model.vocabulary))
        self._switched: Switch | None = None
        self._choice = BatchThreads(threads) if fewer and threads > 1 else None
        self._threads = threads
        self._address = 0
        self._logits: Logits = np.empty((0, self._vocabulary_size), np.float32)

    def decode(self, batch: Batch) -> Logits:
        """Compute a batch. Returns logits, shape (rows asked for, vocabulary), valid until the next call."""
        started = time.perf_counter()
        if self._choice:
            self._set_threads(self._choice.count(batch.size))
        code = llama_cpp.llama_decode(self._pointer, batch.native)
        if code != 0:
            raise NativeError(f"llama_decode failed with {code} on {batch.size} tokens ({last_errors()})")
        if self._choice:
            self._choice.took(batch.size, time.perf_counter() - started)
        self.computed += batch.size
        if not batch.rows:
            return self._logits[:0]
        address = ctypes.addressof(llama_cpp.llama_get_logits(self._pointer).contents)
        if address != self._address or batch.rows > len(self._logits):
            data = (ctypes.c_float * self._vocabulary_size * batch.rows).from_address(address)
            self._address, self._logits = address, np.ctypeslib.as_array(data)
        return self._logits[: batch.rows]

    def _set_threads(self, count: int) -> None:
        if count != self._threads:
            llama_cpp.llama_set_n_threads(self._pointer, count, count)
            self._threads = count

    def switch(self, on: Switch | None) -> None:
        """Let what is computed from now on go through an adapter, or through the model alone."""
        if on == self._switched:
            return
        count = 0 if on is None else 1
        pointers = (llama_cpp.llama_adapter_lora_p_ctypes * count)(*([on.adapter.pointer] if on else []))
        scales = (ctypes.c_float * count)(*([on.scale] if on else []))
        if code := llama_cpp.llama_set_adapters_lora(self._pointer, pointers, count, scales):
            raise NativeError(f"llama.cpp cannot switch to {on}: {code} ({last_errors()})")
        self._switched = on

    def copy(self, source: int, target: int, start: int = -1, end: int = -1) -> None:
        """Let sequence `target` have the cells of `source` too, or those of positions from `start` and before
        `end`; no data moves."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, start, end)

    def remove(self, sequence: int, end: int = -1, start: int = -1) -> None:
        """Take a sequence's cells away, or those of positions from `start` on and before `end`."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, start, end)

    def move(self, sequence: int, by: int) -> None:
        """Let a sequence's cells, which no other sequence has, stand `by` positions further on. Their keys
        are turned with the next batch."""
        llama_cpp.llama_memory_seq_add(self._memory, sequence, -1, -1, by)

    def clear(self) -> None:
        """Empty every sequence."""
        llama_cpp.llama_memory_clear(self._memory, False)

    def save(self, sequence: int) -> SavedCells:
        """The data of a sequence's cells, as `restore` takes it."""
        size = llama_cpp.llama_state_seq_get_size(self._pointer, sequence)
        data = np.empty(size, np.uint8)
        written = llama_cpp.llama_state_seq_get_data(self._pointer, _bytes(data), size, sequence)
        return data[:written]

    def restore(self, sequence: int, data: SavedCells) -> bool:
        """Give an empty sequence the cells that were saved; False when there is no room."""
        read = llama_cpp.llama_state_seq_set_data(self._pointer, _bytes(data), len(data), sequence)
        return bool(read == len(data))

    def close(self) -> None:
        """Free the context. Nothing else may be called afterwards."""
        self._logits = self._logits[:0]
        llama_cpp.llama_free(self._pointer)
        self._pointer = None


def thread_count(model: Model) -> int:
    """How many threads suit a model: what this process may keep busy, but at most 8; beyond that, decoding
    waits for memory.

    For a small model a core stays free. Its threads meet after every few microseconds of work, and when one
    has lost its core to somebody else, all wait: beside other work on two cores, a model of 11 M parameters
    took more than 10 times as long with two threads as with one; on idle cores, 0.6 to 1 times.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    allowed = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        allowed = min(allowed, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass  # no limit, or not Linux
    if llama_cpp.llama_model_n_params(model.pointer) < SMALL_MODEL:
        allowed = max(1, allowed - 1)
    return min(allowed, 8)


def draft_count(model: Model) -> int:
    """How many tokens to guess ahead for a model: none for a small one, whose steps cost as much as a guess,
    nor for one that cannot forget the last tokens that it read."""
    forgets = not (
        llama_cpp.llama_model_is_recurrent(model.pointer) or llama_cpp.llama_model_is_hybrid(model.pointer)
    )
    large = llama_cpp.llama_model_n_params(model.pointer) >= SMALL_MODEL
    return DRAFT_TOKENS if forgets and large else 0


def _bytes(data: SavedCells) -> Any:
    return ctypes.cast(data.ctypes.data, ctypes.POINTER(ctypes.c_uint8))
