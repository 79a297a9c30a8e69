"""Files that others read meanwhile: they are written whole, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

SUFFIX = ".part"
"""How the names of files end that are being written."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write, for the user alone, that takes the place of `path` when the block ends without error.

    Its name is its own until then: any number of writers, wherever they run, may write the same file at once,
    and the last one's stays. A writer that is killed leaves it. Raises OSError.
    """
    handle, name = tempfile.mkstemp(SUFFIX, f"{path.stem}.", path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
