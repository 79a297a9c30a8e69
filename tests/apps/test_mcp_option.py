"""MCP servers on the command line and in the settings."""

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Scrubjay

pytest.importorskip("mcp")

SERVER = f"{sys.executable} {Path(__file__).parents[1] / 'tools' / 'mcp' / 'bad_server.py'}"


def test_a_server_that_does_not_start_is_named_and_the_request_is_served(
    scrubjay: Scrubjay, data_folder: Path
) -> None:
    request = "what is Sid's phone number"
    run = scrubjay("ask", "--mcp", "gone=/no/such/program", "--data-folder", data_folder, request)
    assert "Note: MCP server gone: " in run.stderr
    assert run.stdout


@pytest.mark.parametrize("wrong", ["", "'unclosed", "https://"])
def test_what_is_no_server_is_wrong_use(scrubjay: Scrubjay, wrong: str) -> None:
    run = scrubjay("ask", "--mcp", wrong, "hello")
    assert run.returncode == 2
    assert "Error:" in run.stderr


def test_two_servers_of_one_name_are_told_what_to_write(scrubjay: Scrubjay) -> None:
    run = scrubjay("ask", "--mcp", "same=cat", "--mcp", "same=cat -u", "hello")
    assert run.returncode == 2
    assert "two MCP servers are called same" in run.stderr


def test_servers_of_the_settings_are_there_in_the_chat(
    command: str, environment: dict[str, str], data_folder: Path
) -> None:
    words = [*SERVER.split(), "normal"]
    (data_folder / "settings.toml").write_text(f"[mcp.bad]\ncommand = {words!r}\ntimeout_s = 20\n")
    run = subprocess.run(
        [command, "chat", "--data-folder", str(data_folder)],
        env=environment,
        input="what is Sid's phone number\n/tools bad.\n",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "bad.work" in run.stdout
    assert "Does hang." in run.stdout
