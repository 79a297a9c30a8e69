"""What Tab offers in a chat."""

from pathlib import Path
from typing import cast

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from scrubjay.apps.chat_commands import is_command
from scrubjay.apps.chat_completion import ChatCompleter
from scrubjay.apps.chat_talk import Talk
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.registry import ToolRegistry


class Opened:
    """As much of a chat as completion looks at."""

    def __init__(self, folder: Path) -> None:
        self.open_folders = (folder / "files",)
        self.tools = ToolRegistry(builtin_tools(folder))


@pytest.fixture
def completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Completed":
    """Texts after completion, with a few files about: in the present folder and in the open one."""
    here, opened = tmp_path / "here", tmp_path / "data" / "files"
    for folder in (here / "letters", opened):
        folder.mkdir(parents=True)
    for path in (
        here / "Budget 2026.pdf",
        here / ".hidden",
        opened / "budget-notes.txt",
        here / "letters/a.txt",
    ):
        path.touch()
    monkeypatch.chdir(here)
    return Completed(ChatCompleter(cast(Talk, Opened(tmp_path / "data"))))


class Completed:
    def __init__(self, completer: ChatCompleter) -> None:
        self._completer = completer

    def __call__(self, text: str, tab: bool = True) -> list[str]:
        event = CompleteEvent(completion_requested=tab)
        found = self._completer.get_completions(Document(text), event)
        return [text[: len(text) + one.start_position] + one.text for one in found]


def test_commands_and_what_they_take(completed: Completed) -> None:
    assert completed("/th", tab=False) == ["/think"]
    assert "/tools send_sms" in completed("/tools send", tab=False)
    assert completed("/forget ") == ["/forget all"]


def test_names_of_files_here_and_in_the_open_folder_on_tab_alone(completed: Completed) -> None:
    assert completed("mail bud") == ["mail Budget 2026.pdf", "mail budget-notes.txt"]
    assert completed("mail bud", tab=False) == []
    assert completed("mail ") == []
    assert completed("see .hid") == ["see .hidden"]


def test_paths(completed: Completed, tmp_path: Path) -> None:
    assert completed("open ./let") == ["open ./letters/"]
    assert completed("open letters/") == ["open letters/a.txt"]
    assert completed(f"open {tmp_path}/da") == [f"open {tmp_path}/data/"]
    assert completed("open no/such/fol") == []


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/help", True),
        ("/sessions a b", True),
        ("/", True),
        ("/etc/hosts please", False),
        ("a /b", False),
        ("", False),
    ],
)
def test_a_path_at_the_beginning_is_no_command(text: str, command: bool) -> None:
    assert is_command(text) is command
