"""The meetings app: links to video meetings, made by a template, a program or an installed package."""

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import entry_points
from typing import Annotated, Any, Protocol
from urllib.parse import quote, urlsplit

from pydantic import Field

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed
from .said.names import folded
from .said.phones import email_address
from .said.usual_times import usually
from .times import Times

When = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Addresses = list[str]

GROUP = "scrubjay.meetings"
"""Entry-point group of providers: each a `MeetingProvider`."""
_SECONDS = 30
_LONGEST_LINK = 2000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting that needs a link."""

    topic: str
    start: datetime | None = None
    minutes: int | None = None
    invitees: tuple[str, ...] = ()
    """E-mail addresses."""


class MeetingProvider(Protocol):
    """Makes a meeting and gives its link. Raises ToolFailed with a sentence for the person."""

    async def link(self, meeting: Meeting) -> str:
        """The http or https address at which the meeting takes place."""


@dataclass(frozen=True, slots=True)
class LinkTemplate:
    """Links for services where a meeting is whoever meets at an address that nobody else knows."""

    template: str
    """An address with {slug} (the topic and what cannot be guessed) or {topic} in it."""

    async def link(self, meeting: Meeting) -> str:
        """The template filled in."""
        topic = re.sub(r"[^a-z0-9]+", "-", folded(meeting.topic)).strip("-")[:40] or "meeting"
        slug = f"{topic}-{secrets.token_hex(5)}"
        return self.template.replace("{slug}", slug).replace("{topic}", quote(topic))


@dataclass(frozen=True, slots=True)
class LinkCommand:
    """A program that reads the meeting as JSON and prints the link."""

    command: Sequence[str]

    async def link(self, meeting: Meeting) -> str:
        """What the program printed. It gets 30 seconds."""
        asked = {
            "topic": meeting.topic,
            "start": meeting.start.isoformat() if meeting.start else None,
            "minutes": meeting.minutes,
            "invitees": list(meeting.invitees),
        }
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise ToolFailed(
                f"The program for meeting links cannot be started: {error}. See [meetings] in the settings."
            ) from error
        try:
            async with asyncio.timeout(_SECONDS):
                printed, errors = await process.communicate(json.dumps(asked).encode())
        except TimeoutError as error:
            raise ToolFailed(f"{self.command[0]} gave no link within {_SECONDS} seconds.") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            why = errors.decode(errors="replace").strip()[-200:]
            raise ToolFailed(f"{self.command[0]} made no meeting: {why or process.returncode}")
        return printed.decode(errors="replace").strip()


def provider(link: str, command: Sequence[str]) -> MeetingProvider:
    """The provider that is set: a command, `entry-point:name` of an installed package, or a template.

    Raises ToolFailed when no installed package has that name.
    """
    if command:
        return LinkCommand(command)
    kind, _, name = link.partition(":")
    if kind != "entry-point":
        return LinkTemplate(link)
    for point in entry_points(group=GROUP, name=name):
        made: MeetingProvider = point.load()
        return made
    names = sorted(point.name for point in entry_points(group=GROUP))
    raise ToolFailed(
        f"No installed package makes meetings as {name!r}; there is {', '.join(names) or 'none'}."
    )


@dataclass(frozen=True, slots=True)
class Meetings:
    """Video meetings."""

    provider: MeetingProvider
    times: Times = field(default_factory=Times)

    def _understood(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        start = self._start(arguments["topic"], arguments.get("start"))
        return {"start": self.times.in_words(start)} if start else {}

    @tool(
        effect=Effect.WRITE,
        state="meetings",
        say="The link for {topic} is {result}",
        understood=_understood,
    )
    async def create_meeting_link(
        self,
        topic: str,
        start: When | None = None,
        duration_minutes: Annotated[int, Field(ge=1)] | None = None,
        invitees: Addresses | None = None,
    ) -> str:
        """Make a video meeting and return its link.

        Args:
            topic: Topic of the meeting
            start: When it starts (a date or time as said, or ISO 8601)
            duration_minutes: Length in minutes
            invitees: Email addresses of the people to invite

        Returns:
            Link to the meeting
        """
        begins = self._start(topic, start)
        try:
            invited = tuple(email_address(address) for address in invitees or ())
        except ValueError as error:
            raise ToolFailed(f"{error} No meeting was made.") from error
        link = await self.provider.link(Meeting(topic.strip(), begins, duration_minutes, invited))
        address = urlsplit(link) if len(link) <= _LONGEST_LINK and link.isprintable() else None
        if address is None or address.scheme not in ("http", "https") or not address.hostname:
            raise ToolFailed(
                f"What should make meeting links gave {link!r:.100}, which is no web address. "
                "See [meetings] in the settings."
            )
        return link

    def _start(self, topic: str, said: str | None) -> datetime | None:
        if not said:
            return None
        start = self.times.point(said, usually=usually(topic))
        # A day alone says nothing to a service that wants a time; the link works on any day.
        return start if isinstance(start, datetime) else None
