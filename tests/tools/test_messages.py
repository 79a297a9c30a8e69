"""The messages app and its outbox."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scrubjay.tools.errors import ToolArgumentError, ToolFailed
from scrubjay.tools.messages import Messages

from .calling import answer, call

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)


@pytest.fixture
def messages(tmp_path: Path) -> Messages:
    return Messages(tmp_path, now=lambda: NOW)


def test_a_text_lies_in_the_outbox_as_one_complete_file(messages: Messages) -> None:
    said = answer(messages.send_sms, to=["555-0142", "555-0117"], message='Ich "komme" später\n…')
    assert said == "The text to 555-0142 and 555-0117 is in the outbox."
    (path,) = (messages.folder / "outbox").iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record == {
        "id": record["id"],
        "at": "2026-11-24T14:20:00+00:00",
        "to": ["555-0142", "555-0117"],
        "message": 'Ich "komme" später\n…',
    }
    assert path.name == f"20261124T142000.000000-{record['id']}.json"
    assert path.stat().st_mode & 0o077 == 0


def test_every_text_is_a_message_of_its_own(messages: Messages) -> None:
    for _ in range(3):
        call(messages.send_sms, to=["555-0142"], message="hello")
    assert len(list((messages.folder / "outbox").iterdir())) == 3


def test_one_number_twice_gets_one_text(messages: Messages) -> None:
    call(messages.send_sms, to=["555-0142", "555-0142"], message="hello")
    assert json.loads(next((messages.folder / "outbox").iterdir()).read_text())["to"] == ["555-0142"]


@pytest.mark.parametrize(
    ("to", "message", "words"),
    [
        (["Sid"], "hello", r"'Sid' is not a phone number\. Look the number up first\. Nothing was sent\."),
        (["555-0142", "Sid"], "hello", "Nothing was sent"),
        ([], "hello", "Nothing was sent"),
        (["555-0142"], " ", "Nothing was sent"),
    ],
)
def test_what_cannot_be_sent_is_refused_whole(
    messages: Messages, to: list[str], message: str, words: str
) -> None:
    with pytest.raises(ToolFailed, match=words):
        call(messages.send_sms, to=to, message=message)
    assert not list(messages.folder.iterdir())


def test_numbers_come_as_a_list(messages: Messages) -> None:
    with pytest.raises(ToolArgumentError, match="to should be a valid list"):
        call(messages.send_sms, to="555-0142", message="hello")
