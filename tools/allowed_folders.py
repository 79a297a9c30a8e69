"""The folders that are open to the tools: no tool reads, writes, opens or attaches a file elsewhere.

A path is resolved first (symbolic links, `..`) and judged then, so that nothing inside can point out.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import ToolFailed
from .said.names import folded, listed
from .straight_paths import open_straight

LONGEST_PATH = 4_096
MOST_PARTS = 64
"""How long and how deep a path may be; a person's are shorter, and each part costs a look at the disk."""


class OutsideFolders(ToolFailed):
    """A path lies outside the folders that are open to the tools, or is hidden in them."""


@dataclass(frozen=True, slots=True)
class AllowedFolders:
    """The open folders, the first one being where new files go that name no folder."""

    folders: tuple[Path, ...]
    closed: Path | None = None
    """Never open through one of these that lies above it: the data folder, where a file would be a setting
    or a program."""

    def file(self, said: str) -> Path:
        """The regular file that `said` names: an absolute path, or one below an open folder.

        "Documents/plan.txt", "plan.txt" and "~/Documents/plan.txt" are the same where Documents is open.
        Raises OutsideFolders, or ToolFailed when there is no such file.
        """
        path = self.existing(said)
        if not path.is_file():
            raise ToolFailed(f"{path} is {'a folder' if path.is_dir() else 'no ordinary file'}. Name a file.")
        return path

    def folder(self, said: str) -> Path:
        """The folder that `said` names, in the same ways as `file`, or by an open folder's name alone."""
        path = self.existing(said.strip().removesuffix(" folder"))
        if not path.is_dir():
            raise ToolFailed(f"{path} is a file. Name a folder.")
        return path

    def existing(self, said: str) -> Path:
        """The file or folder that `said` names, in the same ways as `file`. Raises ToolFailed."""
        found = [path for path in self._candidates(said) if _exists(path)]
        inside = next((path for path in found if self._is_open(path)), None)
        if inside is not None:
            return inside
        if found or not any(map(self._is_open, self._candidates(said))):
            raise self._outside(said)
        raise ToolFailed(f"There is no {said} in {self.listed()}. Find it by its name first.")

    def new(self, said: str) -> Path:
        """Where a new file called `said` goes; its folder may be missing still. Raises OutsideFolders."""
        candidates = list(self._candidates(said))
        if not candidates or not all(self._is_open(path) and path not in self._tops() for path in candidates):
            raise self._outside(said)
        return next((path for path in candidates if _exists(path.parent)), candidates[0])

    def listed(self) -> str:
        """The open folders for a sentence: "Documents, Desktop or Downloads"."""
        return listed(folder.name for folder in self.folders) if self.folders else "any folder"

    def _candidates(self, said: str) -> Iterator[Path]:
        """The resolved paths that `said` can mean, likeliest first."""
        if "\0" in said or not said.strip() or len(said) > LONGEST_PATH or said.count("/") > MOST_PARTS:
            raise ToolFailed(f"{said!r} is not the path of a file.")
        try:
            path = Path(said.strip()).expanduser()
        except RuntimeError:  # ~name of a user that does not exist
            path = Path(said.strip())
        if path.is_absolute():
            yield _resolved(path)
            return
        first, *rest = path.parts or (".",)
        for folder in self.folders:
            if folded(first) == folded(folder.name):
                yield _resolved(folder.joinpath(*rest))
        for folder in self.folders:
            yield _resolved(folder / path)

    def _is_open(self, path: Path) -> bool:
        tops = [top for top in self._tops() if path.is_relative_to(top) and not self._closes(path, top)]
        return bool(tops) and not any(part.startswith(".") for part in path.relative_to(tops[0]).parts)

    def _closes(self, path: Path, top: Path) -> bool:
        closed = _resolved(self.closed) if self.closed else None
        return closed is not None and path.is_relative_to(closed) and not top.is_relative_to(closed)

    def _tops(self) -> list[Path]:
        return [_resolved(folder) for folder in self.folders]

    def _outside(self, said: str) -> OutsideFolders:
        return OutsideFolders(
            f"{said} is outside the folders that are open to the tools ({self.listed()}), or hidden. "
            "Move it there, or add its folder to [files] in the settings."
        )


def read_regular(path: Path, limit: int) -> bytes:
    """The bytes of a file that is no more than `limit` bytes long. `path` comes from `AllowedFolders.file`.

    Raises ToolFailed when it is longer, is no regular file (a pipe would never end), or a part of its path
    has become a link.
    """
    try:
        handle = open_straight(path)
    except OSError as error:
        raise ToolFailed(f"{path} cannot be read: {error.strerror}.") from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ToolFailed(f"{path} is no ordinary file.")
        if status.st_size > limit:
            raise ToolFailed(
                f"{path} has {status.st_size / 1e6:.1f} MB, more than the {limit / 1e6:g} MB allowed."
            )
        return file.read(limit)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, or a folder that may not be entered
        return False


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links that go in circles, names that cannot be
        raise ToolFailed(f"{path} is not the path of a file: {error}.") from error
