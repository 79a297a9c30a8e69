"""Notifications, on a real D-Bus session with a real notification service."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jeepney import DBusAddress, Properties, new_method_call
from jeepney.io.asyncio import open_dbus_router

from scrubjay.tools.clock import Clock
from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.notifications import Command, Desktop, notifier
from scrubjay.tools.reminders import Reminders
from scrubjay.tools.ringing import Ringer, shown_by
from scrubjay.tools.times import Times

from .calling import call
from .desktop import screen, session_bus

DUNST = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.dunstproject.cmd0",
)
QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with session_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


@pytest.fixture
def dunst(bus: str, tmp_path: Path) -> Iterator[None]:
    """A notification service on a screen in memory."""
    with screen() as display:
        environment = {**os.environ, "DISPLAY": display, "HOME": str(tmp_path)}
        with subprocess.Popen(["dunst"], env=environment, **QUIET) as service:
            try:
                asyncio.run(until_there())
                yield
            finally:
                service.terminate()


async def until_there() -> None:
    """Wait until somebody shows notifications."""
    async with asyncio.timeout(10), open_dbus_router() as router:
        while True:
            answer = await router.send_and_get_reply(Properties(DUNST).get("paused"))
            if answer.header.message_type.name != "error":
                return
            await asyncio.sleep(0.05)


async def shown() -> list[dict[str, Any]]:
    """The notifications on the screen, which are clicked away."""
    async with open_dbus_router() as router:
        await router.send_and_get_reply(new_method_call(DUNST, "NotificationCloseAll"))
        answer = await router.send_and_get_reply(new_method_call(DUNST, "NotificationListHistory"))
    return [{name: value for name, (_, value) in one.items()} for one in answer.body[0]]


@pytest.mark.debian("dbus-daemon", "dbus-daemon")
@pytest.mark.debian("xvfb", "Xvfb")
@pytest.mark.debian("dunst", "dunst")
@pytest.mark.usefixtures("dunst")
def test_a_message_is_shown_on_the_desktop() -> None:
    asyncio.run(Desktop().show("Alarm", "early <b>shift</b> & more", urgent=True))
    (found,) = asyncio.run(shown())
    assert found["appname"] == "Scrubjay"
    assert found["summary"] == "Alarm"
    assert found["body"] == "early &lt;b&gt;shift&lt;/b&gt; &amp; more"
    assert found["timeout"] == 0  # it stays until it is clicked away


@pytest.mark.debian("dbus-daemon", "dbus-daemon")
@pytest.mark.debian("xvfb", "Xvfb")
@pytest.mark.debian("dunst", "dunst")
@pytest.mark.usefixtures("dunst")
def test_a_timer_that_ends_is_shown_on_the_desktop(tmp_path: Path) -> None:
    now = datetime(2026, 11, 24, 14, 20, tzinfo=ZoneInfo("Europe/Lisbon"))
    call(Clock(tmp_path / "clock", Times(lambda: now)).set_timer, duration="10 minutes", label="tea")
    later = Times(lambda: now + timedelta(minutes=10))
    ringer = Ringer((tmp_path / "reminders", tmp_path / "clock"), later)
    assert [ring.kind for ring in asyncio.run(ringer.ring(shown_by(Desktop(), later)))] == ["timer"]
    (found,) = asyncio.run(shown())
    assert (found["summary"], found["body"]) == ("Timer", "tea")
    assert asyncio.run(ringer.ring(shown_by(Desktop(), later))) == []


@pytest.mark.debian("dbus-daemon", "dbus-daemon")
@pytest.mark.debian("xvfb", "Xvfb")
@pytest.mark.debian("dunst", "dunst")
@pytest.mark.usefixtures("dunst")
def test_a_reminder_that_is_due_is_shown_on_the_desktop(tmp_path: Path) -> None:
    now = datetime(2026, 11, 24, 14, 20, tzinfo=ZoneInfo("Europe/Lisbon"))
    reminders = Reminders(tmp_path / "reminders", Times(lambda: now))
    call(reminders.create_reminder, text="call Sid", due="in 10 minutes")
    later = Times(lambda: now + timedelta(minutes=10))
    asyncio.run(Ringer((tmp_path / "reminders",), later).ring(shown_by(Desktop(), later)))
    (found,) = asyncio.run(shown())
    assert (found["summary"], found["body"]) == ("Reminder", "call Sid")


@pytest.mark.debian("dbus-daemon", "dbus-daemon")
@pytest.mark.usefixtures("bus")
def test_a_session_without_a_notification_service_is_told_with_what_to_do() -> None:
    with pytest.raises(ToolFailed, match=r"shows no notifications.*such as dunst"):
        asyncio.run(Desktop().show("Alarm", "early shift"))


@pytest.mark.parametrize("address", ["", "unix:path=/nowhere/bus", "nonsense"])
def test_a_machine_without_a_desktop_is_told_with_what_to_do(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    else:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    with pytest.raises(ToolFailed, match=r"no desktop session.*set \[reminders\] command"):
        asyncio.run(Desktop().show("Alarm", "early shift"))


def test_a_program_can_show_it_instead(tmp_path: Path) -> None:
    file = tmp_path / "shown"
    script = f"import sys; open({str(file)!r}, 'w').write('|'.join(sys.argv[1:]))"
    asyncio.run(notifier([sys.executable, "-c", script]).show("Alarm", "$(early) `shift`"))
    assert file.read_text() == "Alarm|$(early) `shift`"
    with pytest.raises(ToolFailed, match="ended with 3"):
        asyncio.run(Command([sys.executable, "-c", "raise SystemExit(3)"]).show("Alarm", "x"))
    with pytest.raises(ToolFailed, match="cannot be started"):
        asyncio.run(Command(["no-such-program"]).show("Alarm", "x"))
