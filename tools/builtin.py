"""The built-in apps and their tools."""

from pathlib import Path

from .calculator import calculate, convert_units
from .clock import Clock
from .contacts import Contacts
from .decorator import tools_of
from .messages import Messages
from .notes import Notes
from .reminders import Reminders
from .tool import Tool


def builtin_tools(data_folder: Path) -> list[Tool]:
    """All built-in tools, on files below `data_folder`; each app makes its folder when it first writes."""
    apps = (
        Contacts(data_folder / "contacts"),
        Messages(data_folder / "messages" / "outbox"),
        Notes(data_folder / "notes"),
        Reminders(data_folder / "reminders"),
        Clock(data_folder / "clock"),
    )
    return [*(tool for app in apps for tool in tools_of(app)), calculate, convert_units]
