"""`scrubjay ask`, as a program uses it: in a pipe."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .conftest import Scrubjay

TEXTING = "text Sid and Lutfi that I'm running late"


def test_a_pipe_gets_the_plan_each_steps_state_and_the_answer(scrubjay: Scrubjay, data_folder: Path) -> None:
    done = scrubjay("ask", "--yes", "--data-folder", data_folder, TEXTING)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert '$1 = get_phone_number(name="Sid")' in lines
    assert any(line.startswith("$1 done at ") and line.endswith("555-0142") for line in lines)
    assert lines[-1] == "The text to 555-0142 and 555-0117 is in the outbox."
    assert "\x1b" not in done.stdout


def test_json_is_one_object_with_the_keys_that_are_promised(scrubjay: Scrubjay, data_folder: Path) -> None:
    done = scrubjay("ask", "--json", "--yes", "--data-folder", data_folder, TEXTING)
    written = json.loads(done.stdout)
    assert list(written) == ["request", "plan", "steps", "answer", "timings"]
    assert written["request"] == TEXTING
    assert written["plan"][0] == {"tool": "get_phone_number", "args": {"name": "Sid"}}
    keys = ["id", "tool", "args", "status", "result", "started_ms", "ended_ms"]
    assert all(list(step) == keys for step in written["steps"])
    assert {step["status"] for step in written["steps"]} == {"done"}


def test_a_send_waits_for_the_look_ups_that_it_needs(scrubjay: Scrubjay, data_folder: Path) -> None:
    done = scrubjay("ask", "--json", "--yes", "--data-folder", data_folder, TEXTING)
    first, second, send = json.loads(done.stdout)["steps"]
    assert send["started_ms"] >= max(first["ended_ms"], second["ended_ms"])


def test_nothing_is_sent_when_nobody_can_be_asked(
    scrubjay: Scrubjay, data_folder: Path, outbox: Callable[[], list[Any]]
) -> None:
    done = scrubjay("ask", "--json", "--data-folder", data_folder, TEXTING)
    assert done.returncode == 1
    assert json.loads(done.stdout)["steps"][-1]["status"] == "skipped"
    assert outbox() == []


def test_yes_allows_what_would_be_asked(
    scrubjay: Scrubjay, data_folder: Path, outbox: Callable[[], list[Any]]
) -> None:
    scrubjay("ask", "--yes", "--data-folder", data_folder, TEXTING)
    (message,) = outbox()
    assert message["to"] == ["555-0142", "555-0117"]


def test_a_request_that_no_tool_serves_is_told_so(scrubjay: Scrubjay, data_folder: Path) -> None:
    done = scrubjay("ask", "--data-folder", data_folder, "order me a pizza")
    assert done.returncode == 1
    assert "None of the tools" in done.stdout


def test_a_model_that_is_not_there_is_one_clear_error(scrubjay: Scrubjay, tmp_path: Path) -> None:
    done = scrubjay("ask", "--model", tmp_path / "no.gguf", "hello")
    assert done.returncode == 1
    assert str(tmp_path / "no.gguf") in done.stderr
    assert "Traceback" not in done.stderr


def test_a_request_of_100000_characters_is_one_clear_error(scrubjay: Scrubjay, data_folder: Path) -> None:
    done = scrubjay("ask", "--json", "--data-folder", data_folder, "text Sid " * 11_000)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_data_folder_that_cannot_be_written_is_one_clear_error(scrubjay: Scrubjay, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = scrubjay("ask", "--data-folder", tmp_path / "file" / "data", "what time is it")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_an_effect_that_was_cut_off_is_told_once_and_never_repeated(
    scrubjay: Scrubjay, data_folder: Path, outbox: Callable[[], list[Any]]
) -> None:
    dying = f"""
import asyncio, os, pathlib
from scrubjay.agent.session import Session
from scrubjay.tools.effect import Effect

async def die_in_the_middle():
    session = await Session.open(pathlib.Path({str(data_folder)!r}) / "sessions.db")
    await session.journal("r1").begin(3, "send_sms", {{"to": ["555-0142"], "message": "hi"}}, Effect.SEND)
    os._exit(9)

asyncio.run(die_in_the_middle())
"""
    subprocess.run([sys.executable, "-c", dying], check=False)
    first, second = (scrubjay("ask", "--data-folder", data_folder, "what time is it") for _ in range(2))
    assert 'send_sms(to=["555-0142"], message=hi)' in first.stderr
    assert "It may have happened" in first.stderr
    assert second.stderr == ""
    assert outbox() == []
