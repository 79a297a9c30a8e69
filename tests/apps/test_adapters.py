"""`scrubjay adapters`, and how the commands think."""

import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from scrubjay.apps.commands import scrubjay

from ..tiny_adapter import random_matrices, write_adapter
from ..tiny_model import make_tiny_planner

Run = Callable[..., tuple[int, str]]
REASONING = {"scrubjay.adapter.prompt": "base", "scrubjay.adapter.kind": "reasoning"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A model, and an adapter that is for it."""
    weights = make_tiny_planner(tmp_path / "tiny.gguf", metadata={"scrubjay.weights": "tiny"})
    write_adapter(
        tmp_path / "works-out.gguf",
        random_matrices(weights),
        metadata={**REASONING, "scrubjay.adapter.base": "tiny"},
    )
    return tmp_path / "tiny.gguf", tmp_path / "works-out.gguf"


@pytest.fixture
def run(tmp_path: Path, files: tuple[Path, Path]) -> Run:
    def run(*words: str) -> tuple[int, str]:
        options = ["--model", str(files[0]), "--data-folder", str(tmp_path / "data")]
        if words[:2] == ("adapters", "remove"):
            options = options[2:]
        result = CliRunner().invoke(scrubjay, [*words, *options])
        return result.exit_code, result.output

    return run


def test_an_adapter_is_added_listed_told_of_and_removed(run: Run, files: tuple[Path, Path]) -> None:
    assert run("adapters", "add", str(files[1]), "--name", "mine") == (0, "Added mine.\n")
    code, listed = run("adapters", "list")
    assert code == 0
    assert "mine" in listed
    assert "yes" in listed
    code, told = run("adapters", "info", "mine")
    assert code == 0
    assert "reasoning" in told
    assert "its KV shared" in told
    assert run("adapters", "add", str(files[1]), "--name", "mine")[0] == 1
    assert run("adapters", "remove", "mine") == (0, "Removed mine.\n")
    assert run("adapters", "remove", "mine")[0] == 1


def test_an_adapter_for_another_model_is_refused_with_the_reason(
    run: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other.gguf"
    write_adapter(other, {}, metadata={"scrubjay.adapter.base": "another"})
    code, output = run("adapters", "add", str(other))
    assert code == 1
    assert "trained on other weights (another) than this model's (tiny)" in output
    assert run("adapters", "add", str(tmp_path / "tiny.gguf"))[0] == 1


@pytest.mark.parametrize("name", ["../../evil", "a/b", "..", ".hidden", "two words", "x" * 101])
def test_a_name_that_leads_elsewhere_is_no_name(
    name: str, run: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    code, output = run("adapters", "add", str(files[1]), "--name", name)
    assert code == 1
    assert "cannot be a name; give one of letters, digits, '.', '_' and '-'" in output
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_whose_name_is_none_is_added_under_another(
    run: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    odd = files[1].rename(tmp_path / "my[old].gguf")
    code, output = run("adapters", "add", str(odd))
    assert code == 1
    assert "'my[old]' cannot be a name" in output
    assert run("adapters", "add", str(odd), "--name", "my-old") == (0, "Added my-old.\n")


def test_on_a_full_disk_nothing_is_added_and_nothing_is_left(
    run: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (files[1].stat().st_size // 2, hard))
    try:
        code, output = run("adapters", "add", str(files[1]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert code == 1
    assert "File too large" in output
    assert list((tmp_path / "data" / "adapters").iterdir()) == []
    assert run("adapters", "add", str(files[1])) == (0, "Added works-out.\n")
    (added,) = (tmp_path / "data" / "adapters").iterdir()
    assert added.read_bytes() == files[1].read_bytes()


def test_an_added_adapter_that_no_longer_fits_is_named_and_left_out(
    run: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    assert run("adapters", "add", str(files[1]))[0] == 0
    make_tiny_planner(files[0], metadata={"scrubjay.weights": "newer"})
    code, output = run("plan", "note that I am late", "--json")
    assert code == 0
    assert "Without the adapter works-out: " in output
    assert '"plan"' in output
    assert "no: " in run("adapters", "list")[1]


def test_thinking_in_vain_says_what_to_do(run: Run) -> None:
    code, output = run("plan", "note that I am late", "--think", "always")
    assert code == 1
    assert "no adapter for thinking that fits it" in output
    assert "`--think never` plans without" in output


def test_what_a_file_says_of_itself_steers_no_terminal_and_is_no_markup(
    run: Run, files: tuple[Path, Path], tmp_path: Path
) -> None:
    matrices = random_matrices(make_tiny_planner(files[0], metadata={"scrubjay.weights": "tiny"}))
    said = {
        "scrubjay.adapter.kind": "x[/b]\x1b[31m",
        "general.description": "one\ntwo \x1b]0;three\x07 [bold]",
    }
    added = tmp_path / "data" / "adapters"
    added.mkdir(parents=True)
    write_adapter(added / "my[old].gguf", matrices, metadata=said)
    write_adapter(added / "bad.gguf", matrices, metadata={"scrubjay.adapter.base": "\x1b[31m[/b]"})
    code, listed = run("adapters", "list")
    assert code == 0
    assert "my[old]" in listed
    assert "x[/b]" in listed
    assert "trained on other weights" in " ".join(listed.split())
    code, told = run("adapters", "info", "my[old]")
    assert code == 0
    assert "about       one two \ufffd]0;three\ufffd [bold]\n" in told
    code, refused = run("adapters", "info", "bad")
    assert code == 1
    _, warned = run("plan", "note that I am late", "--json")
    assert "Without the adapter bad: " in warned
    assert "\x1b" not in listed + told + refused + warned


def test_a_damaged_header_is_one_message_that_names_an_adapter(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    code, output = run("adapters", "info", str(tmp_path / "a.gguf"))
    assert code == 1
    assert "Expected: a LoRA adapter in GGUF format" in output
    code, output = run("adapters", "info", "nothing")
    assert code == 1
    assert "nothing: the file cannot be read (No such file or directory). Expected: a LoRA adapter" in output
