"""Telling the person: through the desktop's notifications (D-Bus), or a program of theirs."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from jeepney import DBusAddress, new_method_call
from jeepney.io.asyncio import open_dbus_router

from .errors import ToolFailed

_SERVICE = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.freedesktop.Notifications",
)
_SECONDS = 10
_CRITICAL = 2
_LONGEST = 1000


class Notifier(Protocol):
    """Shows a message to the person."""

    async def show(self, title: str, text: str, *, urgent: bool = False) -> None:
        """Show it; `urgent` stays until it is clicked away. Raises ToolFailed when it cannot be shown."""


@dataclass(frozen=True, slots=True)
class Desktop:
    """The desktop's own notifications."""

    async def show(self, title: str, text: str, *, urgent: bool = False) -> None:
        """Hand the message to the desktop's notification service."""
        hints: dict[str, tuple[str, Any]] = {
            "urgency": ("y", _CRITICAL if urgent else 1),
            "category": ("s", "x-scrubjay"),
        }
        if urgent:
            hints["sound-name"] = ("s", "alarm-clock-elapsed")
        arguments: tuple[Any, ...] = (
            "Scrubjay",
            0,
            "alarm",
            title[:_LONGEST],
            _plain(text),
            [],
            hints,
            0 if urgent else -1,
        )
        call = new_method_call(_SERVICE, "Notify", "susssasa{sv}i", arguments)
        try:
            async with asyncio.timeout(_SECONDS), open_dbus_router() as router:
                answer = await router.send_and_get_reply(call)
        except (OSError, KeyError, ValueError, EOFError, TimeoutError) as error:
            raise ToolFailed(_no_desktop(f"no desktop session was found ({error})")) from error
        if answer.header.message_type.name == "error":
            raise ToolFailed(_no_desktop(f"the desktop shows no notifications ({answer.body})"))


@dataclass(frozen=True, slots=True)
class Command:
    """A program of the person's, which gets the title and the text."""

    command: Sequence[str]

    async def show(self, title: str, text: str, *, urgent: bool = False) -> None:
        """Run it, and wait until it has ended, at most 10 seconds."""
        try:
            process = await asyncio.create_subprocess_exec(*self.command, title, text)
        except OSError as error:
            raise ToolFailed(
                f"{self.command[0]} cannot be started ({error}). See [reminders] command in the settings."
            ) from error
        try:
            async with asyncio.timeout(_SECONDS):
                code = await process.wait()
        except TimeoutError:
            return  # it is still showing it
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if code:
            raise ToolFailed(f"{self.command[0]} ended with {code}. See [reminders] command in the settings.")


def notifier(command: Sequence[str]) -> Notifier:
    """The program that is set, or else the desktop."""
    return Command(command) if command else Desktop()


def _plain(text: str) -> str:
    """Text that no notification service takes for markup."""
    shown = text[:_LONGEST]
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _no_desktop(why: str) -> str:
    return (
        f"The reminder cannot be shown: {why}. Start a notification service, such as dunst, or set "
        "[reminders] command to a program that shows it."
    )
