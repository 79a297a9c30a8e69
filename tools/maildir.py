"""Mail in a Maildir (Maildir++: the inbox at the top, other folders as `.Sent` below it)."""

import mailbox
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from .allowed_folders import read_regular
from .errors import ToolFailed
from .mail_reading import header, parsed, text
from .mail_store import Kept, Mark, Received
from .said.names import folded

MOST_SEARCHED = 5_000
"""How many of the newest mails a search looks at."""

_READ_AT_MOST = 256_000
"""Bytes of a mail that are read to search it; text comes before attachments."""

_HEADERS_AT_MOST = 32_000

LARGEST_MAIL = 50_000_000
"""Bytes of a mail that is answered or passed on."""

_DELIVERED = re.compile(r"(\d{1,10})\.(?:M(\d{1,6}))?")
_FLAGS = {Mark.ANSWERED: "R", Mark.FORWARDED: "P"}


@dataclass(frozen=True, slots=True)
class Maildir:
    """A Maildir that other programs deliver into and read from at the same time."""

    folder: Path

    def recent(self, limit: int) -> list[Received]:
        """As in MailStore."""
        return [mail for mail in map(_headers, self._newest()[:limit]) if mail]

    def search(self, words: Sequence[str], sender: Sequence[str], unread: bool, limit: int) -> list[Received]:
        """As in MailStore, among the newest MOST_SEARCHED; case and accents don't count."""
        found: list[Received] = []
        for path in self._newest()[:MOST_SEARCHED]:
            if unread and not _unread(path):
                continue
            mail = _headers(path) if sender else None
            if sender and (mail is None or not _has(header(mail.message, "from"), sender)):
                continue
            mail = _read(path, _READ_AT_MOST)
            if mail is not None and (not words or _has(_all_text(mail.message), words)):
                found.append(mail)
                if len(found) == limit:
                    break
        return found

    def message(self, key: str) -> EmailMessage:
        """As in MailStore."""
        try:
            path = self._path(key)
            return parsed(read_regular(path.parent.resolve() / path.name, LARGEST_MAIL))
        except OSError as error:
            raise ToolFailed(f"The e-mail cannot be read: {error.strerror}.") from error

    def mark(self, key: str, mark: Mark) -> None:
        """As in MailStore."""
        path = self._path(key)
        flags = "".join(sorted({*_flags(path), _FLAGS[mark], "S"}))
        path.rename(self.folder / "cur" / f"{key}:2,{flags}")

    def keep(self, message: EmailMessage, folder: Kept) -> None:
        """As in MailStore."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = mailbox.MaildirMessage(message.as_bytes())
        kept.set_subdir("cur")
        kept.set_flags("S")
        mailbox.Maildir(self.folder).add_folder(folder.value).add(kept)

    def _newest(self) -> list[Path]:
        """The files of the inbox by time of delivery, newest first."""
        found = [path for part in ("new", "cur") for path in _files(self.folder / part)]
        return sorted((path for path in found if not {*_flags(path)} & {*"TD"}), key=_delivered, reverse=True)

    def _path(self, key: str) -> Path:
        for part in ("cur", "new"):
            for path in _files(self.folder / part):
                if _key(path) == key:
                    return path
        raise ToolFailed("The e-mail is no longer in the inbox.")


def _files(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            yield from (Path(entry) for entry in entries if not entry.name.startswith("."))
    except FileNotFoundError:
        return


def _headers(path: Path) -> Received | None:
    return _read(path, _HEADERS_AT_MOST)


def _read(path: Path, limit: int) -> Received | None:
    """The mail in `path`, cut after `limit` bytes; None when another program has moved it in the meantime."""
    try:
        with path.open("rb") as file:
            raw = file.read(limit)
        at = datetime.fromtimestamp(_delivered(path)).astimezone()
    except (OSError, ValueError, OverflowError):
        return None
    return Received(_key(path), parsed(raw), at, _unread(path))


def _delivered(path: Path) -> float:
    """When a file was delivered, by its name or else its date (seconds)."""
    found = _DELIVERED.match(path.name)
    if found:
        return int(found[1]) + int(found[2] or 0) / 1e6
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _key(path: Path) -> str:
    return path.name.partition(":")[0]


def _flags(path: Path) -> str:
    return path.name.rpartition(":2,")[2] if ":2," in path.name else ""


def _unread(path: Path) -> bool:
    return "S" not in _flags(path)


def _has(text: str, words: Sequence[str]) -> bool:
    plain = folded(text)
    return all(folded(word) in plain for word in words)


def _all_text(message: EmailMessage) -> str:
    return " ".join([*(header(message, name) for name in ("from", "to", "cc", "subject")), text(message)])
