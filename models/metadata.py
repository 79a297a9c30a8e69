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

_INTEGERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 10: "<Q", 11: "<q"}
_SCALARS = {**_INTEGERS, 6: "<f", 7: "<?", 12: "<d"}
_STRING, _ARRAY = 8, 9
_MOST_NUMBERS = 64
"""Integers of an array that is kept; longer ones (types of tokens) are left out."""

# Bytes and values of a block, by ggml's number of the type: F32, F16, Q4_0, Q8_0, BF16.
_BLOCKS = {0: (4, 1), 1: (2, 1), 2: (18, 32), 8: (34, 32), 30: (2, 1)}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor as the file announces it. shape: the fastest dimension first, (columns in, rows out)."""

    shape: tuple[int, ...]
    type: int
    offset: int

    @property
    def nbytes(self) -> int:
        """Its size in bytes; 0 for types whose blocks are not known here."""
        size, values = _BLOCKS.get(self.type, (0, 1))
        return prod(self.shape) // values * size


@dataclass(frozen=True, slots=True)
class Header:
    """All that stands before a GGUF file's data. arrays: short ones of integers, by their keys."""

    metadata: Metadata
    arrays: Mapping[str, tuple[int, ...]]
    tensors: Mapping[str, Tensor]


def read_metadata(path: Path) -> dict[str, Value]:
    """Read the key-value pairs of a GGUF file; arrays (the vocabulary's tokens and merges) are left out.

    Raises `ModelFileError` when the file is missing or unreadable, is not GGUF, or ends within its metadata.
    """
    return _read(path, lambda reader: dict(_start(reader)[1].metadata))


def read_header(path: Path) -> Header:
    """Read what a GGUF file says about itself and its tensors.

    Raises `ModelFileError` as `read_metadata`, and when the file ends before its last tensor does.
    """
    return _read(path, _header)


def _read(path: Path, read: Callable[[_Reader], T]) -> T:
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelFileError(path, "this is not a GGUF file", EXPECTED)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return read(_Reader(data, 4))
    except OSError as error:
        raise ModelFileError(path, f"the model file cannot be read ({error.strerror})", EXPECTED) from error
    except (struct.error, UnicodeDecodeError, _Malformed) as error:
        raise ModelFileError(path, f"the file is damaged or cut short ({error})", EXPECTED) from error


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
    return count, Header(dict(_pairs(reader, arrays)), arrays, {})


def _header(reader: _Reader) -> Header:
    count, header = _start(reader)
    tensors = dict(_tensor(reader) for _ in range(count))
    alignment = int(header.metadata.get("general.alignment", 32))
    start = -(-reader.position // alignment) * alignment
    for name, tensor in tensors.items():
        if start + tensor.offset + tensor.nbytes > len(reader.data):
            raise _Malformed(f"the data of {name} goes beyond the end at {len(reader.data)}")
    return replace(header, tensors=tensors)


def _tensor(reader: _Reader) -> tuple[str, Tensor]:
    name = reader.string()
    shape = tuple(reader.integer("<Q") for _ in range(reader.integer("<I")))
    return name, Tensor(shape, reader.integer("<I"), reader.integer("<Q"))


def _pairs(reader: _Reader, arrays: dict[str, tuple[int, ...]]) -> Iterator[tuple[str, Value]]:
    for _ in range(reader.integer("<Q")):
        key = reader.string()
        kind = reader.integer("<I")
        if kind == _ARRAY:
            _read_array(reader, key, arrays)
        elif kind == _STRING:
            yield key, reader.string()
        elif kind in _SCALARS:
            yield key, reader.scalar(_SCALARS[kind])
        else:
            raise _Malformed(f"{key} has the unknown type {kind}")


def _read_array(reader: _Reader, key: str, arrays: dict[str, tuple[int, ...]]) -> None:
    kind, count = reader.integer("<I"), reader.integer("<Q")
    if kind in _INTEGERS and count <= _MOST_NUMBERS:
        arrays[key] = tuple(reader.integer(_INTEGERS[kind]) for _ in range(count))
    elif kind in _SCALARS:
        reader.skip(count * struct.calcsize(_SCALARS[kind]))
    elif kind == _STRING:
        for _ in range(count):
            reader.skip(reader.integer("<Q"))
    else:
        raise _Malformed(f"an array of the unknown type {kind}")
