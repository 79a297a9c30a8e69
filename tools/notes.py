"""The notes app: a folder of Markdown files, in folders below it where asked, that any editor can open."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed, ToolQuestion
from .said.names import alike, folded, listed, meant
from .storage import BrokenFile, file_name, files_in, free_path, into_trash, read_file, write_file

MOST_FOLDERS = 10
"""How deep a note may lie."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it lies on the disk: the title is its first line, `# Title`, or else the name of its file."""

    path: Path
    title: str
    folder: str
    """Below the notes' own folder, with `/` between the parts; empty at the top."""
    content: str


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes as a folder of Markdown files."""

    folder: Path
    trash: Path
    """Where a note goes whose making is undone."""

    def _uncreated(self, arguments: Mapping[str, Any], result: str) -> str:
        note = self._one(result, self._folder(arguments["folder"]) if arguments.get("folder") else "")
        if note.content != (arguments.get("content") or "").strip():
            raise ToolFailed(f"{result} has been changed since, so it stays. Delete it by hand: {note.path}")
        into_trash(note.path.resolve(), self.trash)
        return f"The note {result} is in the trash"

    @tool(effect=Effect.WRITE, state="notes", say='Created the note "{result}".', undo=_uncreated)
    def create_note(self, title: str, content: str | None = None, folder: str | None = None) -> str:
        """Create a note.

        Args:
            title: Title of the note
            content: Text of the note
            folder: Folder to put it in

        Returns:
            Title of the note
        """
        title = _one_line(title)
        if not title:
            raise ToolFailed("A note needs a title.")
        inside = self._folder(folder) if folder else ""
        for note in self._read():
            if folded(note.title) == folded(title) and note.folder == inside:
                raise ToolQuestion(
                    f"You already have a note {note.title}. Add to that one, or make one with another title?"
                )
        path = free_path(self.folder / inside, file_name(title, "note"), ".md")
        write_file(path, f"# {title}\n" + (f"\n{content.rstrip()}\n" if content else ""))
        return title

    @tool(effect=Effect.READ, state="notes", say="{result}", from_others=True, source="the note {title}")
    def open_note(self, title: str) -> str:
        """Open a note and return its text.

        Args:
            title: Title of the note

        Returns:
            Text of the note
        """
        return self._find(title).content

    def _unappended(self, arguments: Mapping[str, Any], result: str) -> str:
        note = self._find(result)
        added, text = f"{arguments['content'].rstrip()}\n", read_file(note.path)
        if not text.endswith(added):
            raise ToolFailed(f"{result} has been changed since, so it stays as it is.")
        write_file(note.path, text[: -len(added)])
        return f"{result} is as it was before"

    @tool(
        effect=Effect.WRITE,
        state="notes",
        say='Added to the note "{result}".',
        from_others=True,
        source="the title of a note",
        undo=_unappended,
    )
    def append_to_note(self, title: str, content: str) -> str:
        """Add text to the end of a note.

        Args:
            title: Title of the note
            content: Text to add

        Returns:
            Title of the note
        """
        note = self._find(title)
        before = read_file(note.path)
        # A heading is set apart by an empty line; everything else follows line on line.
        gap = "\n" if not note.content else ""
        start = before if before.endswith("\n") or not before else before + "\n"
        write_file(note.path, f"{start}{gap}{content.rstrip()}\n")
        return note.title

    @tool(
        effect=Effect.READ,
        state="notes",
        say="Notes that mention {query}: {result}.",
        from_others=True,
        source="the titles of notes",
    )
    def search_notes(self, query: str) -> list[Any]:
        """Find notes that mention something.

        Args:
            query: Words to look for

        Returns:
            Titles of the notes
        """
        notes = _labelled(self._read())
        texts = {label: (f"{label} {note.content}",) for label, note in notes.items()}
        found = meant(query, texts, inflected=True)
        titles = set(meant(query, {label: (label,) for label in found}, inflected=True))
        return sorted(found, key=lambda label: (label not in titles, folded(label)))

    def _read(self) -> list[Note]:
        notes = []
        for path in files_in(self.folder, ".md"):
            try:
                notes.append(_note(path, self.folder))
            except BrokenFile as error:
                _log.warning("%s", error)
                notes.append(Note(path, path.stem, _inside(path, self.folder), ""))
        return notes

    def _find(self, said: str) -> Note:
        """The one note that `said` can mean. Raises ToolQuestion or ToolFailed otherwise, or BrokenFile."""
        notes = _labelled(self._read())
        names = {label: (label, note.title, note.path.stem) for label, note in notes.items()}
        found = meant(said, names, inflected=True)
        if len(found) == 1:
            return _note(notes[found[0]].path, self.folder)
        if found:
            raise ToolQuestion(f"Which {said}: {listed(found)}?", found)
        close = alike(said, names)
        if close:
            raise ToolQuestion(f"No note is called {said}. Did you mean {listed(close)}?", close)
        raise ToolFailed(f"No note is called {said}. Create it, or search the notes for a word in it.")

    def _one(self, title: str, folder: str) -> Note:
        """The note of exactly this title in a folder. Raises ToolFailed when it is not there."""
        for note in self._read():
            if note.title == title and folded(note.folder) == folded(folder):
                return note
        raise ToolFailed(f"There is no note {title} any more.")

    def _folder(self, said: str) -> str:
        """The folder that `said` means, written as on the disk where it exists. Never outside the notes."""
        parts = [file_name(part, "") for part in said.replace("\\", "/").split("/")]
        wanted = "/".join(part for part in parts if part)
        if not wanted or wanted.count("/") >= MOST_FOLDERS:
            raise ToolFailed(f"{said!r} cannot be the name of a folder.")
        present = {note.folder for note in self._read()}
        return next((folder for folder in sorted(present) if folded(folder) == folded(wanted)), wanted)


def _note(path: Path, top: Path) -> Note:
    text = read_file(path).replace("\r\n", "\n")
    first, _, rest = text.partition("\n")
    if first.startswith("# ") and first[2:].strip():
        return Note(path, first[2:].strip(), _inside(path, top), rest.strip())
    return Note(path, path.stem, _inside(path, top), text.strip())


def _inside(path: Path, top: Path) -> str:
    folder = path.parent.relative_to(top).as_posix()
    return "" if folder == "." else folder


def _labelled(notes: Sequence[Note]) -> Mapping[str, Note]:
    """Notes by title; those that share one are told apart by folder or file: "Budget in Work"."""
    titles = [folded(note.title) for note in notes]
    labelled: dict[str, Note] = {}
    for note in notes:
        label = note.title
        if titles.count(folded(note.title)) > 1 and note.folder:
            label = f"{note.title} in {note.folder}"
        labelled[label if label not in labelled else f"{note.title} ({note.path.name})"] = note
    return labelled


def _one_line(text: str) -> str:
    return " ".join(text.split())
