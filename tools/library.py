"""The user's music, videos and podcasts: files in folders, found by their names and tags."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tinytag import TinyTag, TinyTagException

from .said.names import folded, meant

MOST_FILES = 50_000
MOST_TAGGED = 5_000
"""Files whose tags are read, when no name fits."""

_SOUND = frozenset(
    [".mp3", ".ogg", ".oga", ".opus", ".flac", ".m4a", ".m4b", ".aac", ".wav", ".aiff", ".wma"]
)
_VIDEO = frozenset([".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v", ".ogv", ".mpg", ".mpeg", ".wmv"])
_KINDS = re.compile(
    r"\b(?:some|any|a|the|my|music|songs?|tracks?|albums?|videos?|films?|movies?|podcasts?|episodes?|playlist|"
    r"by|from|of|something|anything|tunes?|play)\b"
)
_NUMBER = re.compile(r"^\d+\s*[-._ ]\s*")


@dataclass(frozen=True, slots=True)
class Library:
    """Folders of music and videos; tags are read when they are first needed."""

    folders: tuple[Path, ...]
    _tags: dict[Path, tuple[float, str, tuple[str, ...]]] = field(default_factory=dict)

    def find(self, said: str) -> list[Path]:
        """Files that `said` can mean, in the order in which they lie: a song, all of an album or a singer.

        What names only a kind ("some music") means everything there is.
        """
        files = {str(path): path for folder in self.folders for path in _files(folder)}
        telling = " ".join(_KINDS.sub(" ", folded(said)).split())
        if not telling:
            return list(files.values())
        names = {key: _names(path) for key, path in files.items()}
        found = meant(said, names) or meant(telling, names) or meant(telling, names, inflected=True)
        if not found:
            tags = {key: self._tagged(files[key])[1] for key in list(files)[:MOST_TAGGED]}
            words = {key: (*own, " ".join(own)) for key, own in tags.items()}
            found = meant(telling, words) or meant(telling, words, inflected=True)
        return [files[key] for key in found]

    def title(self, path: Path) -> str:
        """ "Holocene by Bon Iver", or the name of the file without number and extension."""
        return self._tagged(path)[0]

    def _tagged(self, path: Path) -> tuple[str, tuple[str, ...]]:
        """Title for people, and what a file goes by in its tags."""
        try:
            changed = path.stat().st_mtime
        except OSError:
            changed = 0.0
        known = self._tags.get(path)
        if known is None or known[0] != changed:
            known = self._tags[path] = (changed, *_read_tags(path))
        return known[1:]


def _read_tags(path: Path) -> tuple[str, tuple[str, ...]]:
    title, tags = _NUMBER.sub("", path.stem).strip() or path.stem, ()
    if path.suffix.lower() in _SOUND:
        try:
            tag = TinyTag.get(path, duration=False)
        except (TinyTagException, OSError, ValueError):
            return title, tags
        words = tuple(
            " ".join(word.split()) for word in (tag.title, tag.artist, tag.album, tag.genre) if word
        )
        return (f"{tag.title} by {tag.artist}" if tag.title and tag.artist else tag.title or title), words
    return title, tags


def _files(folder: Path) -> Iterator[Path]:
    seen = 0
    for inside, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in _SOUND | _VIDEO:
                yield Path(inside, name)
                seen += 1
                if seen == MOST_FILES:
                    return


def _names(path: Path) -> tuple[str, ...]:
    """What a file goes by: its own name, its folders' (album, singer), and all of these in a row."""
    plain = _NUMBER.sub("", path.stem).replace("_", " ")
    album, singer = path.parent.name, path.parent.parent.name
    return plain, path.stem, album, singer, f"{singer} {album} {plain}".replace("_", " ")
