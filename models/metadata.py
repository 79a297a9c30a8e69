"""What a GGUF file says about itself, read without loading the model.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TypeVar

from .errors import ModelFileError

Value = str | int | float | bool
Metadata = Mapping[str, Value]

T = TypeVar("T")

EXPECTED = "a language model in GGUF format (version 2 or 3, little-endian), whole"

_NAMES = (
    *("UINT8", "INT8", "UINT16", "INT16", "UINT32", "INT32", "FLOAT32", "BOOL", "STRING", "ARRAY"),
    *("UINT64", "INT64", "FLOAT64"),
)
_INTEGERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 10: "<Q", 11: "<q"}
_SCALARS = {**_INTEGERS, 6: "<f", 7: "<?", 12: "<d"}
_STRING, _ARRAY = 8, 9
_ALIGNMENT = "general.alignment"
_MOST_DIMENSIONS = 4
_MOST_VALUES = 2**63 - 1
"""Of one tensor: what ggml counts with."""

MOST_NUMBERS = 64
"""Integers of an array that is kept; longer ones (types of tokens) are left out."""

# Bytes and values of a block, by ggml's number of the type.
BLOCKS = (
    {0: (4, 1), 1: (2, 1), 30: (2, 1)}  # F32, F16, BF16
    | {2: (18, 32), 3: (20, 32), 6: (22, 32), 7: (24, 32), 8: (34, 32)}  # Q4_0, Q4_1, Q5_0, Q5_1, Q8_0
    | {10: (84, 256), 11: (110, 256), 12: (144, 256), 13: (176, 256), 14: (210, 256)}  # Q2_K to Q6_K
)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor as the file announces it. shape: the fastest dimension first, (columns in, rows out)."""

    shape: tuple[int, ...]
    type: int
    offset: int

    @property
    def nbytes(self) -> int:
        """Its size in bytes; 0 for types whose blocks are not known here."""
        size, values = BLOCKS.get(self.type, (0, 1))
        return prod(self.shape) // values * size


@dataclass(frozen=True, slots=True)
class Header:
    """All that stands before a GGUF file's data.

    arrays: short ones of integers, by their keys. types: what the value of each key is in GGUF's words, such
    as "UINT32", and "UINT32[]" for an array of these. data: where the tensors' data begins in the file.
    """

    metadata: Metadata
    arrays: Mapping[str, tuple[int, ...]]
    tensors: Mapping[str, Tensor]
    types: Mapping[str, str]
    data: int = 0


def read_metadata(path: Path) -> dict[str, Value]:
    """Read the key-value pairs of a GGUF file; arrays (the vocabulary's tokens and merges) are left out.

    Raises `ModelFileError` when the file is missing or unreadable, is not GGUF, or ends within its metadata.
    """
    return _read(path, lambda reader: dict(_start(reader)[1].metadata), EXPECTED)


def read_header(path: Path, expected: str = EXPECTED) -> Header:
    """Read what a GGUF file says about itself and its tensors. expected: what it should be, for errors.

    Raises `ModelFileError` as `read_metadata`, and when what is said of the tensors cannot be, or the file
    ends before its last tensor does.
    """
    return _read(path, _header, expected)


def _read(path: Path, read: Callable[[_Reader], T], expected: str) -> T:
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelFileError(path, "this is not a GGUF file", expected)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return read(_Reader(data, 4))
    except OSError as error:
        raise ModelFileError(path, f"the file cannot be read ({error.strerror})", expected) from error
    except (struct.error, ValueError, ArithmeticError, _Malformed) as error:
        raise ModelFileError(path, f"the file is damaged or cut short ({error})", expected) from error


class _Malformed(Exception):
    """The bytes are not what the format says."""


