"""The matrices of an adapter's file: whether llama.cpp can multiply by them, and whether they are numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import AdapterError
from .metadata import BLOCKS, Tensor

_BF16 = 30

# What llama.cpp multiplies by, by ggml's number of the type: its name, and where the F16 numbers stand in a
# block that all others of the block are multiplied by or added to.
_TYPES = {
    0: ("F32", ()),
    1: ("F16", ()),
    _BF16: ("BF16", ()),
    2: ("Q4_0", (0,)),
    3: ("Q4_1", (0, 2)),
    6: ("Q5_0", (0,)),
    7: ("Q5_1", (0, 2)),
    8: ("Q8_0", (0,)),
    10: ("Q2_K", (80, 82)),
    11: ("Q3_K", (108,)),
    12: ("Q4_K", (0, 2)),
    13: ("Q5_K", (0, 2)),
    14: ("Q6_K", (208,)),
}


def check_data(path: Path, matrices: Mapping[str, Tensor], content: bytes, start: int) -> None:
    """Raise `AdapterError` for a matrix that llama.cpp cannot use.

    matrices, content: of the adapter in the file `path`; their data begins at `start`. Refused are types that
    llama.cpp does not multiply by (it ends the process), rows that are no whole blocks, and numbers that are
    infinite or none (all that is written under them is noise).
    """
    for name, tensor in matrices.items():
        if tensor.type not in _TYPES:
            known = ", ".join(known for known, _ in _TYPES.values())
            raise AdapterError(path, f"{name} is of ggml's type {tensor.type}; an adapter's are {known}")
        if tensor.shape[0] % BLOCKS[tensor.type][1]:
            kind, rows = _TYPES[tensor.type][0], tensor.shape[0]
            raise AdapterError(path, f"{name} is {kind}, of which rows of {rows} are no whole blocks")
        if start + tensor.offset + tensor.nbytes > len(content):
            raise AdapterError(path, "the file became shorter while it was read")
        if not _finite(tensor, content, start):
            raise AdapterError(path, f"{name} holds numbers that are infinite or none (NaN)")


def _finite(tensor: Tensor, content: bytes, start: int) -> bool:
    raw = np.frombuffer(content, np.uint8, tensor.nbytes, start + tensor.offset)
    if tensor.type == 0:
        return bool(np.isfinite(raw.view("<f4")).all())
    if tensor.type == 1:
        return _finite_halves(raw)
    if tensor.type == _BF16:  # all bits of the exponent are set in what is infinite or no number
        return bool((raw.view("<u2") & 0x7F80 != 0x7F80).all())
    blocks = raw.reshape(-1, BLOCKS[tensor.type][0])
    return all(_finite_halves(blocks[:, at : at + 2]) for at in _TYPES[tensor.type][1])


def _finite_halves(raw: NDArray[np.uint8]) -> bool:
    return bool(np.isfinite(np.ascontiguousarray(raw).view("<f2")).all())
