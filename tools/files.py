"""The files app: finding, opening, reading and writing files in the open folders."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from .allowed_folders import AllowedFolders, OutsideFolders, read_regular
from .decorator import tool
from .effect import Effect
from .errors import ToolFailed, ToolQuestion
from .opening import open_in_own_program
from .said.names import alike, listed, meant
from .storage import into_trash, write_new_file

LONGEST_TEXT = 1_000_000
"""Bytes of a file that is read or written."""

MOST_SEEN = 100_000
"""Files that a search looks at."""

MOST_LISTED = 500
MOST_ASKED = 5
"""Files that a question offers."""

_PROGRAM_NAME = re.compile(
    r".*\.(?:desktop|sh|bash|zsh|csh|fish|command|tool|terminal|scpt|applescript|inetloc|fileloc|workflow"
    r"|exe|msi|msp|msix|appx|application|appref-ms|bat|cmd|com|pif|scr|cpl|scf|inf|chm|ps1|psm1|vbs|vbe"
    r"|js|jse|wsf|wsh|hta|lnk|url|webloc|reg|gadget|jar|jnlp|appimage|run|deb|rpm|apk|flatpakref|snap"
    r"|dmg|iso|pkg|app|crx|xpi|py|pyw|pyz|pl|rb|mjs|service)",
    re.IGNORECASE,
)
_PROGRAM_STARTS = (b"\x7fELF", b"#!", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


@dataclass(frozen=True, slots=True)
class Files:
    """The files in the open folders."""

    folders: AllowedFolders
    trash: Path
    """Where a file goes whose writing is undone."""
    open: Callable[[str], None] = open_in_own_program

    @tool(
        effect=Effect.READ,
        state="files",
        say="Found {result}.",
        from_others=True,
        source="the name of a file",
    )
    def find_file(self, query: str, folder: str | None = None) -> str:
        """Find a file by name and return its path.

        Args:
            query: Name of the file, or part of it
            folder: Where to look

        Returns:
            Path of the file
        """
        places = [self.folders.folder(folder)] if folder else list(self.folders.folders)
        if not folder and (there := self._if_there(query)):
            return str(there)
        names = {str(path): _names(path, top) for top in places for path in _below(top)}
        found = meant(query, names, inflected=True)
        if len(found) == 1:
            return found[0]
        if found:
            newest = sorted(found, key=_changed, reverse=True)[:MOST_ASKED]
            some = "" if len(found) <= MOST_ASKED else f" (the newest {MOST_ASKED} of {len(found)})"
            raise ToolQuestion(f"Which {query}{some}: {listed(newest)}?", newest)
        where = folder or self.folders.listed()
        close = alike(query, names)
        if close:
            raise ToolQuestion(f"No file in {where} is called {query}. Did you mean {listed(close)}?", close)
        raise ToolFailed(
            f"No file in {where} is called {query}. Say another word of its name, or its folder."
        )

    def _existing(self, arguments: Mapping[str, Any]) -> Mapping[str, str]:
        return {"path": str(self.folders.existing(arguments["path"]))} if "path" in arguments else {}

    @tool(
        effect=Effect.WRITE,
        state="files",
        say="{result}.",
        understood=_existing,
        from_others=True,
        source="the name of a file",
        targets=("path",),
    )
    def open_file(self, path: str) -> str:
        """Open a file in its own program.

        Args:
            path: Path of the file

        Returns:
            Confirmation
        """
        there = self.folders.existing(path)
        if _is_program(there if there.is_dir() else self.folders.file(path)):
            raise ToolFailed(f"{there.name} is a program, and only documents are opened. Start it yourself.")
        self.open(str(there))
        return f"Opened {there.name}"

    @tool(effect=Effect.READ, state="files", say="{result}", from_others=True, source="the file {path}")
    def read_file(self, path: str) -> str:
        """Read a text file.

        Args:
            path: Path of the file

        Returns:
            Text of the file
        """
        there = self.folders.file(path)
        content = read_regular(there, LONGEST_TEXT)
        if content.startswith(b"%PDF-"):
            raise ToolFailed(f"{there.name} is a PDF. Ask for a summary of it.")
        return _decoded(content, there)

    def _new(self, arguments: Mapping[str, Any]) -> Mapping[str, str]:
        return {"path": str(self.folders.new(arguments["path"]))} if "path" in arguments else {}

    def _unwrite(self, arguments: Mapping[str, Any], result: str) -> str:
        path = Path(result)
        if read_regular(self.folders.file(result), LONGEST_TEXT) != _encoded(arguments["content"]):
            raise ToolFailed(f"{path.name} has been changed since, so it stays.")
        try:
            into_trash(path, self.trash)
        except OSError as error:
            raise ToolFailed(f"{path.name} cannot be put into the trash: {error.strerror}.") from error
        return f"{path.name} is in the trash"

    @tool(
        effect=Effect.WRITE,
        state="files",
        say="Wrote {result}.",
        undo=_unwrite,
        understood=_new,
        targets=("path",),
    )
    def write_file(self, path: str, content: str) -> str:
        """Write text to a new file.

        Args:
            path: Path of the new file
            content: Text to write

        Returns:
            Path of the file
        """
        there = self.folders.new(path)
        text = _encoded(content)
        if len(text) > LONGEST_TEXT:
            raise ToolFailed(
                f"That is {len(text) / 1e6:.1f} MB of text; at most {LONGEST_TEXT / 1e6:g} MB fit."
            )
        if not all(map(str.isprintable, there.parts)):
            raise ToolFailed(f"{path!r} is not the name of a file.")
        try:
            write_new_file(there, text)
        except FileExistsError as error:
            raise ToolQuestion(
                f"There is a {there.name} in {there.parent.name} already. Which other name shall it have?"
            ) from error
        except OSError as error:
            raise ToolFailed(f"{there} cannot be written: {error.strerror}.") from error
        return str(there)

    @tool(
        effect=Effect.READ,
        state="files",
        say="{path} holds {result}.",
        from_others=True,
        source="the name of a file",
    )
    def list_folder(self, path: str) -> list[Any]:
        """List what a folder holds.

        Args:
            path: Path of the folder

        Returns:
            Names in the folder
        """
        folder = self.folders.folder(path)
        try:
            with os.scandir(folder) as entries:
                seen = list(islice((entry for entry in entries if not entry.name.startswith(".")), MOST_SEEN))
        except OSError as error:
            raise ToolFailed(f"{folder} cannot be listed: {error.strerror}.") from error
        names = sorted(_readable(entry.name) + "/" * entry.is_dir() for entry in seen)
        more = [f"and {len(names) - MOST_LISTED} more"] if len(names) > MOST_LISTED else []
        return names[:MOST_LISTED] + more

    def _if_there(self, query: str) -> Path | None:
        try:
            return self.folders.file(query)
        except OutsideFolders:
            if Path(query).is_absolute() or ".." in Path(query).parts:
                raise
        except ToolFailed:
            pass
        return None


def _below(top: Path) -> Iterator[Path]:
    """Files below an open folder; hidden ones and what links lead to are left out."""
    seen = 0
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and _readable(str(path)) == str(path) and not path.is_symlink():
                yield path
                seen += 1
                if seen == MOST_SEEN:
                    return


def _is_program(path: Path) -> bool:
    """By name or by its first bytes; permissions tell nothing on disks that have none."""
    if _PROGRAM_NAME.fullmatch(path.name):
        return True
    if path.is_dir():
        return False
    try:
        with path.open("rb") as file:
            return file.read(4).startswith(_PROGRAM_STARTS)
    except OSError as error:
        raise ToolFailed(f"{path} cannot be read: {error.strerror}.") from error


def _names(path: Path, top: Path) -> tuple[str, ...]:
    """What a file goes by: "trip_plan.txt", "trip_plan", "trip plan txt", "Work trip plan txt"."""
    apart = str.maketrans("_-.", "   ")
    inside = " ".join((top.name, *path.relative_to(top).parts))
    return (path.name, path.stem, path.name.translate(apart), inside.translate(apart))


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _decoded(content: bytes, path: Path) -> str:
    """Text in UTF-8 or -16, or else in Windows' old Western one, which old files are in most of the time."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in content:
        raise ToolFailed(f"{path.name} is not a text file. Open it in its own program.")
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            return content.decode(encoding).replace("\r\n", "\n")
        except UnicodeDecodeError:
            continue
    raise ToolFailed(f"{path.name} is not a text file. Open it in its own program.")


def _encoded(content: str) -> bytes:
    return content.encode("utf-8", "replace")


def _readable(name: str) -> str:
    """A name from the disk as text; bytes that are no UTF-8 become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")
