"""Reading mails that others wrote: senders, subjects and text, whatever state they are in.

Others wrote every header. `email` raises many kinds of errors on broken ones, and takes minutes for one of
30,000 commas; here a part that cannot be read is empty text, and what is too long is cut before it is read.
"""

import re
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from .html_text import html_text
from .mail_store import Received

MAX_TEXT = 200_000
"""Characters of a mail's text that are looked at."""

LONGEST_HEADER = 10_000
"""Characters of a header that are looked at."""

_LONGEST_PARSED = 500
"""Characters of a header that `email` parses by itself, as it does for the kind and the name of a part."""

_MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,240}>")


class _Bounded(EmailPolicy):
    """Parses no more of a header than a few lines, whatever it is."""

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        if hasattr(value, "name"):  # parsed already
            return value
        try:
            return super().header_fetch_parse(name, value[:_LONGEST_PARSED])
        except Exception:  # it fails in many ways on what spam puts there
            return super().header_fetch_parse(name, "")


def parsed(raw: bytes) -> EmailMessage:
    """A mail from its bytes, also when it is cut short or broken."""
    bounded = _Bounded()
    parser: BytesParser[EmailMessage] = BytesParser(EmailMessage, policy=bounded)  # type: ignore[arg-type]
    try:
        return parser.parsebytes(raw)
    except RecursionError:  # parts in parts, thousands deep
        return parser.parsebytes(raw, headersonly=True)


def header(message: Message, name: str) -> str:
    """A header on one line, decoded, without control characters; empty when it is missing or unreadable."""
    written = (str(value) for key, value in message.raw_items() if key.casefold() == name.casefold())
    raw = next(written, "")[:LONGEST_HEADER].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        value = str(make_header(decode_header(raw)))
    except Exception:  # unknown charsets, broken encodings
        value = raw
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())


def sender(message: Message) -> tuple[str, str]:
    """Name and address in From; either may be empty."""
    return next(iter(addresses(message, "from")), ("", ""))


def addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Names and addresses of a header such as To."""
    try:
        return [pair for pair in getaddresses([header(message, name)]) if pair[1]]
    except Exception:  # brackets in brackets, a thousand deep
        return []


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
    except Exception:  # as for every header
        at = received.at
    return f"{at:%a} {at.day} {at:%b %Y, %H:%M}"
