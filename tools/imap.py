"""Mail on an IMAP server."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError
from imapclient.imapclient import ANSWERED, SEEN, SENT

from .errors import ToolFailed
from .mail_reading import parsed
from .mail_store import Kept, Mark, Received
from .secrets import account_name, secret
from .settings import MailServer

TIMEOUT_S = 20.0
_READ_AT_MOST = 65_536
_HEADERS = "BODY.PEEK[HEADER.FIELDS (FROM TO CC SUBJECT DATE MESSAGE-ID REPLY-TO REFERENCES IN-REPLY-TO)]"
_FLAGS = {Mark.ANSWERED: ANSWERED, Mark.FORWARDED: b"$Forwarded"}


@dataclass(frozen=True, slots=True)
class Imap:
    """The inbox of an account; each call makes a connection of its own."""

    server: MailServer
    password: Callable[[str], str] = secret
    """Gives the password of an account by its name."""

    def recent(self, limit: int) -> list[Received]:
        """As in MailStore."""
        with self._inbox() as inbox:
            return _fetched(inbox, inbox.search("ALL"), limit, _HEADERS)

    def search(self, words: Sequence[str], sender: Sequence[str], unread: bool, limit: int) -> list[Received]:
        """As in MailStore; the server searches, and decides whether accents count."""
        criteria = ["UNSEEN"] if unread else ["ALL"]
        for key, values in (("FROM", sender), ("TEXT", words)):
            criteria += [part for value in values for part in (key, value)]
        charset = None if all(map(str.isascii, criteria)) else "UTF-8"
        with self._inbox() as inbox:
            return _fetched(inbox, inbox.search(criteria, charset), limit, f"BODY.PEEK[]<0.{_READ_AT_MOST}>")

    def message(self, key: str) -> EmailMessage:
        """As in MailStore."""
        with self._inbox() as inbox:
            found = inbox.fetch([int(key)], ["BODY.PEEK[]"])
        if int(key) not in found:
            raise ToolFailed("The e-mail is no longer in the inbox.")
        return parsed(_content(found[int(key)]))

    def mark(self, key: str, mark: Mark) -> None:
        """As in MailStore."""
        with self._inbox(readonly=False) as inbox:
            inbox.add_flags([int(key)], [_FLAGS[mark], SEEN])

    def keep(self, message: EmailMessage, folder: Kept) -> None:
        """As in MailStore; the server's own folder for sent mail where it names one."""
        with self._connected() as client:
            own = client.find_special_folder(SENT) if folder is Kept.SENT else None
            name = own or folder.value
            if not client.folder_exists(name):
                client.create_folder(name)
            client.append(name, message.as_bytes(), flags=[SEEN])

    @contextmanager
    def _inbox(self, readonly: bool = True) -> Iterator[IMAPClient]:
        with self._connected() as client:
            client.select_folder("INBOX", readonly=readonly)
            yield client

    @contextmanager
    def _connected(self) -> Iterator[IMAPClient]:
        server = self.server
        password = self.password(account_name(server.user, server.host))
        try:
            with IMAPClient(
                server.host,
                server.port or (993 if server.security == "tls" else 143),
                ssl=server.security == "tls",
                ssl_context=ssl.create_default_context() if server.security == "tls" else None,
                timeout=TIMEOUT_S,
            ) as client:
                if server.security == "starttls":
                    client.starttls(ssl.create_default_context())
                client.login(server.user, password)
                yield client
        except LoginError as error:
            raise ToolFailed(
                f"{server.host} does not let {server.user} in: {_said(error)}. Check the name in [mail.imap] "
                "and the password in the keyring."
            ) from error
        except (IMAPClientError, OSError) as error:
            raise ToolFailed(
                f"The mail server {server.host} cannot be used: {_said(error)}. Try again later."
            ) from error


def _fetched(inbox: IMAPClient, uids: Sequence[int], limit: int, what: str) -> list[Received]:
    newest = sorted(uids, reverse=True)[:limit]  # servers number mails as they come in
    found = inbox.fetch(newest, ["INTERNALDATE", "FLAGS", what]) if newest else {}
    return [_received(uid, found[uid]) for uid in newest if uid in found]


def _received(uid: int, data: dict[bytes, Any]) -> Received:
    at: datetime = data[b"INTERNALDATE"]  # local time without a zone
    return Received(str(uid), parsed(_content(data)), at.astimezone(), SEEN not in data[b"FLAGS"])


def _content(data: dict[bytes, Any]) -> bytes:
    content: bytes = next((value for key, value in data.items() if key.startswith(b"BODY[")), b"")
    return content


def _said(error: Exception) -> str:
    """What the server said; imapclient passes bytes on as they came."""
    answer = error.args[0] if error.args else ""
    return (
        answer.decode("utf-8", "replace").rstrip(".") if isinstance(answer, bytes) else str(error).rstrip(".")
    )
