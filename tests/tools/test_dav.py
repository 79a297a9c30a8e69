"""Calendars and address books on a real CalDAV and CardDAV server."""

import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import keyring
import pytest
from pydantic import HttpUrl

from scrubjay.tools.calendar import Calendar
from scrubjay.tools.collection import Trash
from scrubjay.tools.contacts import Contacts
from scrubjay.tools.dav import DavCollection
from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.secrets import store_secret
from scrubjay.tools.settings import DavAccount
from scrubjay.tools.times import Times

from .calling import call
from .dav_server import PASSWORD, USER, running
from .memory_keyring import MemoryKeyring

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=ZoneInfo("Europe/Lisbon"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("radicale")) as address:
        yield address


@pytest.fixture(autouse=True)
def _own_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    store_secret(f"{USER}@127.0.0.1", PASSWORD)
    yield
    keyring.set_keyring(before)


def account(url: str, name: str = "") -> DavAccount:
    return DavAccount(url=HttpUrl(url), user=USER, name=name)


def calendar(server: str, folder: Path, name: str = "Work") -> Calendar:
    events = DavCollection(account(server, name), "calendar")
    return Calendar(events, Trash(folder / "trash", ".ics"), Times(lambda: NOW))


def test_events_live_on_the_server(server: str, tmp_path: Path) -> None:
    mine, phone = calendar(server, tmp_path), calendar(server, tmp_path)
    call(mine.create_event, title="Café: plan; next, steps", start="tomorrow at 2pm", location="Zoé's")
    assert call(phone.list_events, when="tomorrow") == ["14:00 Café: plan; next, steps at Zoé's"]
    moved = call(phone.move_event, title="café", start="Friday at 10")
    assert call(mine.list_events, when="Friday") == ["10:00 Café: plan; next, steps at Zoé's"]
    assert mine.move_event.undo
    mine.move_event.undo({"title": "café"}, moved)
    cancelled = call(mine.cancel_event, title="café")
    assert cancelled == "Café: plan; next, steps on Wednesday 25 November, 14:00 is cancelled"
    assert call(phone.list_events, when="this month") == []
    assert mine.cancel_event.undo
    mine.cancel_event.undo({"title": "café"}, cancelled)
    assert len(call(phone.list_events, when="tomorrow")) == 1


def test_a_series_is_changed_on_the_server(server: str, tmp_path: Path) -> None:
    app = calendar(server, tmp_path, "home")  # by the last part of its address
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:s\r\nSUMMARY:Standup\r\n"
        "DTSTAMP:20261101T000000Z\r\nDTSTART:20261102T091500\r\nDTEND:20261102T093000\r\n"
        "RRULE:FREQ=DAILY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    app.events.add("s", text)
    call(app.move_event, title="standup", start="11am")
    call(app.cancel_event, title="standup", when="tomorrow")
    assert call(app.list_events, when="today") == ["11:00 Standup"]
    assert call(app.list_events, when="tomorrow") == []
    assert call(app.list_events, when="Thursday") == ["09:15 Standup"]


def test_the_address_of_the_calendar_itself_works_too(server: str, tmp_path: Path) -> None:
    events = DavCollection(account(f"{server}{USER}/home"), "calendar")
    assert isinstance(events.read()[0], list)


def test_what_was_changed_elsewhere_meanwhile_is_not_overwritten(server: str, tmp_path: Path) -> None:
    events = DavCollection(account(server, "At home"), "calendar")
    app = calendar(server, tmp_path, "At home")
    call(app.create_event, title="Tea", start="tomorrow at 4pm")
    (old,) = [kept for kept in events.read()[0] if "Tea" in kept.text]
    events.replace(old, old.text.replace("Tea", "Tea with Bo"))
    with pytest.raises(ToolFailed, match="changed elsewhere"):
        events.replace(old, old.text)
    with pytest.raises(ToolFailed, match="changed elsewhere"):
        events.remove(old)
    with pytest.raises(ToolFailed, match="changed elsewhere"):
        events.add(old.name.rpartition("/")[2].removesuffix(".ics"), old.text)


def test_an_address_book_keeps_vcards(server: str) -> None:
    cards = DavCollection(account(server), "address book")
    text = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:z\r\nFN:Zoé\r\nN:;Zoé;;;\r\nTEL:555\r\nEND:VCARD\r\n"
    cards.add("Zoé Ü", text)
    (kept,), _ = cards.read()
    assert "FN:Zoé" in kept.text
    cards.remove(kept)
    assert cards.read() == ([], [])


def test_contacts_live_on_the_server(server: str, tmp_path: Path) -> None:
    trash = Trash(tmp_path, ".vcf")
    mine, phone = (Contacts(DavCollection(account(server), "address book"), trash) for _ in range(2))
    added = {"name": "Solène Marchetti", "phone": "555-0129", "email": "solene@example.com"}
    result = call(mine.add_contact, **added)
    assert call(phone.get_phone_number, name="solene") == "555-0129"
    assert call(phone.get_email_address, name="solene") == "solene@example.com"
    assert phone.add_contact.undo
    phone.add_contact.undo(added, result)
    with pytest.raises(ToolFailed, match="No contact is called solene"):
        call(mine.get_phone_number, name="solene")


@pytest.mark.parametrize(
    ("url", "name", "message"),
    [
        ("http://dav.example.org/", "", "unencrypted"),
        ("{server}", "Play", "has no calendar 'Play'; there is .*Work"),
        ("{server}ana/people/nothing/", "", "error 404|no calendar"),
    ],
)
def test_what_is_wrong_with_an_account_is_told(server: str, url: str, name: str, message: str) -> None:
    events = DavCollection(account(url.format(server=server), name), "calendar")
    with pytest.raises(ToolFailed, match=message):
        events.read()


def test_a_wrong_password_is_told_with_how_to_put_the_right_one(server: str) -> None:
    store_secret(f"{USER}@127.0.0.1", "red door")
    with pytest.raises(
        ToolFailed, match=r"does not accept the password of ana.*keyring set scrubjay ana@127"
    ):
        DavCollection(account(server), "calendar").read()


def test_a_missing_password_is_told(server: str) -> None:
    keyring.set_keyring(MemoryKeyring())
    with pytest.raises(ToolFailed, match="no password for ana@127"):
        DavCollection(account(server), "calendar").read()


def test_a_server_that_is_away_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ToolFailed, match=r"127\.0\.0\.1 cannot be used now"):
        DavCollection(account(f"http://127.0.0.1:{port}/"), "calendar").read()
