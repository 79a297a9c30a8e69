"""The command `scrubjay`, run as a person or a program would."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scrubjay.tools.demo import seed_demo_contacts

Scrubjay = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def command() -> str:
    """The path of the installed command."""
    return str(Path(sys.executable).with_name("scrubjay"))


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """A user's data: a few contacts."""
    folder = tmp_path / "data"
    seed_demo_contacts(folder)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment that commands run in: no colour settings, and a home of their own."""
    unset = {"COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return {**kept, "TERM": "xterm-256color", "XDG_DATA_HOME": str(tmp_path / "home")}


@pytest.fixture
def scrubjay(command: str, environment: dict[str, str]) -> Scrubjay:
    """Runs `scrubjay ARGUMENTS...` in a pipe, with nothing on its standard input."""

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [command, *map(str, arguments)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def outbox(data_folder: Path) -> Callable[[], list[Any]]:
    """Reads what was sent."""

    def read() -> list[Any]:
        return [json.loads(path.read_text()) for path in sorted((data_folder / "messages").rglob("*.json"))]

    return read
