"""The built-in apps and their tools."""

import getpass
import os
from email.headerregistry import Address
from pathlib import Path

from .allowed_folders import AllowedFolders
from .calculator import calculate, convert_units
from .calendar import Calendar
from .clock import Clock
from .collection import Folder, Trash
from .contacts import Contacts
from .dav import DavCollection
from .decorator import tools_of
from .documents import Documents
from .errors import ToolFailed
from .files import Files
from .library import Library
from .mail import Mail
from .mail_store import MailStore
from .mail_writing import recipient
from .maildir import Maildir
from .maps import PROVIDERS, Maps
from .media import Media
from .meetings import Meetings, provider
from .message_delivery import delivery
from .messages import Messages
from .mpv import Mpv
from .notes import Notes
from .reminders import Reminders
from .settings import (
    CalendarSettings,
    ContactsSettings,
    MailSettings,
    MessagesSettings,
    Settings,
    SettingsError,
    SystemSettings,
)
from .smtp import Smtp
from .system import System
from .times import Times
from .tool import Tool


def builtin_tools(data_folder: Path, settings: Settings | None = None) -> list[Tool]:
    """All built-in tools; each app makes its folder when it first writes.

    With `settings`, on the folders and accounts that they name; without, on files below `data_folder` alone,
    the open folder being `files/` and music lying in `media/`. Raises SettingsError.
    """
    open_folders = open_folders_of(data_folder, settings)
    library = Library(settings.media.folders if settings else (data_folder / "media",))
    trash = data_folder / "trash" / "files"
    settings = settings or Settings()
    times = Times.chosen(settings.time)
    apps = (
        _contacts(data_folder, settings.contacts),
        _messages(data_folder, settings.messages),
        Notes(data_folder / "notes", data_folder / "trash" / "notes"),
        Reminders(data_folder / "reminders", times, settings.reminders.day_at),
        Clock(data_folder / "clock", times),
        _calendar(data_folder, settings.calendar, times),
        Meetings(provider(settings.meetings.link, settings.meetings.command), times),
        Files(open_folders, trash),
        Documents(open_folders),
        Maps(PROVIDERS[settings.maps.provider]),
        _system(data_folder, settings.system, open_folders, trash),
        Media(library, Mpv(settings.media.player, _socket(data_folder))),
    )
    tools = [*(tool for app in apps for tool in tools_of(app)), calculate, convert_units]
    return [*tools, *_mail(data_folder, settings.mail, open_folders).tools()]


def open_folders_of(data_folder: Path, settings: Settings | None) -> AllowedFolders:
    """The folders in which tools may touch files; see `builtin_tools`."""
    folders = settings.files.folders if settings else (data_folder / "files",)
    return AllowedFolders(folders, closed=data_folder)


def _contacts(data_folder: Path, settings: ContactsSettings) -> Contacts:
    folder = Folder(settings.folder or data_folder / "contacts", ".vcf")
    cards = DavCollection(settings.carddav, "address book") if settings.carddav else folder
    return Contacts(cards, Trash(data_folder / "trash" / "contacts", ".vcf"))


def _messages(data_folder: Path, settings: MessagesSettings) -> Messages:
    webhook = str(settings.webhook) if settings.webhook else ""
    return Messages(data_folder / "messages", delivery(settings.command, webhook, settings.token))


def _calendar(data_folder: Path, settings: CalendarSettings, times: Times) -> Calendar:
    folder = Folder(settings.folder or data_folder / "calendar", ".ics")
    events = DavCollection(settings.caldav, "calendar") if settings.caldav else folder
    return Calendar(events, Trash(data_folder / "trash" / "calendar", ".ics"), times, settings.minutes)


def _socket(data_folder: Path) -> Path:
    """Where mpv listens, in a folder of the user's own with a short path where there is one."""
    return Path(os.environ.get("XDG_RUNTIME_DIR") or data_folder) / "scrubjay-mpv.socket"


def _system(data_folder: Path, settings: SystemSettings, open_folders: AllowedFolders, trash: Path) -> System:
    top = next(iter(open_folders.folders), data_folder)
    return System(settings.screenshots or top / "Screenshots", trash, settings.private_pages)


def _mail(data_folder: Path, settings: MailSettings, open_folders: AllowedFolders) -> Mail:
    store = _mail_store(data_folder, settings)
    smtp = Smtp(settings.smtp) if settings.smtp else None
    return Mail(store, _own_address(settings), smtp, attachable=open_folders)


def _mail_store(data_folder: Path, settings: MailSettings) -> MailStore:
    if settings.imap is None:
        return Maildir(settings.folder or data_folder / "mail")
    from .imap import Imap  # takes a while to import

    return Imap(settings.imap)


def _own_address(settings: MailSettings) -> Address:
    if not settings.address:
        return Address(settings.name, getpass.getuser(), "localhost")
    try:
        own = recipient(settings.address)
    except ToolFailed as error:
        raise SettingsError(f"[mail] address = {settings.address!r} is not an e-mail address.") from error
    return Address(settings.name or own.display_name, own.username, own.domain)
