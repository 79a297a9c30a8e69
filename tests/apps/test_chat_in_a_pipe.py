"""`scrubjay chat` without a terminal: a line is a request or a command."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLANS = {
    "text Sid hello": '$1 = get_phone_number(name="Sid")\n$2 = send_sms(to=[$1], message="hello")',
    "send it to Lutfi too": '$1 = get_phone_number(name="Lutfi")\n$2 = send_sms(to=[$1], message="hello")',
    "number of Sid": '$1 = get_phone_number(name="Sid")',
}

Chat = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def chat(tmp_path: Path, data_folder: Path, environment: dict[str, str]) -> Chat:
    """Runs the chat on lines of input, with plans from a script."""
    (tmp_path / "plans.json").write_text(json.dumps(PLANS))
    script = Path(__file__).with_name("scripted_chat.py")

    def run(lines: list[str], *options: str | Path) -> "subprocess.CompletedProcess[str]":
        words = [sys.executable, script, tmp_path / "plans.json", "chat", "--data-folder", data_folder]
        return subprocess.run(
            [*map(str, words), *map(str, options)],
            env=environment,
            cwd=tmp_path,
            input="".join(line + "\n" for line in lines),
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def test_each_line_is_served_without_colours_or_prompts(chat: Chat, outbox: Callable[[], list[Any]]) -> None:
    done = chat(["text Sid hello", "", "send it to Lutfi too"], "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert ">" not in done.stdout
    assert done.stdout.splitlines()[-2:] == ["The text to 555-0117 is in the outbox.", ""]
    assert [message["to"] for message in outbox()] == [["555-0142"], ["555-0117"]]


def test_nobody_can_be_asked_and_the_exit_code_tells(chat: Chat, outbox: Callable[[], list[Any]]) -> None:
    done = chat(["text Sid hello", "number of Sid"])
    assert done.returncode == 1
    assert "you did not allow it" in done.stdout
    assert "The phone number for Sid is 555-0142." in done.stdout
    assert outbox() == []


def test_commands_work_and_a_wrong_one_says_what_was_meant(chat: Chat, tmp_path: Path) -> None:
    done = chat(["number of Sid", "/why", "/svae", "/save day.md", "/save day.md", "/quit", "number of Sid"])
    assert "name  Sid  your words" in done.stdout
    assert "did you mean /save?" in done.stderr
    assert "> number of Sid" in (tmp_path / "day.md").read_text()
    assert "day.md is there already" in done.stderr
    assert done.stdout.count("The phone number") == 1
    assert done.returncode == 1


def test_thinking_and_adapters_are_chosen_and_what_cannot_be_leaves_all_as_it_was(chat: Chat) -> None:
    thinking = ["/think", "/think never", "/think often", "/think always", "/think"]
    done = chat([*thinking, "/adapter", "/adapter no.gguf", "/adapter", "number of Sid"])
    assert done.stdout.count("Requests that need it are thought about") == 1
    assert done.stdout.count("No request is thought about") == 2  # also after what could not be
    assert "/think takes never, auto or always" in done.stderr
    assert "`/think never` plans without" in done.stderr
    assert done.stdout.count("Adapters for this model: none") == 2
    assert "The phone number for Sid is 555-0142" in done.stdout


def test_sessions_are_there_in_the_next_process_and_can_be_forgotten(chat: Chat) -> None:
    chat(["number of Sid", "number of Sid"])
    chat(["number of Sid"], "--session", "other")
    listed = chat(["/sessions", "/forget", "/forget all", "/sessions"], "--session", "main").stdout.split(
        "\n\n"
    )
    assert [line.split()[:3] for line in listed[0].splitlines()] == [
        ["other", "1", "today"],
        ["*", "main", "2"],
    ]
    assert listed[1] == "“number of Sid” is forgotten."
    assert listed[2] == "1 request of session main forgotten."
    assert "main" not in listed[3]


def test_tools_of_the_users_own_are_there(chat: Chat, tmp_path: Path, data_folder: Path) -> None:
    tool = 'from scrubjay import tool\n\n@tool\ndef {}() -> str:\n    """Boil water."""\n    return ""\n'
    (tmp_path / "my_tools.py").write_text(tool.format("boil"))
    folder = data_folder / "tools"
    folder.mkdir()
    (folder / "kettle.py").write_text(tool.format("boil_twice"))
    shown = chat(["/tools boil water"], "--tools", "my_tools.py").stdout
    assert "write, yours" in shown
    assert "boil_twice" in shown


def test_a_tool_file_that_cannot_be_used_is_one_clear_error(chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "my_tools.py").write_text("import no_such_module\n")
    done = chat(["number of Sid"], "--tools", "my_tools.py")
    assert done.returncode == 1
    assert done.stderr == (
        "Error: my_tools.py, line 1: ModuleNotFoundError: No module named 'no_such_module'\n"
    )


def test_a_model_that_cannot_be_loaded_leaves_the_one_before(
    scrubjay: Callable[..., Any], command: str, data_folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [command, "chat", "--data-folder", str(data_folder)],
        env=environment,
        cwd=tmp_path,
        input="/model no.gguf\n/model\nwhat time is it\n",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "no.gguf" in done.stderr
    assert "bundled with Scrubjay" in done.stdout
    assert "$1 = current_time()" in done.stdout
