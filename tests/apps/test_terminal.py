"""`scrubjay` as a person sees it: on a terminal, with questions, Ctrl-C and narrow windows."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

TEXTING = "text Sid and Lutfi that I'm running late"
READY = r"\x1b\[\?2004h"  # where a line is edited, pasting is bracketed
QUESTION = r"\[y\]es / \[n\]o / \[a\]ll"

Terminal = Callable[..., Any]


@pytest.fixture
def terminal(command: str, environment: dict[str, str]) -> Iterator[Terminal]:
    """Starts `scrubjay ARGUMENTS...` on a terminal of 24 rows and 80 columns."""
    started = []

    def start(*arguments: str | Path) -> Any:
        quiet = {**environment, "PROMPT_TOOLKIT_NO_CPR": "1"}
        child = pexpect.spawn(
            command, [*map(str, arguments)], env=quiet, dimensions=(24, 80), encoding="utf-8", timeout=60
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def _exit_code(child: Any) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus) if child.signalstatus is None else -int(child.signalstatus)


def _answer(child: Any, key: str) -> None:
    child.expect(QUESTION)
    time.sleep(0.5)  # a person reads first; keys pressed before the question could be seen don't count
    child.send(key)


def test_yes_sends(terminal: Terminal, data_folder: Path, outbox: Callable[[], list[Any]]) -> None:
    child = terminal("ask", "--data-folder", data_folder, TEXTING)
    _answer(child, "y")
    assert _exit_code(child) == 0
    assert len(outbox()) == 1


def test_no_sends_nothing(terminal: Terminal, data_folder: Path, outbox: Callable[[], list[Any]]) -> None:
    child = terminal("ask", "--data-folder", data_folder, TEXTING)
    _answer(child, "n")
    assert _exit_code(child) == 1
    assert outbox() == []


def test_what_was_typed_before_the_question_is_no_answer(
    terminal: Terminal, data_folder: Path, outbox: Callable[[], list[Any]]
) -> None:
    child = terminal("ask", "--data-folder", data_folder, TEXTING)
    child.send("yyy")
    _answer(child, "n")
    assert _exit_code(child) == 1
    assert outbox() == []


def test_ctrl_c_at_the_question_cancels_and_sends_nothing(
    terminal: Terminal, data_folder: Path, outbox: Callable[[], list[Any]]
) -> None:
    child = terminal("ask", "--data-folder", data_folder, TEXTING)
    _answer(child, "\x03")
    child.expect("Cancelled")
    assert _exit_code(child) == 130
    assert outbox() == []


def test_chat_serves_one_request_after_another_until_ctrl_d(terminal: Terminal, data_folder: Path) -> None:
    child = terminal("chat", "--data-folder", data_folder)
    child.expect(READY)
    child.send("what time is it\r")
    child.expect("in all")
    child.send("what is 2 plus 2\r")
    child.expect("in all")
    child.expect(READY)
    child.send("\x04")
    assert _exit_code(child) == 0


def test_ctrl_c_in_chat_stops_the_request_and_not_the_chat(
    terminal: Terminal, data_folder: Path, outbox: Callable[[], list[Any]]
) -> None:
    child = terminal("chat", "--data-folder", data_folder)
    child.expect(READY)
    child.send(f"{TEXTING}\r")
    _answer(child, "\x03")
    child.expect("Cancelled")
    child.expect(READY)
    child.send("\x04")
    assert _exit_code(child) == 0
    assert outbox() == []


@pytest.mark.debian("tmux", "tmux")
def test_a_window_of_60_columns_shows_every_step_whole(
    command: str, environment: dict[str, str], data_folder: Path, tmp_path: Path
) -> None:
    def tmux(*arguments: str) -> str:
        words = ["tmux", "-S", str(tmp_path / "socket"), *arguments]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout

    asked = f"'{command}' ask --yes --data-folder '{data_folder}' \"{TEXTING}\"; echo ended; cat"
    tmux("new-session", "-d", "-x", "60", "-y", "40", asked)
    try:
        screen = ""
        for _ in range(300):
            screen = tmux("capture-pane", "-p")
            if "ended" in screen:
                break
            time.sleep(0.2)
    finally:
        tmux("kill-server")
    assert re.search(r'✓ \$1 = get_phone_number\(name="Sid"\) +━+ +\d+ ms', screen)
    flowing = " ".join(screen.split())  # long lines are broken between words
    for words in ("to=[$1, $2", 'late"', "555-0142", "555-0117", "in the outbox"):
        assert words in flowing
