"""Ways for text messages to leave this machine: a program of the person's, or an address that takes them."""

import http.client
import json
import ssl
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from .errors import MaybeSent, ToolFailed
from .secrets import secret

SECONDS = 30.0
_LONGEST_REASON = 200


class Delivery(Protocol):
    """Sends a text message."""

    def deliver(self, record: Mapping[str, Any]) -> None:
        """Send it: `id`, `at` (ISO 8601), `to` (phone numbers), `message`.

        Raises ToolFailed when nothing was sent, MaybeSent when nobody can tell.
        """


@dataclass(frozen=True, slots=True)
class Command:
    """A program that reads the message as JSON, and ends with 0 when it is sent."""

    command: Sequence[str]

    def deliver(self, record: Mapping[str, Any]) -> None:
        """As in Delivery."""
        program = self.command[0]
        try:
            ran = subprocess.run(
                list(self.command),
                input=json.dumps(record).encode(),
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise MaybeSent(f"{program} took longer than {SECONDS:g} s to send the text") from error
        except OSError as error:
            raise ToolFailed(
                f"{program} cannot be started ({error.strerror}). See [messages] in the settings. "
                "Nothing was sent."
            ) from error
        if ran.returncode:
            why = " ".join(ran.stderr.decode(errors="replace").split())[-_LONGEST_REASON:]
            raise ToolFailed(f"{program} did not send the text: {why or f'it ended with {ran.returncode}'}.")


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that gets the message as JSON by POST. It is not followed elsewhere."""

    url: str
    token: str = ""
    """The name of the secret that it wants as its bearer token; empty: none."""
    password: Callable[[str], str] = secret
    """Gives a secret by its name."""

    def deliver(self, record: Mapping[str, Any]) -> None:
        """As in Delivery."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.password(self.token)}"
        parts = urlsplit(self.url)
        connection = _connection(parts.scheme, parts.netloc)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise ToolFailed(f"{parts.hostname} cannot be reached: {error}. Nothing was sent.") from error
            try:
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request("POST", path, json.dumps(record).encode(), headers)
                answer = connection.getresponse()
                said = answer.read(_LONGEST_REASON).decode(errors="replace")
            except (OSError, http.client.HTTPException) as error:
                raise MaybeSent(f"{parts.hostname} did not say whether it took the text ({error})") from error
        finally:
            connection.close()
        if answer.status >= 500:
            raise MaybeSent(f"{parts.hostname} had trouble with the text ({answer.status} {answer.reason})")
        if not 200 <= answer.status < 300:
            why = " ".join(f"{answer.status} {answer.reason} {said}".split())
            raise ToolFailed(
                f"{parts.hostname} does not take the text: {why}. See [messages] in the settings. "
                "Nothing was sent."
            )


def delivery(command: Sequence[str], webhook: str, token: str) -> Delivery | None:
    """The way that is set; None: texts wait in the outbox."""
    if command:
        return Command(command)
    return Webhook(webhook, token) if webhook else None


def _connection(scheme: str, netloc: str) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(netloc, timeout=SECONDS, context=ssl.create_default_context())
    return http.client.HTTPConnection(netloc, timeout=SECONDS)
