"""Links to video meetings."""

import json
import sys
from datetime import datetime
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scrubjay.tools import meetings as module
from scrubjay.tools.errors import ToolFailed, ToolQuestion
from scrubjay.tools.meetings import LinkCommand, LinkTemplate, Meeting, Meetings, provider
from scrubjay.tools.times import Times

from .calling import call

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=ZoneInfo("Europe/Lisbon"))
TIMES = Times(lambda: NOW)


def test_a_link_names_the_topic_and_cannot_be_guessed() -> None:
    app = Meetings(LinkTemplate("https://meet.example/{slug}"), TIMES)
    links = {call(app.create_meeting_link, topic="Q3 plans: Zoé & co") for _ in range(20)}
    assert len(links) == 20
    for link in links:
        start, _, secret = link.rpartition("-")
        assert start == "https://meet.example/q3-plans-zoe-co"
        assert len(secret) == 10


def test_a_program_makes_the_meeting_from_what_was_said(tmp_path: Path) -> None:
    asked = tmp_path / "asked.json"
    script = f"import sys; open({str(asked)!r}, 'w').write(sys.stdin.read()); print('https://meet.example/1')"
    app = Meetings(LinkCommand([sys.executable, "-c", script]), TIMES)
    link = call(
        app.create_meeting_link,
        topic="Plans",
        start="tomorrow at 2pm",
        duration_minutes=30,
        invitees=["sid@example.org"],
    )
    assert link == "https://meet.example/1"
    assert json.loads(asked.read_text()) == {
        "topic": "Plans",
        "start": "2026-11-25T14:00:00+00:00",
        "minutes": 30,
        "invitees": ["sid@example.org"],
    }


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("raise SystemExit('no quota left')", "made no meeting: no quota left"),
        ("print('javascript:alert(1)')", "no web address"),
        ("print('https://a\\nhttps://b')", "no web address"),
        ("", "no web address"),
    ],
)
def test_what_is_no_link_is_refused(script: str, message: str) -> None:
    app = Meetings(LinkCommand([sys.executable, "-c", script]), TIMES)
    with pytest.raises(ToolFailed, match=message):
        call(app.create_meeting_link, topic="Plans")


def test_a_program_that_is_not_there_is_named_with_the_setting() -> None:
    app = Meetings(LinkCommand(["no-such-program"]), TIMES)
    with pytest.raises(ToolFailed, match=r"cannot be started.*\[meetings\]"):
        call(app.create_meeting_link, topic="Plans")


def test_an_unclear_time_or_address_makes_no_meeting() -> None:
    app = Meetings(LinkTemplate("https://meet.example/{slug}"), TIMES)
    with pytest.raises(ToolQuestion, match="07:00 or"):
        call(app.create_meeting_link, topic="Plans", start="tomorrow at 7")
    with pytest.raises(ToolFailed, match="No meeting was made"):
        call(app.create_meeting_link, topic="Plans", invitees=["Sid"])


class Rooms:
    """A provider as a package would bring it."""

    async def link(self, meeting: Meeting) -> str:
        return f"https://rooms.example/{len(meeting.topic)}"


ROOMS = Rooms()


def test_an_installed_package_can_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rooms_for_test", sys.modules[__name__])
    points = EntryPoints([EntryPoint("rooms", "rooms_for_test:ROOMS", module.GROUP)])
    monkeypatch.setattr(module, "entry_points", lambda **chosen: points.select(**chosen))
    app = Meetings(provider("entry-point:rooms", ()), TIMES)
    assert call(app.create_meeting_link, topic="abc") == "https://rooms.example/3"
    with pytest.raises(ToolFailed, match="there is rooms"):
        provider("entry-point:zoom", ())


def test_the_settings_choose() -> None:
    assert provider("https://x/{slug}", ()) == LinkTemplate("https://x/{slug}")
    assert provider("https://x/{slug}", ("make",)) == LinkCommand(("make",))
