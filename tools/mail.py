"""The mail app: searching the inbox; writing, answering and passing on mails."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from .allowed_folders import AllowedFolders
from .decorator import tool, tools_of
from .effect import Effect
from .errors import ToolFailed, ToolQuestion
from .mail_reading import addresses, dated, message_ids, sender, shown_sender, subject, text
from .mail_store import Kept, MailStore, Mark, Received
from .mail_writing import attach, forward_of, new_message, recipient, recipients, reply_to
from .said.names import alike, folded, listed, meant, stem, telling_words
from .say import spoken
from .smtp import Smtp
from .tool import Tool

MOST_FOUND = 20
"""How many mails a search returns."""

RECENT = 300
"""How many of the newest mails can be answered or passed on."""

_BEGINNING = 160
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mailbox, and a server that takes mail; without one, what is written waits in the outbox."""

    store: MailStore
    me: Address
    smtp: Smtp | None
    attachable: AllowedFolders
    """Where attachments may come from."""
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()
    _shown: dict[str, Received] = field(default_factory=dict)
    """By what was said: the mail that was shown for it. The one that the person agreed to is the one that is
    answered, also when a newer one has come in since."""

    def tools(self) -> list[Tool]:
        """The tools, which say "in the outbox" where nothing can be sent."""
        if self.smtp is not None:
            return tools_of(self)
        waiting = "{} is in the outbox: set up [mail.smtp] to have it sent."
        subjects = {
            "compose_email": "Your e-mail about {subject}",
            "reply_to_email": "Your answer about {query}",
            "forward_email": "The e-mail about {query} for {to}",
        }
        return [
            replace(tool, say=waiting.format(subjects[tool.name])) if tool.name in subjects else tool
            for tool in tools_of(self)
        ]

    def _understood(self, arguments: Mapping[str, Any]) -> Mapping[str, str]:
        """Which mail is meant, who gets the new one, and which files go with it."""
        shown = {}
        if query := arguments.get("query"):
            mail = self._shown[query] = self._find(query)
            shown["query"] = _title(mail)
            if "to" not in arguments:
                shown["query"] += f" (the answer goes to {_answered_at(mail.message).addr_spec})"
        for name in ("to", "cc"):
            if people := arguments.get(name):
                shown[name] = spoken([address.addr_spec for address in recipients(people)])
        if paths := arguments.get("attachments"):
            shown["attachments"] = spoken([str(self.attachable.file(path)) for path in paths])
        return shown

    @tool(
        effect=Effect.SEND,
        state="mail",
        timeout_s=60,
        say="Sent {to} your e-mail about {subject}.",
        understood=_understood,
        recipients=("to", "cc"),
        targets=("attachments",),
    )
    def compose_email(
        self,
        to: list[str],
        subject: str,
        body: str | None = None,
        cc: list[str] | None = None,
        attachments: list[str] | None = None,
    ) -> str:
        """Write and send a new email.

        Args:
            to: Recipients' email addresses
            subject: Subject line
            body: Text of the email
            cc: Addresses to copy
            attachments: Paths of files to attach

        Returns:
            Id of the sent email
        """
        message = new_message(
            self.me, recipients(to), subject, body or "", self.now(), cc=recipients(cc or ())
        )
        return self._send(message, attachments)

    @tool(
        effect=Effect.READ,
        state="mail",
        timeout_s=60,
        say="E-mails found: {result}.",
        from_others=True,
        source="an e-mail in your mailbox",
    )
    def search_email(
        self, query: str | None = None, sender: str | None = None, unread: bool | None = None
    ) -> list[Any]:
        """Search the mailbox.

        Args:
            query: Words to look for
            sender: Only from this sender
            unread: Only unread emails

        Returns:
            Matching emails, newest first
        """
        words, from_whom = _words(query or ""), _words(sender or "")
        found = self.store.search(words, from_whom, bool(unread), MOST_FOUND)
        stems = [stem(word) for word in words]
        if not found and stems != words:
            found = self.store.search(stems, from_whom, bool(unread), MOST_FOUND)
        return [_line(mail) for mail in found]

    @tool(
        effect=Effect.SEND,
        state="mail",
        timeout_s=60,
        say="Sent your answer about {query}.",
        understood=_understood,
        targets=("query", "cc", "attachments"),
        others_choose="where the answer goes (an e-mail in your mailbox)",
    )
    def reply_to_email(
        self, query: str, body: str, cc: list[str] | None = None, attachments: list[str] | None = None
    ) -> str:
        """Reply to the newest email from someone, or about something.

        Args:
            query: Sender or subject of the email to answer
            body: Text of the reply
            cc: Addresses to copy
            attachments: Paths of files to attach

        Returns:
            Id of the sent reply
        """
        mail = self._shown.pop(query, None) or self._find(query)
        original = self.store.message(mail.key)
        message = reply_to(
            original, self.me, _answered_at(original), body, self.now(), cc=recipients(cc or ())
        )
        sent = self._send(message, attachments)
        self._mark(mail, Mark.ANSWERED)
        return sent

    @tool(
        effect=Effect.SEND,
        state="mail",
        timeout_s=60,
        say="Forwarded the e-mail about {query} to {to}.",
        understood=_understood,
        targets=("query", "to", "attachments"),
    )
    def forward_email(
        self, query: str, to: list[str], body: str | None = None, attachments: list[str] | None = None
    ) -> str:
        """Forward an email to other people.

        Args:
            query: Sender or subject of the email to forward
            to: Recipients' email addresses
            body: Text to add above it
            attachments: Paths of files to attach

        Returns:
            Id of the forwarded email
        """
        people = recipients(to)
        mail = self._shown.pop(query, None) or self._find(query)
        message = forward_of(self.store.message(mail.key), self.me, people, body or "", self.now())
        sent = self._send(message, attachments)
        self._mark(mail, Mark.FORWARDED)
        return sent

    def _find(self, said: str) -> Received:
        """The newest mail from `said`, or else about it. Raises ToolQuestion when it fits several people."""
        mails = self.store.recent(RECENT)
        people = {shown_sender(mail.message): sender(mail.message) for mail in reversed(mails)}
        from_them = meant(said, people)
        if len({people[person][1].casefold() for person in from_them}) > 1:
            raise ToolQuestion(f"E-mails from whom: {listed(from_them)}?", from_them)
        if from_them:
            return next(mail for mail in mails if shown_sender(mail.message) in from_them)
        newest = {mail.key: mail for mail in mails}
        subjects = {mail.key: (subject(mail.message),) for mail in mails}
        both = {mail.key: (f"{shown_sender(mail.message)} {subject(mail.message)}",) for mail in mails}
        for names in (subjects, both):
            if found := meant(said, names, inflected=True):
                return newest[found[0]]
        close = alike(said, {**people, **{subject(mail.message): subjects[mail.key] for mail in mails}})
        if close:
            raise ToolQuestion(f"No e-mail is from {said} or about it. Did you mean {listed(close)}?", close)
        raise ToolFailed(f"No e-mail is from {said} or about it. Search the mailbox for other words.")

    def _send(self, message: EmailMessage, attachments: Sequence[str] | None) -> str:
        attach(message, attachments or (), self.attachable)
        if self.smtp is None:
            self.store.keep(message, Kept.OUTBOX)
        else:
            self.smtp.send(message)
            self._keep_sent(message)
        return message_ids(message, "message-id")[0].strip("<>")

    def _keep_sent(self, message: EmailMessage) -> None:
        try:
            self.store.keep(message, Kept.SENT)
        except (ToolFailed, OSError) as error:  # it is sent: to fail here would have it sent twice
            _log.warning("The e-mail was sent, but no copy was kept: %s", error)

    def _mark(self, mail: Received, mark: Mark) -> None:
        try:
            self.store.mark(mail.key, mark)
        except (ToolFailed, OSError) as error:
            _log.warning("The e-mail could not be marked as %s: %s", mark, error)


