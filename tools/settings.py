"""The one settings file, in TOML: which back end each app uses, and what a person can choose.

Nothing has to be in it: every app has a default that needs no account. An account is chosen by being there
(`[calendar.caldav]`). Passwords are never in it; see `secrets.py`.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    ValidationError,
    model_validator,
)

from .errors import ToolError
from .mcp.server import SERVER_NAME, McpServer
from .validation import problems


class SettingsError(ToolError):
    """The settings file cannot be used; the message names the file, the setting and what it may be."""


class Section(BaseModel):
    """A table of the file. The docstring below a field is what the person reads about it."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True
    )


def _zone(name: str) -> str:
    if name:
        try:
            ZoneInfo(name)
        except (LookupError, OSError, ValueError) as error:
            raise ValueError("no time zone has this name; write one like Europe/Lisbon") from error
    return name


Folder = Annotated[Path | None, BeforeValidator(lambda path: Path(path).expanduser() if path else None)]
"""A folder of the user's; empty text counts as left out."""


class TimeSettings(Section):
    """How dates and times are read."""

    zone: Annotated[str, AfterValidator(_zone)] = ""
    """Your time zone, such as "Europe/Lisbon"; empty: the system's."""
    numbers: Literal["ask", "day first", "month first"] = "ask"
    """What 3/4 means; "ask" asks whenever both can be meant."""


class DavAccount(Section):
    """An account on a CalDAV or CardDAV server; `pip install 'scrubjay[dav]'`. Its password is a secret."""

    url: HttpUrl
    """Address of the server, or of the calendar or address book itself."""
    user: str
    """Name to log in with."""
    name: str = ""
    """Which calendar or address book; empty: the first one."""


class ContactsSettings(Section):
    """Who has which number and address."""

    folder: Folder = None
    """Folder of vCards; left out: contacts/ in the data folder."""
    carddav: DavAccount | None = None
    """Use the address book of a server instead of the folder."""


class CalendarSettings(Section):
    """Events."""

    folder: Folder = None
    """Folder of iCalendar files, one an event (as vdirsyncer and khal keep them); left out: calendar/."""
    caldav: DavAccount | None = None
    """Use a calendar on a server instead of the folder."""
    minutes: Annotated[int, Field(ge=5, le=1440)] = 60
    """Length of an event whose end was not said."""


class MeetingsSettings(Section):
    """Links to video meetings."""

    link: str = "https://meet.jit.si/{slug}"
    """What a link looks like; {slug} is the topic and what cannot be guessed, {topic} the topic alone."""
    command: tuple[str, ...] = ()
    """A program that makes the meeting and prints its link; it reads the meeting as JSON."""


class MessagesSettings(Section):
    """Text messages."""

    command: tuple[str, ...] = ()
    """A program that sends them: it reads {"id", "at", "to", "message"} as JSON, and ends with 0 when it is
    done."""
    webhook: HttpUrl | None = None
    """An address that sends them: it gets the same JSON by POST. Without either they wait in the outbox."""
    token: str = ""
    """The name of the secret in the keyring that the address wants as its bearer token; empty: none."""

    @model_validator(mode="after")
    def _one_way(self) -> "MessagesSettings":
        if self.command and self.webhook:
            raise ValueError("texts are sent by a command or a webhook, one of the two")
        if self.webhook and self.webhook.scheme != "https" and not _is_near(self.webhook.host or ""):
            raise ValueError("http sends your texts in the clear; write https, or an address at home")
        return self


class RemindersSettings(Section):
    """Reminders and alarms."""

    day_at: time = time(9)
    """When a reminder rings that has a day but no time."""
    command: tuple[str, ...] = ()
    """A program that shows a reminder instead of the desktop; it gets the title and the text."""


class MailServer(Section):
    """An account on a mail server. Its password is a secret."""

    host: str
    """Name of the server."""
    user: str = ""
    """Name to log in with; empty: none is needed (SMTP only)."""
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """0: the usual one."""
    security: Literal["tls", "starttls", "none"] = "tls"
    """How the connection is encrypted; "none" only on this machine."""

    @model_validator(mode="after")
    def _encrypted(self) -> "MailServer":
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError('security = "none" sends the password in the clear; write "tls" or "starttls"')
        return self


class MailSettings(Section):
    """E-mail."""

    address: str = ""
    """Your address; empty: your user name on this machine."""
    name: str = ""
    """Your name, as others see it."""
    folder: Folder = None
    """A Maildir; left out: mail/ in the data folder."""
    imap: MailServer | None = None
    """Use the mailbox of a server instead of the folder."""
    smtp: MailServer | None = None
    """The server that takes your mail; without one it waits in the outbox."""


class FilesSettings(Section):
    """The folders that tools may look into, write to and attach files from; nothing else is touched."""

    folders: tuple[Annotated[Path, AfterValidator(Path.expanduser)], ...] = (
        Path("~/Documents"),
        Path("~/Desktop"),
        Path("~/Downloads"),
    )
    """New files go into the first one unless you name another."""


class MapsSettings(Section):
    """Maps; the places that you ask for go to their provider."""

    provider: Literal["openstreetmap", "google", "system"] = "openstreetmap"
    """"system" is the desktop's own map program; "google" knows public transport."""