class _Reader:
    """Walks over the bytes of the header."""

    def __init__(self, data: mmap.mmap, position: int) -> None:
        self.data = data
        self.position = position

    def scalar(self, layout: str) -> int | float | bool:
        value: int | float | bool = struct.unpack_from(layout, self.data, self.position)[0]
        self.position += struct.calcsize(layout)
        return value

    def integer(self, layout: str) -> int:
        return int(self.scalar(layout))

    def skip(self, size: int) -> int:
        """Move on by `size` bytes and return where they started."""
        start = self.position
        if start + size > len(self.data):
            raise _Malformed(f"{size} bytes are announced at {start}, the file ends at {len(self.data)}")
        self.position += size
        return start

    def string(self) -> str:
        size = self.integer("<Q")
        start = self.skip(size)
        return self.data[start : start + size].decode()


def _start(reader: _Reader) -> tuple[int, Header]:
    """The number of tensors, and the header but for its tensors."""
    version = reader.integer("<I")
    if version not in (2, 3):
        raise _Malformed(f"version {version}")
    count = reader.integer("<Q")
    arrays: dict[str, tuple[int, ...]] = {}
    types: dict[str, str] = {}
    return count, Header(dict(_pairs(reader, arrays, types)), arrays, {}, types)


def _header(reader: _Reader) -> Header:
    count, header = _start(reader)
    tensors = dict(_tensor(reader) for _ in range(count))
    alignment = header.metadata.get(_ALIGNMENT, 32)
    if header.types.get(_ALIGNMENT, "UINT32") != "UINT32" or not isinstance(alignment, int):
        raise _Malformed(f"{_ALIGNMENT} is of the type {header.types[_ALIGNMENT]}, and must be UINT32")
    if alignment.bit_count() != 1:
        raise _Malformed(f"{_ALIGNMENT} is {alignment}, and must be a power of two")
    start = -(-reader.position // alignment) * alignment
    for name, tensor in tensors.items():
        if start + tensor.offset + tensor.nbytes > len(reader.data):
            raise _Malformed(f"the data of {name} goes beyond the end at {len(reader.data)}")
    return replace(header, tensors=tensors, data=start)


def _tensor(reader: _Reader) -> tuple[str, Tensor]:
    name = reader.string()
    dimensions = reader.integer("<I")
    if dimensions > _MOST_DIMENSIONS:
        raise _Malformed(f"a tensor of {dimensions} dimensions is announced; {_MOST_DIMENSIONS} are the most")
    shape = tuple(reader.integer("<Q") for _ in range(dimensions))
    if prod(shape) > _MOST_VALUES:
        raise _Malformed(f"a tensor of {prod(shape)} values is announced; {_MOST_VALUES} are the most")
    return name, Tensor(shape, reader.integer("<I"), reader.integer("<Q"))


def _pairs(
    reader: _Reader, arrays: dict[str, tuple[int, ...]], types: dict[str, str]
) -> Iterator[tuple[str, Value]]:
    """The keys with one value; those of arrays go into `arrays`, the types of both into `types`."""
    for _ in range(reader.integer("<Q")):
        key = reader.string()
        kind = reader.integer("<I")
        if kind == _ARRAY:
            types[key] = f"{_NAMES[_read_array(reader, key, arrays)]}[]"
            continue
        if kind not in _SCALARS and kind != _STRING:
            raise _Malformed(f"{key} has the unknown type {kind}")
        types[key] = _NAMES[kind]
        yield key, reader.string() if kind == _STRING else reader.scalar(_SCALARS[kind])


def _read_array(reader: _Reader, key: str, arrays: dict[str, tuple[int, ...]]) -> int:
    """Read or pass over an array; the type of its elements."""
    kind, count = reader.integer("<I"), reader.integer("<Q")
    if kind in _INTEGERS and count <= MOST_NUMBERS:
        arrays[key] = tuple(reader.integer(_INTEGERS[kind]) for _ in range(count))
    elif kind in _SCALARS:
        reader.skip(count * struct.calcsize(_SCALARS[kind]))
    elif kind == _STRING:
        for _ in range(count):
            reader.skip(reader.integer("<Q"))
    else:
        raise _Malformed(f"an array of the unknown type {kind}")
    return kind
