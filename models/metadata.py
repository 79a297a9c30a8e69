"""What a GGUF file says about itself, read without loading the model.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import mmap
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import ModelFileError

Value = str | int | float | bool
Metadata = Mapping[str, Value]

EXPECTED = "a language model in GGUF format (version 2 or 3, little-endian), whole"

_INTEGERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 10: "<Q", 11: "<q"}
_SCALARS = {**_INTEGERS, 6: "<f", 7: "<?", 12: "<d"}
_STRING, _ARRAY = 8, 9


def read_metadata(path: Path) -> dict[str, Value]:
    """Read the key-value pairs of a GGUF file; arrays (the vocabulary's tokens and merges) are left out.

    Raises `ModelFileError` when the file is missing or unreadable, is not GGUF, or ends within its metadata.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelFileError(path, "this is not a GGUF file", EXPECTED)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return dict(_pairs(_Reader(data, 4)))
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


def _pairs(reader: _Reader) -> Iterator[tuple[str, Value]]:
    version = reader.integer("<I")
    if version not in (2, 3):
        raise _Malformed(f"version {version}")
    reader.skip(8)  # the number of tensors
    for _ in range(reader.integer("<Q")):
        key = reader.string()
        kind = reader.integer("<I")
        if kind == _ARRAY:
            _skip_array(reader)
        elif kind == _STRING:
            yield key, reader.string()
        elif kind in _SCALARS:
            yield key, reader.scalar(_SCALARS[kind])
        else:
            raise _Malformed(f"{key} has the unknown type {kind}")


def _skip_array(reader: _Reader) -> None:
    kind, count = reader.integer("<I"), reader.integer("<Q")
    if kind in _SCALARS:
        reader.skip(count * struct.calcsize(_SCALARS[kind]))
    elif kind == _STRING:
        for _ in range(count):
            reader.skip(reader.integer("<Q"))
    else:
        raise _Malformed(f"an array of the unknown type {kind}")
