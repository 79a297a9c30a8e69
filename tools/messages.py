"""The messages app: texts are sent by a program or a web hook, or wait in an outbox."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed
from .message_delivery import Delivery
from .said.phones import phone_number
from .say import spoken
from .storage import new_id, write_file

MOST_PEOPLE = 50
"""Numbers that one text goes to: a question shows every one of them."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Messages:
    """A folder with one JSON file a message, complete as soon as it is there.

    What waits is in `outbox/`, what was sent in `sent/`. Each holds
    `id`, `at` (ISO 8601 with offset), `to` (phone numbers) and `message`; names sort by time.
    """

    folder: Path
    delivery: Delivery | None = None
    """What sends them; without it they wait."""
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()

    @tool(effect=Effect.SEND, state="messages", say="{result}.", recipients=("to",))
    def send_sms(self, to: list[str], message: str) -> str:
        """Send a text message.

        Args:
            to: Phone numbers
            message: Text to send

        Returns:
            Confirmation
        """
        if not to or not message.strip():
            raise ToolFailed("A text message needs a phone number and a text. Nothing was sent.")
        try:
            numbers = [phone_number(number) for number in to]
        except ValueError as error:
            raise ToolFailed(f"{error} Look the number up first. Nothing was sent.") from error
        numbers = list(dict.fromkeys(numbers))
        if len(numbers) > MOST_PEOPLE:
            raise ToolFailed(f"A text goes to {MOST_PEOPLE} people at most. Nothing was sent.")
        now, name = self.now(), new_id("sms")
        record = {"id": name, "at": now.isoformat(), "to": numbers, "message": message}
        if self.delivery is None:
            self._keep("outbox", record, now)
            return f"The text to {spoken(numbers)} is in the outbox"
        self.delivery.deliver(record)
        try:
            self._keep("sent", record, now)
        except OSError as error:  # it is sent: to fail here would have it sent twice
            _log.warning("The text was sent, but no copy was kept: %s", error)
        return f"Sent your text to {spoken(numbers)}"

    def _keep(self, folder: str, record: Mapping[str, Any], now: datetime) -> None:
        path = self.folder / folder / f"{now:%Y%m%dT%H%M%S.%f}-{record['id']}.json"
        write_file(path, json.dumps(record, ensure_ascii=False) + "\n")