def _answered_at(original: EmailMessage) -> Address:
    """Who gets the answer: the sender, or Reply-To where it has the sender's domain.

    Elsewhere it is a usual trick to have answers go to somebody else: the person decides then.
    """
    _, author = sender(original)
    wanted = [address for _, address in addresses(original, "reply-to")]
    if len(wanted) == 1 and _domain(wanted[0]) == _domain(author):
        return recipient(wanted[0])
    elsewhere = [address for address in wanted if address.casefold() != author.casefold()]
    if elsewhere:
        raise ToolQuestion(
            f"The e-mail is from {author} but wants its answer sent to {', '.join(elsewhere)}. "
            f"Write a new e-mail to the one you mean: {listed([author, *elsewhere])}?",
            [author, *elsewhere],
        )
    if not author:
        raise ToolFailed("The e-mail doesn't say who sent it, so it cannot be answered.")
    return recipient(author)


def _title(mail: Received) -> str:
    """Who wrote it, about what and when, for a question."""
    title = f"{shown_sender(mail.message)}: {subject(mail.message)}"
    return f"{title if len(title) <= _BEGINNING else title[:_BEGINNING] + '...'} ({dated(mail)})"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold()


def _line(mail: Received) -> str:
    """A mail on one line: who, what, when and how it begins."""
    when = dated(mail) + (", unread" if mail.unread else "")
    begins = " ".join(text(mail.message).split())
    if len(begins) > _BEGINNING:
        begins = f"{begins[:_BEGINNING].rsplit(' ', 1)[0]}..."
    return f"{shown_sender(mail.message)}: {subject(mail.message)} ({when})" + (
        f": {begins}" if begins else ""
    )


def _words(said: str) -> list[str]:
    """The telling words of a search, as they were said: servers have their own idea of accents."""
    telling = set(telling_words(said)) if said.strip() else set()
    words = [word.removesuffix("'s") for word in re.findall(r"[\w'+#&]+", said)]
    return [word for word in words if folded(word) in telling]
