"""`scrubjay eval` on the bundled planner: it counts, shows what is wrong, and tells clearly of bad files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Scrubjay = Callable[..., "CompletedProcess[str]"]

DICE = {
    "name": "roll_dice",
    "description": "Roll some dice.",
    "parameters": {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]},
}


def cases(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def test_it_counts_and_times_every_case(scrubjay: Scrubjay, tmp_path: Path) -> None:
    wanted = [{"tool": "roll_dice", "args": {"count": 3}}]
    path = cases(tmp_path / "cases.jsonl", {"id": 1, "query": "roll 3 dice", "plan": wanted, "tools": [DICE]})
    done = scrubjay("eval", path, "--json")
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)
    assert numbers["cases"] == 1
    assert numbers["exact"] in (0, 1)
    assert numbers["median_ms"] > 0


def test_earlier_turns_may_come_with_a_case(scrubjay: Scrubjay, tmp_path: Path) -> None:
    earlier = {"query": "roll 2", "plan": [{"tool": "roll_dice", "args": {"count": 2}}], "results": [7]}
    case = {"id": "a", "query": "roll 3 now", "plan": [], "tools": [DICE], "history": [earlier]}
    done = scrubjay("eval", cases(tmp_path / "cases.jsonl", case), "--wrong", "1")
    assert done.returncode == 0, done.stderr
    assert "exact" in done.stdout


def test_a_bad_line_is_named(scrubjay: Scrubjay, tmp_path: Path) -> None:
    done = scrubjay("eval", cases(tmp_path / "cases.jsonl", {"id": 1, "query": "roll"}))
    assert done.returncode == 2
    assert "line 1" in done.stderr
    assert "plan" in done.stderr


def test_a_case_without_tools_needs_some(scrubjay: Scrubjay, tmp_path: Path) -> None:
    path = cases(tmp_path / "cases.jsonl", {"id": 1, "query": "roll 3 dice", "plan": []})
    done = scrubjay("eval", path)
    assert done.returncode == 2
    assert "--tools" in done.stderr
