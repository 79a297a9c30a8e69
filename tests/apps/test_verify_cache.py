"""`scrubjay verify-cache` shows whether reuse leaves a trace in what is written."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from scrubjay.apps.verify_cache import verify_cache
from scrubjay.models.context import Context

from ..tiny_model import make_tiny_planner

TOOLS = [
    {"name": name, "description": "Does it.", "parameters": {"type": "object", "properties": {}}}
    for name in ("call", "stop", "wait")
]


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.jsonl"
    lines = [json.dumps({"query": f"do it {number}", "tools": TOOLS[number:]}) for number in range(2)]
    path.write_text("\n".join([*lines, ""]))
    return path


@pytest.mark.parametrize("parallel", [True, False])
def test_runs_of_a_sound_cache_agree(tmp_path: Path, cases: Path, parallel: bool) -> None:
    make_tiny_planner(tmp_path / "tiny.gguf", parallel_segments=parallel)
    command = ["--model", str(tmp_path / "tiny.gguf"), "--cases", str(cases)]
    done = CliRunner().invoke(verify_cache, command, standalone_mode=False)
    assert done.return_value == 0, done.output
    said = [line.split(maxsplit=1) for line in done.output.splitlines() if line and not line.startswith(" ")]
    assert [name for name, _ in said] == ["warm", "restarted", "reordered"][: 3 if parallel else 2]
    assert all(words == "exact" or words.startswith("equal up to rounding") for _, words in said)
    assert done.output.count("2 of 2 plans the same") == len(said)


def test_shifted_segments_are_held_against_a_run_that_computes_everything(
    tmp_path: Path, cases: Path
) -> None:
    make_tiny_planner(tmp_path / "tiny.gguf", parallel_segments=False)
    command = ["--model", str(tmp_path / "tiny.gguf"), "--cases", str(cases), "--shifted"]
    done = CliRunner().invoke(verify_cache, command, standalone_mode=False)
    assert done.return_value == 0, done.output
    assert re.search(r"^shifted +drifts by \S+ nats a token", done.output, re.MULTILINE)


def test_where_nothing_is_moved_that_is_said(tmp_path: Path, cases: Path) -> None:
    make_tiny_planner(tmp_path / "tiny.gguf")
    command = ["--model", str(tmp_path / "tiny.gguf"), "--cases", str(cases), "--limit", "1", "--shifted"]
    done = CliRunner().invoke(verify_cache, command, standalone_mode=False)
    assert "are not moved: it reads them in parallel" in done.output
    assert "nats" not in done.output


def test_a_line_that_is_no_case_is_named(tmp_path: Path, cases: Path) -> None:
    cases.write_text(cases.read_text() + '{"query": "without tools"}\n')
    done = CliRunner().invoke(verify_cache, ["--cases", str(cases)])
    assert done.exit_code == 2
    assert "line 3 names no tools" in done.output


def test_how_exactly_kv_is_kept_is_asked_for_as_documented(tmp_path: Path, cases: Path) -> None:
    make_tiny_planner(tmp_path / "tiny.gguf")
    command = ["--model", str(tmp_path / "tiny.gguf"), "--cases", str(cases), "--kv-type", "q8_0"]
    done = CliRunner().invoke(verify_cache, command, standalone_mode=False)
    assert done.return_value == 0, done.output
    assert "warm       exact" in done.output


def test_logits_that_are_no_numbers_are_no_agreement(
    tmp_path: Path, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tiny_planner(path := tmp_path / "tiny.gguf")
    decode = Context.decode
    monkeypatch.setattr(Context, "decode", lambda context, batch: decode(context, batch) * np.float32(np.nan))
    command = ["--model", str(path), "--cases", str(cases)]
    done = CliRunner().invoke(verify_cache, command, standalone_mode=False)
    assert done.return_value == 1, done.output
    assert "warm       differs by more than rounding in 2 of 2" in done.output


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "holds no cases"),
        (b"\n \n", "holds no cases"),
        ('{"query": "Gr\u00fc\u00dfe", "tools": []}'.encode("latin-1"), "is not UTF-8 text (byte 13)"),
        (b'{"query": "x", "tools": [{"description": "nameless"}]}', "line 1: a tool has no name"),
    ],
)
def test_a_file_of_no_cases_is_refused(cases: Path, content: bytes, problem: str) -> None:
    cases.write_bytes(content)
    done = CliRunner().invoke(verify_cache, ["--cases", str(cases)])
    assert done.exit_code == 2
    assert problem in " ".join(done.output.replace("\u2502", "").split())


def test_cases_for_which_nothing_is_written_show_nothing(tmp_path: Path, cases: Path) -> None:
    make_tiny_planner(tmp_path / "tiny.gguf")
    cases.write_text('{"query": "do it", "tools": []}')
    done = CliRunner().invoke(verify_cache, ["--model", str(tmp_path / "tiny.gguf"), "--cases", str(cases)])
    assert done.exit_code == 1
    assert "nothing was compared" in done.output
    assert "exact" not in done.output
