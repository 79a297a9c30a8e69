from pathlib import Path

import pytest
from click.testing import CliRunner

from scrubjay.apps.commands import scrubjay
from scrubjay.models.catalog import LISTED, bundled_planner

from ..models.hub_server import running_hub
from ..tiny_model import make_tiny_planner


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(scrubjay, ["models", *words])
        return result.exit_code, result.output

    return run


def test_the_list_names_what_is_here_and_what_can_be_pulled(run) -> None:  # type: ignore[no-untyped-def]
    code, output = run("list")
    assert code == 0
    assert str(bundled_planner()) in output
    assert all(name in output for name in LISTED)


def test_a_file_is_added_shown_and_removed(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    link = tmp_path / "other.gguf"
    link.symlink_to(bundled_planner())
    assert run("add", str(link), "--name", "mine")[0] == 0
    code, output = run("info", "mine")
    assert code == 0
    assert "dialect       scrubjay-1" in output
    assert "left where it is" in run("remove", "mine")[1]
    assert bundled_planner().exists()


def test_what_a_file_says_of_itself_steers_no_terminal_and_is_no_markup(  # type: ignore[no-untyped-def]
    run, tmp_path: Path
) -> None:
    path = tmp_path / "my[old].gguf"
    make_tiny_planner(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"tiny random planner", b"\x1b]0;evil\x07 planner!!"))
    assert run("add", str(path), "--name", "mine")[0] == 0
    assert "my[old].gguf" in run("list")[1].replace("\n", "")
    code, output = run("info", "mine")
    assert code == 0
    assert "name          \ufffd]0;evil\ufffd planner!!\n" in output
    path.write_bytes(content.replace(b"scrubjay-1", b"scrubj\x1b[1m"))
    code, output = run("info", "mine")
    assert code == 1
    assert "\x1b" not in output


def test_what_cannot_be_done_is_told_with_exit_code_1(run) -> None:  # type: ignore[no-untyped-def]
    code, output = run("info", "nothing")
    assert code == 1
    assert "there is no file and no model 'nothing'" in output
    code, output = run("pull", "nothing")
    assert code == 1
    assert "no listed model" in output


def test_a_model_is_pulled_under_a_name_of_ones_own(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with running_hub({"owner/repo/model.gguf": bundled_planner().read_bytes()}) as hub:
        code, output = run("pull", "owner/repo/model.gguf", "--hub", hub.url, "--name", "mine")
        assert code == 0, output
        assert "Use it with --model mine." in output
        assert run("info", "mine")[0] == 0


def test_what_is_pulled_into_another_folder_is_used_by_its_path(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "my models"
    with running_hub({"owner/repo/model.gguf": bundled_planner().read_bytes()}) as hub:
        code, output = run("--folder", str(folder), "pull", "owner/repo/model.gguf", "--hub", hub.url)
    assert code == 0, output
    assert f"Use it with --model '{folder / 'model.gguf'}'." in output
    assert (folder / "model.gguf").is_file()
