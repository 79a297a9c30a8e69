"""Where an app keeps its cards or events: a folder of files here, an address book or calendar on a server."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from .errors import ToolFailed
from .storage import BrokenFile, files_in, free_path, read_file, write_file


@dataclass(frozen=True, slots=True)
class Kept:
    """A text of a collection."""

    name: str
    """What the collection knows it by: a path below the folder, or its address on the server."""
    text: str
    version: str = ""
    """What the server calls this state of it (an ETag)."""


class Collection(Protocol):
    """Texts under names (vCards, iCalendar). A server that cannot be reached raises ToolFailed."""

    def read(self) -> tuple[list[Kept], list[BrokenFile]]:
        """All texts, and what could not be read."""

    def add(self, name: str, text: str) -> None:
        """Keep a new text; `name` is how a file of it is called, without its extension."""

    def replace(self, old: Kept, text: str) -> None:
        """Put `text` in the place of `old`. Raises ToolFailed when somebody has changed it meanwhile."""

    def remove(self, old: Kept) -> None:
        """Take `old` away. Raises ToolFailed when somebody has changed it meanwhile."""


class ChangedMeanwhile(ToolFailed):
    """What was to be changed is no longer as it was read."""

    def __init__(self) -> None:
        super().__init__("It was changed elsewhere at the same time. Ask again.")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of files with one extension."""

    folder: Path
    extension: str
    """With its dot."""

    def read(self) -> tuple[list[Kept], list[BrokenFile]]:
        """All files, by name; hidden ones are left out."""
        kept: list[Kept] = []
        broken: list[BrokenFile] = []
        for path in files_in(self.folder, self.extension):
            try:
                kept.append(Kept(path.relative_to(self.folder).as_posix(), read_file(path)))
            except BrokenFile as error:
                broken.append(error)
        return kept, broken

    def add(self, name: str, text: str) -> None:
        """Write a new file; one that is there already stays."""
        write_file(free_path(self.folder, name, self.extension), text)

    def replace(self, old: Kept, text: str) -> None:
        """Write the file anew, unless it was changed or taken away."""
        write_file(self._unchanged(old), text)

    def remove(self, old: Kept) -> None:
        """Delete the file, unless it was changed."""
        self._unchanged(old).unlink()

    def _unchanged(self, old: Kept) -> Path:
        path = self.folder / old.name
        if not path.exists() or read_file(path) != old.text:
            raise ChangedMeanwhile
        return path


@dataclass(frozen=True, slots=True)
class Trash:
    """A folder of what was changed or taken away, as it was before."""

    folder: Path
    extension: str

    def keep(self, name: str, text: str) -> None:
        """Put `text` away under `name`, which `latest` finds again."""
        moment = datetime.now(UTC)
        write_file(self.folder / f"{moment:%Y%m%dT%H%M%S.%fZ} {name}{self.extension}", text)

    def latest(self, name: str) -> str | None:
        """What was last put away under `name`; None when there is nothing."""
        found = sorted(self.folder.glob(f"*Z {_literal(name)}{self.extension}"))
        return read_file(found[-1]) if found else None


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
