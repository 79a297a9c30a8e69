"""The command line as a whole."""

import subprocess
from pathlib import Path

import pytest

from .conftest import Scrubjay


def test_help_names_every_command(scrubjay: Scrubjay) -> None:
    done = scrubjay("--help")
    assert done.returncode == 0
    for command in ("ask", "chat", "plan", "tools", "doctor"):
        assert f"\n  {command}" in done.stdout


@pytest.mark.parametrize("name", ["ask", "chat", "plan", "tools", "doctor"])
def test_every_command_explains_itself(scrubjay: Scrubjay, name: str) -> None:
    done = scrubjay(name, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: scrubjay {name}")


@pytest.mark.parametrize(
    "arguments",
    [("no-such",), ("ask",), ("ask", "--no-such-option", "hi"), ("plan",), ("plan", "--batch", "/no")],
)
def test_wrong_use_exits_with_2(scrubjay: Scrubjay, arguments: tuple[str, ...]) -> None:
    done = scrubjay(*arguments)
    assert done.returncode == 2
    assert "Usage:" in done.stderr
    assert "Traceback" not in done.stderr


def test_tools_lists_name_effect_and_description(scrubjay: Scrubjay, tmp_path: Path) -> None:
    done = scrubjay("tools", "--data-folder", tmp_path / "data")
    assert "send_sms\tsend\tSend a text message." in done.stdout.splitlines()
    assert not (tmp_path / "data").exists()


def test_tools_show_shows_one_tool(scrubjay: Scrubjay) -> None:
    done = scrubjay("tools", "show", "send_sms")
    assert done.stdout.startswith("send_sms  (send)\n  Send a text message.\n")
    assert '"message"' in done.stdout


def test_tools_show_knows_what_was_probably_meant(scrubjay: Scrubjay) -> None:
    done = scrubjay("tools", "show", "sendsms")
    assert done.returncode == 2
    assert "send_sms" in done.stderr


def test_doctor_finds_everything_that_is_needed(scrubjay: Scrubjay, data_folder: Path) -> None:
    done = scrubjay("doctor", "--data-folder", data_folder)
    assert done.returncode == 0, done.stdout
    assert "planned in" in done.stdout


def test_doctor_says_what_is_missing_and_exits_with_1(scrubjay: Scrubjay, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = scrubjay("doctor", "--data-folder", tmp_path / "file" / "data", "--model", tmp_path / "no.gguf")
    assert done.returncode == 1
    assert [line[:2] for line in done.stdout.splitlines() if line.startswith("no")] == ["no", "no"]
    assert "no.gguf" in done.stdout


def test_a_reader_that_goes_away_is_no_error(command: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        f"'{command}' tools | head -n 1", shell=True, env=environment, capture_output=True, text=True
    )
    assert done.stderr == ""
