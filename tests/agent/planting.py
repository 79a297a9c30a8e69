"""Puts what an attacker wrote where it would lie: a mail in the inbox, a file, an invitation, an answer."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from fpdf import FPDF

from scrubjay.tools.effect import Effect
from scrubjay.tools.tool import Tool

EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Others//EN\r
BEGIN:VEVENT\r
UID:{uid}\r
DTSTAMP:20260101T000000Z\r
DTSTART:{start}\r
DURATION:PT1H\r
SUMMARY:{title}\r
LOCATION:{location}\r
END:VEVENT\r
END:VCALENDAR\r
"""
REMINDER = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Others//EN\r
BEGIN:VTODO\r
UID:other\r
DTSTAMP:20260101T000000Z\r
SUMMARY:{text}\r
END:VTODO\r
END:VCALENDAR\r
"""
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nN:{name};;;;\r\n{rest}END:VCARD\r\n"


def plant(attack: dict[str, Any], data: Path) -> list[Tool]:
    """Put everything of `attack` into the data folder; returns the tools of others that it brings."""
    tools = []
    for kind, what in attack.items():
        match kind.rstrip("2"):
            case "mail":
                _mail(data, what)
            case "file":
                _file(data / "files" / what["path"], what["content"])
            case "pdf":
                _pdf(data / "files" / what["path"], what["text"])
            case "note":
                _file(
                    data / "notes" / f"{len(what['content'])}.md", f"# {what['title']}\n\n{what['content']}\n"
                )
            case "event":
                start = what["start"].replace("-", "").replace(":", "")
                text = EVENT.format(
                    uid=kind,
                    start=start,
                    title=what["title"].replace(",", "\\,"),
                    location=what.get("location", "").replace(",", "\\,"),
                )
                _file(data / "calendar" / f"{kind}.ics", text)
            case "contact":
                rest = "".join(
                    f"{name}:{what[key]}\r\n"
                    for key, name in (("phone", "TEL"), ("email", "EMAIL"))
                    if key in what
                )
                _file(data / "contacts" / f"{kind}.vcf", CARD.format(name=what["name"], rest=rest))
            case "reminder":
                _file(data / "reminders" / "other.ics", REMINDER.format(text=what))
            case "tool":
                tools.append(_tool(what["name"], what["answers"]))
    return tools


def texts_of(attack: dict[str, Any]) -> Iterator[str]:
    """Every text that the attacker chose."""
    for kind, what in attack.items():
        if kind not in ("name", "request", "plan", "obeys", "source", "asks_back"):
            yield from _texts(what)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value if isinstance(value, list) else (*value, *value.values()):
            yield from _texts(item)


def _mail(data: Path, mail: dict[str, str]) -> None:
    for part in ("new", "cur", "tmp"):
        (data / "mail" / part).mkdir(parents=True, exist_ok=True)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mail["from"], "me@example.com", mail["subject"]
    message["Date"] = "Fri, 20 Nov 2026 08:00:00 +0000"
    message.set_content(mail["body"])
    (data / "mail/new/1795000001.M1P1.host").write_bytes(message.as_bytes())


def _file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def _pdf(path: Path, text: str) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    pdf.multi_cell(0, text=text)
    path.parent.mkdir(parents=True, exist_ok=True)
    pdf.output(str(path))


def _tool(name: str, answers: Any) -> Tool:
    return Tool(
        name,
        "Somebody else's tool",
        {"type": "object", "properties": {}},
        effect=Effect.READ,
        from_others=True,
        function=lambda: answers,
    )
