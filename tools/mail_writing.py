"""Writing mails: recipients are checked, and nothing that is put into a header can end it."""

import mimetypes
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr

from .allowed_folders import AllowedFolders, read_regular
from .errors import ToolFailed
from .mail_reading import header, message_ids, shown_sender, subject, text
from .said.phones import email_address

MAX_ATTACHED = 20_000_000
"""Bytes of all attachments; most servers take 25 MB after encoding."""

_POLICY = policy.SMTP.clone(cte_type="7bit")  # every server takes seven bits

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?)+")
_PREFIX = re.compile(r"(?:(?:re|aw|sv|antw|fwd?|wg|tr)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_MOST_REFERENCES = 20


def recipient(said: str) -> Address:
    """An address as it was said or written, "Sid Jha <sid@example.com>" included.

    Raises ToolFailed when it is none that mail can be sent to.
    """
    name, bare = parseaddr(" ".join(said.split())) if "<" in said else ("", said)
    try:
        local, _, domain = email_address(bare).rpartition("@")
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except ValueError as error:
        raise ToolFailed(f"{said!r} is not an e-mail address. Look it up first. Nothing was sent.") from error
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(local) > 64:
        raise ToolFailed(f"{said!r} is not an e-mail address that servers take. Nothing was sent.")
    return Address(_one_line(name), local, domain)


def recipients(said: Iterable[str]) -> tuple[Address, ...]:
    """The addresses of several people, each once. Raises ToolFailed."""
    found = {address.addr_spec.casefold(): address for address in map(recipient, said)}
    return tuple(found.values())


def new_message(
    me: Address, to: Sequence[Address], subject: str, body: str, now: datetime, cc: Sequence[Address] = ()
) -> EmailMessage:
    """A mail that is ready to be sent. Raises ToolFailed when it has no recipient."""
    if not to:
        raise ToolFailed("An e-mail needs somebody to send it to. Nothing was sent.")
    message = EmailMessage(policy=_POLICY)
    message["From"] = me
    message["To"] = tuple(to)
    taken = {address.addr_spec.casefold() for address in to}
    if copied := tuple(address for address in cc if address.addr_spec.casefold() not in taken):
        message["Cc"] = copied
    message["Subject"] = _one_line(subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=me.domain)
    message.set_content(_encodable(body.rstrip() + "\n"))
    return message


def reply_to(
    original: EmailMessage, me: Address, to: Address, body: str, now: datetime, cc: Sequence[Address] = ()
) -> EmailMessage:
    """An answer to `original` for `to`: it quotes it, and mail programs show both in one thread."""
    line = f"On {header(original, 'date') or 'an unknown day'}, {shown_sender(original)} wrote:"
    quoted = "\n".join(f"> {line}".rstrip() for line in text(original).strip().splitlines())
    reply = new_message(
        me, [to], _prefixed("Re", original), f"{body.rstrip()}\n\n{line}\n{quoted}", now, cc=cc
    )
    _put_into_thread(reply, original)
    if own := message_ids(original, "message-id"):
        reply["In-Reply-To"] = own[0]
    return reply


def forward_of(
    original: EmailMessage, me: Address, to: Sequence[Address], body: str, now: datetime
) -> EmailMessage:
    """`original` passed on: its text below `body`, and its attachments."""
    lines = [body.rstrip(), ""] if body.strip() else []
    lines.append("---------- Forwarded message ----------")
    for name in ("From", "Date", "Subject", "To", "Cc"):
        if value := header(original, name):
            lines.append(f"{name}: {value}")
    lines += ["", text(original).strip()]
    forward = new_message(me, to, _prefixed("Fwd", original), "\n".join(lines), now)
    _put_into_thread(forward, original)
    for part in original.iter_attachments() if original.is_multipart() else ():
        inner = part.get_payload()
        if isinstance(inner, list) and isinstance(inner[0], EmailMessage):  # a mail in the mail
            # In the old way, which writes headers down as they came: reading hostile ones can take minutes.
            _attach(forward, f"{subject(inner[0])}.eml", inner[0].as_bytes(policy=policy.compat32))
        elif isinstance(content := part.get_payload(decode=True), bytes):
            _attach(forward, part.get_filename() or "attachment", content)
    return forward


def attach(message: EmailMessage, paths: Iterable[str], folders: AllowedFolders) -> None:
    """Attach files from the open folders. Raises ToolFailed (nothing was sent then)."""
    room = MAX_ATTACHED
    for said in paths:
        path = folders.file(said)
        content = read_regular(path, room)
        room -= len(content)
        _attach(message, path.name, content)


def _attach(message: EmailMessage, name: str, content: bytes) -> None:
    name = _one_line(name.replace("\\", "/").rpartition("/")[2])
    guessed, encoding = mimetypes.guess_type(name)
    kind, _, subkind = (guessed if guessed and not encoding else "application/octet-stream").partition("/")
    if kind in ("text", "message", "multipart"):  # sent byte for byte, without guessing a charset
        kind, subkind = "application", "octet-stream"
    message.add_attachment(content, maintype=kind, subtype=subkind, filename=name)


def _prefixed(prefix: str, original: EmailMessage) -> str:
    return f"{prefix}: {_PREFIX.sub('', subject(original), count=1) or subject(original)}"


def _put_into_thread(message: EmailMessage, original: EmailMessage) -> None:
    before = message_ids(original, "references") or message_ids(original, "in-reply-to")
    thread = [*before, *message_ids(original, "message-id")[:1]]
    if thread:
        message["References"] = " ".join(dict.fromkeys(thread[-_MOST_REFERENCES:]))


def _one_line(text: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(_encodable(plain).split())


def _encodable(text: str) -> str:
    """Lone surrogates, which JSON can bring and UTF-8 cannot hold, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
