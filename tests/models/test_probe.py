"""The crash on processors with AMX, made by a program that kills itself the same way."""

import signal
from pathlib import Path

import llama_cpp
import pytest

from scrubjay.models import probe
from scrubjay.models.errors import NativeError
from scrubjay.models.library import load_model
from scrubjay.models.metadata import read_metadata
from scrubjay.models.probe import PROGRAM, repacking_is_safe


class FakeProgram:
    """A probe that crashes for the kinds of weights in `crashes`, and counts how often it was run."""

    def __init__(self, folder: Path, *crashes: str) -> None:
        self.path = folder / "program.py"
        self.log = folder / "runs"
        self.path.write_text(
            "import os, sys\n"
            f"open({str(self.log)!r}, 'a').write(sys.argv[2] + '\\n')\n"
            f"if sys.argv[2] in {crashes!r}: os.kill(os.getpid(), {int(signal.SIGSEGV)})\n"
        )

    @property
    def runs(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


@pytest.fixture(autouse=True)
def fresh_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(probe, "_findings_folder", lambda: tmp_path / "cache" / "scrubjay" / "probe")


def test_repacked_weights_are_used_where_they_do_not_crash(planner: Path, tmp_path: Path) -> None:
    program = FakeProgram(tmp_path)
    assert repacking_is_safe(planner, read_metadata(planner), program.path)
    assert program.runs == ["repacked"]


def test_plain_weights_are_used_where_repacked_ones_crash(planner: Path, tmp_path: Path) -> None:
    program = FakeProgram(tmp_path, "repacked")
    assert not repacking_is_safe(planner, read_metadata(planner), program.path)
    assert program.runs == ["repacked", "plain"]


@pytest.mark.parametrize("crashes", [(), ("repacked",)])
def test_a_finding_is_remembered(crashes: tuple[str, ...], planner: Path, tmp_path: Path) -> None:
    program = FakeProgram(tmp_path, *crashes)
    metadata = read_metadata(planner)
    findings = [repacking_is_safe(planner, metadata, program.path) for _ in range(3)]
    assert findings == [not crashes] * 3
    assert len(program.runs) == 1 + len(crashes)


def test_another_build_of_the_library_is_tried_anew(
    planner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = FakeProgram(tmp_path)
    metadata = read_metadata(planner)
    repacking_is_safe(planner, metadata, program.path)
    monkeypatch.setattr("llama_cpp.__version__", "0.9.9")
    repacking_is_safe(planner, metadata, program.path)
    assert program.runs == ["repacked", "repacked"]


def test_a_library_that_always_crashes_is_an_error_that_says_how_to_build_it(
    planner: Path, tmp_path: Path
) -> None:
    program = FakeProgram(tmp_path, "repacked", "plain")
    with pytest.raises(NativeError, match=r"crashes on this machine.*pip install --force-reinstall"):
        repacking_is_safe(planner, read_metadata(planner), program.path)


def test_a_damaged_finding_is_made_again(planner: Path, tmp_path: Path) -> None:
    program = FakeProgram(tmp_path)
    repacking_is_safe(planner, read_metadata(planner), program.path)
    (finding,) = (tmp_path / "cache").rglob("*.json")
    finding.write_text("{")
    assert repacking_is_safe(planner, read_metadata(planner), program.path)
    assert program.runs == ["repacked", "repacked"]


def test_a_cache_folder_that_cannot_be_written_is_no_error(planner: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    assert repacking_is_safe(planner, read_metadata(planner), FakeProgram(tmp_path).path)


def test_a_model_is_loaded_without_repacking_after_a_crash(
    planner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[bool] = []
    load = llama_cpp.llama_model_load_from_file

    def watched_load(path: bytes, params: llama_cpp.llama_model_params) -> object:
        used.append(params.use_extra_bufts)
        return load(path, params)

    monkeypatch.setattr("llama_cpp.llama_model_load_from_file", watched_load)
    program = FakeProgram(tmp_path, "repacked").path
    monkeypatch.setattr(
        "scrubjay.models.library.repacking_is_safe",
        lambda model, metadata: repacking_is_safe(model, metadata, program),
    )
    llama_cpp.llama_model_free(load_model(planner).pointer)
    assert used == [False]


def test_the_real_probe_finds_this_machine_able_to_read(planner: Path) -> None:
    assert repacking_is_safe(planner, read_metadata(planner), PROGRAM) in (True, False)
