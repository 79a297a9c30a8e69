"""Applications of a Linux desktop, from their `.desktop` files (the Desktop Entry Specification)."""

import configparser
import os
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

_FIELD_CODES = frozenset(f"%{letter}" for letter in "fFuUdDnNickvm")


@dataclass(frozen=True, slots=True)
class DesktopApp:
    """An application that a person can start from a menu."""

    name: str
    also_called: tuple[str, ...]
    """Its kind ("Web Browser"), its name in other languages and the name of its file."""
    command: tuple[str, ...]


class _Entries(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr  # keys keep their case


def application_folders() -> list[Path]:
    """Where `.desktop` files lie, the user's own first."""
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    folders = [platformdirs.user_data_path(), *(Path(part) for part in shared.split(":") if part)]
    return [folder / "applications" for folder in folders]


def desktop_apps() -> dict[str, DesktopApp]:
    """The applications by the names of their files; one of the user's hides the system's of that name."""
    found: dict[str, DesktopApp | None] = {}
    for folder in application_folders():
        for path in sorted(folder.rglob("*.desktop")):
            name = "-".join(path.relative_to(folder).parts)
            if name not in found:
                found[name] = _read(path)
    return {name: app for name, app in found.items() if app is not None}


def _read(path: Path) -> DesktopApp | None:
    """The application in `path`; None when it is hidden, not installed or not well-formed."""
    parser = _Entries(strict=False, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(path.read_text("utf-8", "replace"))
        entry = dict(parser["Desktop Entry"])
        command = tuple(_command(entry.get("Exec", "")))
    except (OSError, KeyError, ValueError, configparser.Error):
        return None
    shown = all(entry.get(key, "false").lower() != "true" for key in ("NoDisplay", "Hidden", "Terminal"))
    program = entry.get("TryExec") or (command[0] if command else "")
    if entry.get("Type") != "Application" or not shown or not program or not shutil.which(program):
        return None
    others = (value for key, value in entry.items() if key.startswith(("Name[", "GenericName")))
    return DesktopApp(entry.get("Name", path.stem), (*dict.fromkeys(others), path.stem), command)


def _command(line: str) -> Iterator[str]:
    """The words of an Exec line, without the codes for files that it could be given."""
    for word in shlex.split(line):
        if word not in _FIELD_CODES:
            yield word.replace("%%", "%")
