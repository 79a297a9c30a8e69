"""A new user's path after `make demo`: a tool of one's own called by the chat, typed from README.md alone.

    python benchmarks/first_tool.py [--characters 200]

Reads the section "Chat, with a tool of your own", types what it shows into a shell on a real terminal, in an
empty folder with an empty home, key by key at so many characters a minute, and waits for the answer that the
section shows. Reading the section is counted at 200 words a minute. Fails when another answer comes.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pexpect

ROOT = Path(__file__).resolve().parents[1]
HEADING = "## Chat, with a tool of your own\n"
BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
READY = r"\x1b\[\?2004h"  # where a line is edited, pasting is bracketed
WORDS_A_MINUTE = 200
ALLOWED_S = 300


def main() -> int:
    options = argparse.ArgumentParser(description="Time a new user's path to a tool of their own.")
    options.add_argument("--characters", type=int, default=200, help="typed in a minute")
    pause_s = 60 / options.parse_args().characters
    section = (ROOT / "README.md").read_text("utf-8").split(HEADING)[1].split("\n## ")[0]
    file, command, shown = BLOCK.findall(section)
    request = shown.splitlines()[0].removeprefix("> ")
    answer = shown.split("\n\n")[1].splitlines()[0]
    times = {"reading": len(section.split()) / WORDS_A_MINUTE * 60}
    with tempfile.TemporaryDirectory(prefix="scrubjay-first-tool-") as folder:
        (Path(folder) / ".venv").symlink_to(Path(sys.prefix))
        shell = pexpect.spawn(
            "/bin/sh", cwd=folder, env=environment(folder), encoding="utf-8", dimensions=(30, 80), timeout=120
        )
        times["typing the file"] = typed(shell, f"cat > my_tools.py\n{file}\x04", pause_s)
        times["typing the command"] = typed(shell, command, pause_s)
        times["the chat starts"] = waited(shell, READY)
        times["typing the request"] = typed(shell, f"{request}\r", pause_s)
        times["the answer comes"] = waited(shell, f"\n.*{re.escape(answer)}")
        shell.close(force=True)
    for what, seconds in times.items():
        print(f"{what:20} {seconds:6.1f} s")
    print(f"{'in all':20} {sum(times.values()):6.1f} s of {ALLOWED_S} s")
    return 0 if sum(times.values()) <= ALLOWED_S else 1


def environment(home: str) -> dict[str, str]:
    """That of a person who has never used Scrubjay."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return {**kept, "HOME": home, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "PS1": "$ "}


def typed(shell: Any, text: str, pause_s: float) -> float:
    """Type `text` key by key; returns how long it took, in seconds."""
    started = time.perf_counter()
    for key in text:
        time.sleep(pause_s)
        shell.send(key)
    return time.perf_counter() - started


def waited(shell: Any, pattern: str) -> float:
    """Wait until the terminal shows `pattern`; returns how long it took, in seconds."""
    started = time.perf_counter()
    shell.expect(pattern)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
