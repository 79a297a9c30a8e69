"""Where mail lies: what a Maildir and an IMAP account have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from enum import StrEnum
from typing import Protocol


class Kept(StrEnum):
    """A folder for what the user wrote."""

    SENT = "Sent"
    OUTBOX = "Outbox"
    """Written while no server was set up to take it."""


class Mark(StrEnum):
    """What happened to a mail that came in."""

    ANSWERED = "answered"
    FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True)
class Received:
    """A mail in the inbox. Others wrote it: every header can be missing, wrong or forged."""

    key: str
    """Finds it again in its store."""
    message: EmailMessage
    """Its headers at least; the body may be missing or cut."""
    at: datetime
    """When it came in, by the store's clock; the sender's own date is in the headers."""
    unread: bool


class MailStore(Protocol):
    """Mail that came in, and what was sent. Methods raise ToolFailed when the store cannot be reached."""

    def recent(self, limit: int) -> list[Received]:
        """The newest mails of the inbox, newest first, with their headers at least."""

    def search(self, words: Sequence[str], sender: Sequence[str], unread: bool, limit: int) -> list[Received]:
        """Mails that have all `words` in headers or text, all of `sender` in From, newest first."""

    def message(self, key: str) -> EmailMessage:
        """The whole mail. Raises ToolFailed when it is gone."""

    def mark(self, key: str, mark: Mark) -> None:
        """Note on a mail what was done with it."""

    def keep(self, message: EmailMessage, folder: Kept) -> None:
        """Put a mail of the user's own into `folder`."""