class SystemSettings(Section):
    """Applications, web pages and the screen."""

    private_pages: bool = False
    """Whether pages of this machine and your own network may be opened."""
    screenshots: Folder = None
    """Left out: Screenshots/ in the first of the open folders, so that they can be attached."""


class ConsentSettings(Section):
    """What may run without asking. What others may be behind always asks."""

    tools: tuple[str, ...] = ()
    """Names of tools, such as ["create_note", "set_timer"]; `scrubjay tools` lists them."""
    recipients: tuple[str, ...] = ()
    """E-mail addresses and phone numbers that may always be written to."""


class MediaSettings(Section):
    """Music, videos and podcasts."""

    folders: tuple[Annotated[Path, AfterValidator(Path.expanduser)], ...] = (
        Path("~/Music"),
        Path("~/Videos"),
        Path("~/Podcasts"),
    )
    """Where they lie."""
    player: Annotated[tuple[str, ...], Field(min_length=1)] = ("mpv",)
    """mpv with the options that you want; without it, a player that is open is used."""


def _without_secrets(url: HttpUrl) -> HttpUrl:
    if url.username or url.password or url.query or url.fragment:
        raise ValueError(
            "holds more than an address; write it without name, password and query, and put a key into the"
            " keyring"
        )
    return url


class RemoteMachine(Section):
    """A bigger machine that may be asked where the planner here is unsure: it asks you each time, and says
    what would leave this machine. It must speak OpenAI's protocol, as vLLM, llama-server and Ollama do."""

    url: Annotated[HttpUrl, AfterValidator(_without_secrets)]
    """Its address, up to and with /v1."""
    model: str
    """The model's name there."""
    key: str = ""
    """The name of the secret in the keyring that it wants as its key; empty: none."""
    below: Annotated[float, Field(gt=0, le=1)] = 0.3
    """How sure (0 to 1) the planner here must be not to ask; for models other than the bundled one this is
    not calibrated."""

    @model_validator(mode="after")
    def _encrypted(self) -> "RemoteMachine":
        if self.url.scheme != "https" and not _is_near(self.url.host or ""):
            raise ValueError("http sends what you say in the clear; write https, or an address at home")
        return self


class ModelsSettings(Section):
    """What plans."""

    remote: RemoteMachine | None = None
    """Ask a bigger machine where the planner here is unsure."""


class Settings(Section):
    """Everything that can be set."""

    time: TimeSettings = TimeSettings()
    contacts: ContactsSettings = ContactsSettings()
    calendar: CalendarSettings = CalendarSettings()
    meetings: MeetingsSettings = MeetingsSettings()
    messages: MessagesSettings = MessagesSettings()
    reminders: RemindersSettings = RemindersSettings()
    mail: MailSettings = MailSettings()
    files: FilesSettings = FilesSettings()
    maps: MapsSettings = MapsSettings()
    system: SystemSettings = SystemSettings()
    media: MediaSettings = MediaSettings()
    consent: ConsentSettings = ConsentSettings()
    models: ModelsSettings = ModelsSettings()
    mcp: Mapping[Annotated[str, Field(pattern=f"^{SERVER_NAME}$")], McpServer] = {}


def _is_near(host: str) -> bool:
    """Whether a host is this machine or in the own network, as a phone that sends texts is."""
    try:
        return ip_address(host.strip("[]")).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".local")


def read_settings(path: Path) -> Settings:
    """The settings in the file `path`; the defaults when there is none. Raises SettingsError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}. Mend it or move it away.") from error
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from error
    except ValidationError as error:
        raise SettingsError(f"{path}: {'; '.join(problems(error, 'settings'))}.") from error


def settings_page() -> str:
    """A settings file with every setting, what it does and its default; the defaults are commented out."""
    return "\n".join(_section_lines(Settings, ())) + "\n"


def _section_lines(section: type[BaseModel], path: tuple[str, ...]) -> Iterator[str]:
    inner: list[tuple[tuple[str, ...], type[BaseModel]]] = []
    if path:
        optional = "# " if len(path) > 1 else ""
        yield ""
        yield from (f"# {line}" for line in (section.__doc__ or "").splitlines() if line.strip())
        yield f"{optional}[{'.'.join(path)}]"
    for name, field in section.model_fields.items():
        kind = _section_of(field.annotation)
        if kind is not None:
            several = get_origin(field.annotation) is Mapping
            inner.append(((name, "NAME") if several else (name,), kind))
        else:
            default = None if field.is_required() else field.get_default()
            yield f"# {field.description}".replace("\n", "\n# ")
            yield f"# {name} = {_toml(default)}"
    for names, kind in inner:
        yield from _section_lines(kind, (*path, *names))


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, also where it may be left out, or be there several times by name."""
    kinds = (annotation, *getattr(annotation, "__args__", ()))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _toml(value: Any) -> str:
    """A default as TOML; a setting without one has an empty text."""
    if isinstance(value, (tuple, frozenset)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, time):
        return value.isoformat()
    return json.dumps("" if value is None else str(value) if isinstance(value, Path) else value)
