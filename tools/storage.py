"""The user's files: written whole or not at all, under names that a person recognizes."""

import os
import re
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

from .errors import ToolFailed
from .straight_paths import held

LONGEST_NAME = 80
"""Characters of a file's name, so that four bytes for each still fit into what file systems allow."""

LARGEST = 20_000_000
"""Bytes of a file in the data folder: what others can write into must not fill the memory."""

_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]+')


class BrokenFile(ToolFailed):
    """A file in the data folder cannot be read; the message names it and says what is wrong."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be read: {why}. Mend it or move it away.")
        self.path = path


def new_id(kind: str) -> str:
    """An id that nothing else has: "reminder-5e0c93a1f2"."""
    return f"{kind}-{uuid4().hex[:10]}"


def file_name(title: str, otherwise: str) -> str:
    """`title` as the name of a file without extension; `otherwise` where nothing of it can stay."""
    name = _UNSAFE.sub("-", " ".join(title.split()))[:LONGEST_NAME]
    return name.strip(" .-") or otherwise


def free_path(folder: Path, name: str, extension: str) -> Path:
    """The path `folder/name.extension`, or with 2, 3, ... after the name while there is such a file."""
    path, count = folder / f"{name}{extension}", 1
    while path.exists():
        count += 1
        path = folder / f"{name} {count}{extension}"
    return path


def read_file(path: Path) -> str:
    """The text of a file. Raises BrokenFile when it isn't UTF-8 or cannot be read."""
    try:
        if path.stat().st_size > LARGEST:
            raise BrokenFile(path, f"it has more than {LARGEST / 1e6:g} MB")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenFile(path, f"it is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise BrokenFile(path, error.strerror or str(error)) from error


def write_file(path: Path, text: str) -> None:
    """Put `text` into `path`: after a crash at any point the file is as before or complete.

    Folders are made as needed, for the user alone. Raises OSError when the disk refuses; nothing has changed
    then.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_new_file(path: Path, content: bytes) -> None:
    """Put `content` into a file that is not there yet: nothing is ever overwritten.

    Folders are made as needed. `path` is resolved. Raises FileExistsError when something is there, OSError
    when the disk refuses or a part of the path has become a link.
    """
    with held(path.parent, make=True) as folder:
        handle, name = tempfile.mkstemp(prefix=".new-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _link(Path(name), folder / path.name)
        finally:
            Path(name).unlink(missing_ok=True)
        _sync_folder(folder)


def into_trash(path: Path, trash: Path) -> Path:
    """Move a file or folder into the folder `trash`, and say where it lies now. Raises OSError.

    `path` is resolved: no link that somebody puts into it is followed.
    """
    trash.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = free_path(trash, path.stem, path.suffix)
    with held(path.parent) as folder:
        shutil.move(folder / path.name, place)
    return place


def files_in(folder: Path, extension: str) -> list[Path]:
    """The files below `folder` with that extension, by name.

    Hidden ones are left out, and links that lead out of the folder: whoever shares it could plant them.
    """
    found = folder.rglob(f"*{extension}")
    return sorted(
        path
        for path in found
        if not any(p.startswith(".") for p in path.relative_to(folder).parts)
        and (not path.is_symlink() or path.resolve().is_relative_to(folder.resolve()))
    )


def _link(new: Path, path: Path) -> None:
    """Give `new` its name, unless that is taken; on a disk without links, by copying it."""
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError:
        with path.open("xb") as file:
            file.write(new.read_bytes())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows keeps folders in step by itself and cannot open them
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
