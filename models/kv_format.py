"""The bytes of one cached segment on disk.

    magic (16) · CRC-32 of all that follows (4) · origin (32) · sizes (20) · adapter · tokens · cells

Tokens are 32-bit integers, those that the segment sees first. Numbers are little-endian.
"""

import os
import struct
import zlib
from typing import BinaryIO

import numpy as np

from .context import SavedCells
from .origin import Origin
from .segment_key import SegmentKey

MAGIC = b"scrubjay kv 1\n\0\0"
_CHECKED_FROM = len(MAGIC) + 4
_HEAD = struct.Struct("<32sQIII")  # origin; bytes of cells; tokens before; tokens; bytes of adapter
_START = _CHECKED_FROM + _HEAD.size


class UnusableFile(Exception):
    """Why a file is not what it should be."""


def segment_size(key: SegmentKey, cells: SavedCells) -> int:
    """The bytes that a segment's file takes."""
    return _START + len(key.adapter.encode()) + 4 * (len(key.before) + len(key.tokens)) + len(cells)


def write_segment(file: BinaryIO, key: SegmentKey, cells: SavedCells, origin: Origin) -> None:
    """Write a segment. Raises OSError."""
    adapter = key.adapter.encode()
    sizes = _HEAD.pack(origin.digest, len(cells), len(key.before), len(key.tokens), len(adapter))
    head = sizes + adapter + np.array((*key.before, *key.tokens), np.int32).tobytes()
    file.write(MAGIC + struct.pack("<I", zlib.crc32(cells.data, zlib.crc32(head))) + head)
    file.write(cells.data)


def read_segment(data: SavedCells, origin: Origin) -> tuple[SegmentKey, SavedCells]:
    """A file's key and its cells, which are a view of `data`. Raises UnusableFile."""
    start, before, adapter = _sizes(data[:_START].tobytes(), origin, len(data))
    (checksum,) = struct.unpack_from("<I", data.data, len(MAGIC))
    if zlib.crc32(data[_CHECKED_FROM:].data) != checksum:
        raise UnusableFile("its checksum is wrong")
    return _key(data[_START:start].tobytes(), before, adapter), data[start:]


def read_key(file: BinaryIO, origin: Origin) -> SegmentKey:
    """The key that a file's beginning names, without its checksum. Raises UnusableFile or OSError."""
    start, before, adapter = _sizes(file.read(_START), origin, os.fstat(file.fileno()).st_size)
    return _key(file.read(start - _START), before, adapter)


def _sizes(head: bytes, origin: Origin, length: int) -> tuple[int, int, int]:
    """Where cells begin in a file of `length` bytes, how many tokens are before, and the adapter's bytes.

    Raises UnusableFile, also where the sizes that it claims are not its own.
    """
    if len(head) < _START:
        raise UnusableFile("it is cut short")
    if head[: len(MAGIC)] != MAGIC:
        raise UnusableFile("it is no file of cached cells, or of another version")
    found, size, before, tokens, adapter = _HEAD.unpack_from(head, _CHECKED_FROM)
    if found != origin.digest:
        raise UnusableFile("it comes from another model, library or processor")
    start = _START + adapter + 4 * (before + tokens)
    if start + size != length:
        raise UnusableFile("it is cut short or too long")
    return start, before, adapter


def _key(data: bytes, before: int, adapter: int) -> SegmentKey:
    try:
        name = data[:adapter].decode()
        tokens = np.frombuffer(data[adapter:], np.int32).tolist()
    except ValueError as error:
        raise UnusableFile("its key cannot be read") from error
    return SegmentKey(tuple(tokens[:before]), tuple(tokens[before:]), name)
