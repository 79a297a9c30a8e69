"""Whatever is playing on a Linux desktop, through D-Bus (MPRIS, the specification that players share)."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, DBusErrorResponse, MessageType, Properties, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from .errors import ToolFailed

_PREFIX = "org.mpris.MediaPlayer2."
_PLAYER = "org.mpris.MediaPlayer2.Player"
_METHODS = {"pause": "Pause", "resume": "Play", "next": "Next", "previous": "Previous", "stop": "Stop"}
_BUS = DBusAddress("/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus")
_TIMEOUT_S = 3.0
_CHANGES_WITHIN_S = 1.0


def control(action: str) -> str | None:
    """Do `action` (pause, resume, next, previous, stop) on the player that plays, or else one that is paused.

    Gives what is up then, "Holocene by Bon Iver"; None when no player is there. Raises ToolFailed when the
    player refuses.
    """
    with _session() as connection:
        player = _active(connection, ("Paused", "Stopped") if action == "resume" else ("Playing", "Paused"))
        if player is None:
            return None
        before = _playing(connection, player)
        _call(connection, player, _METHODS[action])
        until = time.monotonic() + (_CHANGES_WITHIN_S if action in ("next", "previous") else 0)
        while (now := _playing(connection, player)) == before and time.monotonic() < until:
            time.sleep(0.05)
        return "nothing" if action == "stop" else now


def play(files: Sequence[Path]) -> bool:
    """Hand the first of `files` to a player that is open; whether there was one."""
    with _session() as connection:
        player = _active(connection, ("Playing", "Paused", "Stopped"))
        if player is None:
            return False
        _call(connection, player, "OpenUri", "s", (files[0].as_uri(),))
        return True


@contextmanager
def _session() -> Iterator[DBusConnection]:
    try:
        connection = open_dbus_connection("SESSION")
    except (OSError, KeyError, ValueError) as error:
        raise ToolFailed(
            "Nothing is playing that could be controlled (there is no desktop session)."
        ) from error
    try:
        yield connection
    except (DBusErrorResponse, TimeoutError, OSError) as error:
        raise ToolFailed(f"The player does not do it: {_said(error)}.") from error
    finally:
        connection.close()


def _active(connection: DBusConnection, states: Sequence[str]) -> DBusAddress | None:
    """The player in the first of `states` that one is in."""
    (names,) = _body(connection, new_method_call(_BUS, "ListNames"))
    players = [
        DBusAddress("/org/mpris/MediaPlayer2", name, _PLAYER) for name in names if name.startswith(_PREFIX)
    ]
    found = {_property(connection, player, "PlaybackStatus"): player for player in reversed(players)}
    return next((found[state] for state in states if state in found), None)


def _playing(connection: DBusConnection, player: DBusAddress) -> str:
    metadata = _property(connection, player, "Metadata") or {}
    title = metadata.get("xesam:title", ("s", ""))[1] or "something without a title"
    artists = metadata.get("xesam:artist", ("as", []))[1]
    return f"{title} by {' and '.join(artists)}" if artists else str(title)


def _property(connection: DBusConnection, player: DBusAddress, name: str) -> Any:
    try:
        return _body(connection, Properties(player).get(name))[0][1]
    except DBusErrorResponse:  # a player that is just closing
        return None


def _call(
    connection: DBusConnection, player: DBusAddress, method: str, signature: str = "", body: Any = ()
) -> None:
    _body(connection, new_method_call(player, method, signature or None, body))


def _body(connection: DBusConnection, message: Any) -> Any:
    answer = connection.send_and_get_reply(message, timeout=_TIMEOUT_S)
    if answer.header.message_type is MessageType.error:
        raise DBusErrorResponse(answer)
    return answer.body


def _said(error: Exception) -> str:
    if isinstance(error, DBusErrorResponse):
        return str(error.data[0]) if error.data else str(error.name)
    return str(error) or type(error).__name__
