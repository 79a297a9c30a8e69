"""Controlling a player through a real session bus; the player is the test's own."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jeepney import HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from scrubjay.tools import mpris
from scrubjay.tools.errors import ToolFailed

from .desktop import session_bus

pytestmark = pytest.mark.debian("dbus-daemon", "dbus-daemon")

SONGS = [("Holocene", ["Bon Iver"]), ("Rain", []), ("Duet", ["Ana", "Sid"])]


class Player:
    """A player on the bus with three songs; `asked` are the methods that were called."""

    def __init__(self, bus: DBusConnection, status: str) -> None:
        self.bus, self.status, self.song, self.asked = bus, status, 0, list[str]()

    def run(self) -> None:
        while True:
            try:
                message = self.bus.receive()
            except (OSError, EOFError):
                return
            if message.header.message_type is MessageType.method_call:
                self.bus.send(self.answer(message))

    def answer(self, message: Message) -> Message:
        member = message.header.fields[HeaderFields.member]
        if member == "Get":
            return new_method_return(message, "v", (self.property(message.body[1]),))
        self.asked.append(" ".join([member, *message.body]))
        if member == "Next" and self.song == len(SONGS) - 1:
            return new_error(message, "org.example.Error", "s", ("that was the last one",))
        self.song += {"Next": 1, "Previous": -1}.get(member, 0)
        self.status = {"Pause": "Paused", "Play": "Playing", "Stop": "Stopped"}.get(member, self.status)
        return new_method_return(message)

    def property(self, name: str) -> tuple[str, Any]:
        title, artists = SONGS[self.song]
        metadata = {"xesam:title": ("s", title), **({"xesam:artist": ("as", artists)} if artists else {})}
        return {"PlaybackStatus": ("s", self.status), "Metadata": ("a{sv}", metadata)}[name]


@pytest.fixture
def _bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with session_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield


def player(name: str, status: str) -> Player:
    bus = open_dbus_connection("SESSION")
    bus.send_and_get_reply(message_bus.RequestName(f"org.mpris.MediaPlayer2.{name}"))
    running = Player(bus, status)
    threading.Thread(target=running.run, daemon=True).start()
    return running


@pytest.mark.usefixtures("_bus")
def test_the_player_that_plays_is_controlled_and_tells_its_song() -> None:
    idle, playing = player("idle", "Paused"), player("playing", "Playing")
    assert mpris.control("pause") == "Holocene by Bon Iver"
    assert mpris.control("next") == "Rain"
    playing.status = "Playing"
    assert mpris.control("next") == "Duet by Ana and Sid"
    with pytest.raises(ToolFailed, match="that was the last one"):
        mpris.control("next")
    assert mpris.control("previous") == "Rain"
    assert mpris.control("stop") == "nothing"
    assert playing.asked == ["Pause", "Next", "Next", "Next", "Previous", "Stop"]
    assert idle.asked == []


@pytest.mark.usefixtures("_bus")
def test_what_is_paused_goes_on_and_can_be_given_a_file() -> None:
    paused = player("x", "Paused")
    assert mpris.control("resume") == "Holocene by Bon Iver"
    assert mpris.play([Path("/music/a b.mp3")])
    assert paused.asked == ["Play", "OpenUri file:///music/a%20b.mp3"]


@pytest.mark.usefixtures("_bus")
def test_without_a_player_nothing_is_controlled() -> None:
    assert mpris.control("pause") is None
    assert not mpris.play([Path("/music/a.mp3")])
    player("x", "Stopped")
    assert mpris.control("pause") is None


def test_without_a_session_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("unix:path=/no/such/bus", ""):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        with pytest.raises(ToolFailed, match="there is no desktop session"):
            mpris.control("pause")
