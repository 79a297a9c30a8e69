"""The messages app: texts go to an outbox on this machine, for whatever has a phone line to deliver."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed
from .said.phones import phone_number
from .say import spoken
from .storage import new_id, write_file


@dataclass(frozen=True, slots=True)
class Messages:
    """An outbox: a folder with one JSON file a message, complete as soon as it is there.

    Each holds `id`, `at` (ISO 8601 with offset), `to` (phone numbers) and `message`; names sort by time.
    """

    folder: Path
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
        now, name = self.now(), new_id("sms")
        record = {"id": name, "at": now.isoformat(), "to": numbers, "message": message}
        path = self.folder / f"{now:%Y%m%dT%H%M%S.%f}-{name}.json"
        write_file(path, json.dumps(record, ensure_ascii=False) + "\n")
        return f"The text to {spoken(numbers)} is in the outbox"
