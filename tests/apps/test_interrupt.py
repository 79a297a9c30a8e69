"""Ctrl-C at any moment ends cleanly: no traceback, nothing half-written."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

TEXTING = "text Sid and Lutfi that I'm running late"


def _interrupted(words: list[str], environment: dict[str, str], after_s: float) -> tuple[int, str]:
    """Exit code and standard error of a command that gets SIGINT so many seconds after its start.

    While Python itself starts, and pip's script before it calls ours, it answers Ctrl-C in its own way: then
    that was too early, and later is tried.
    """
    process = subprocess.Popen(
        words,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    ours = str(Path("apps", "main.py"))
    if "Fatal Python error: init_" in errors or (process.returncode == -signal.SIGINT and ours not in errors):
        return _interrupted(words, environment, 2 * after_s)
    return process.returncode, errors


@pytest.mark.parametrize("after_s", [0.2, 0.4, 0.7, 1.0, 1.4])
def test_a_request_is_cancelled_or_done(
    command: str, environment: dict[str, str], data_folder: Path, after_s: float
) -> None:
    words = [command, "ask", "--yes", "--data-folder", str(data_folder), TEXTING]
    code, errors = _interrupted(words, environment, after_s)
    assert (code, errors.strip()) in [(130, "Cancelled."), (0, "")]
    for message in (data_folder / "messages").rglob("*"):
        assert message.is_dir() or json.loads(message.read_text())["message"]


def test_a_batch_has_whole_lines_only(command: str, environment: dict[str, str], tmp_path: Path) -> None:
    requests = [{"id": number, "query": f"set a timer for {number} minutes"} for number in range(3000)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(request) + "\n" for request in requests))
    out = tmp_path / "out.jsonl"
    words = [command, "plan", "--batch", str(tmp_path / "in.jsonl"), "--out", str(out)]
    code, errors = _interrupted(words, environment, 4.0)
    assert (code, errors.strip()) == (130, "Cancelled.")
    written = out.read_text() if out.exists() else ""
    assert [json.loads(line)["id"] for line in written.splitlines()] == list(range(written.count("\n")))
