"""Reading mails that others wrote: senders, subjects and text, whatever state they are in.

Headers are attacker-controlled, and `email` raises many kinds of errors on broken ones; here a part that
cannot be read is empty text.
"""

import re
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime

from .html_text import html_text
from .mail_store import Received

MAX_TEXT = 200_000
"""Characters of a mail's text that are looked at."""

_MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,240}>")


def parsed(raw: bytes) -> EmailMessage:
    """A mail from its bytes, also when it is cut short or broken."""
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)


def header(message: Message, name: str) -> str:
    """A header on one line, decoded, without control characters; empty when it is missing or unreadable."""
    try:
        value = str(message.get(name, ""))
    except Exception:  # headerregistry fails in many ways on what spam puts there
        return ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())


def sender(message: Message) -> tuple[str, str]:
    """Name and address in From; either may be empty."""
    return next(iter(addresses(message, "from")), ("", ""))


def addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Names and addresses of a header such as To."""
    return [pair for pair in getaddresses([header(message, name)]) if pair[1]]


def shown_sender(message: Message) -> str:
    """'Sid Jha <sid@example.com>', the address alone, or "somebody"."""
    name, address = sender(message)
    return f"{name} <{address}>" if name and address else name or address or "somebody"


def subject(message: Message) -> str:
    """The subject, or "(no subject)"."""
    return header(message, "subject") or "(no subject)"


def message_ids(message: Message, name: str) -> list[str]:
    """The well-formed ids, in their angle brackets, in a header such as References."""
    return _MESSAGE_ID.findall(header(message, name))


def text(message: EmailMessage) -> str:
    """What a mail says: its plain text, or the text of its HTML; at most MAX_TEXT characters."""
    try:
        body = message.get_body(("plain", "html"))
        content = body.get_content() if body is not None else ""
    except Exception:  # unknown charsets, broken multiparts: a hundred ways
        return ""
    if not isinstance(content, str):
        return ""
    content = content[:MAX_TEXT].replace("\r\n", "\n")
    return html_text(content) if body is not None and body.get_content_type() == "text/html" else content


def dated(received: Received) -> str:
    """When a mail was written, by its own word, as "Mon 23 Nov 2026, 09:12"; or else when it came in."""
    try:
        at = parsedate_to_datetime(header(received.message, "date"))
        at = at.astimezone(received.at.tzinfo)
    except (ValueError, TypeError, OverflowError):
        at = received.at
    return f"{at:%a} {at.day} {at:%b %Y, %H:%M}"
