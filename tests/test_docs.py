"""Every block of code in docs/ and README.md runs, page by page, in the order in which a reader meets them.

How a block is marked, after its three backticks:

    python     runs; the blocks of a page share their names, like the cells of a notebook
    sh         runs in bash with `set -e`, in the folder that the page's Python runs in; its data is temporary
    toml json  is read
    sh (why)   does not run, and says why: `sh (needs a microphone)`; the same for every other language
    text       is no code: output, plans, drawings; so is a block without a word

A block that is left unmarked must not hold commands.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

NO_CODE = {"", "text", "mermaid", "lark", "sql", "diff"}
COMMAND = re.compile(r"^\s*(\$ )?(scrubjay|\.venv/bin/\S+|make|pip|python3?) [a-z.-]", re.MULTILINE)
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of a page. line: where its text begins. language and why: what its mark says."""

    page: Path
    line: int
    language: str
    why: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    content = page.read_text("utf-8")
    for match in FENCE.finditer(content):
        mark = re.fullmatch(r"(\w*) *(?:\((.+)\))?", match[1].strip())
        assert mark, f"{page.name}: what does ```{match[1]} mean? See tests/test_docs.py"
        yield Block(page, content.count("\n", 0, match.start(2)) + 1, mark[1], mark[2] or "", match[2])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a page's blocks run: with a home and data of its own, and with our commands at hand."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
        (tmp_path / name.lower()).mkdir()
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page: Path, folder: Path) -> None:
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks(page):
        if block.why or block.language in NO_CODE:
            continue
        if block.language == "python":
            code = "\n" * (block.line - 1) + block.text  # so that a traceback names the line of the page
            exec(compile(code, str(page), "exec"), names)
        elif block.language == "sh":
            run = subprocess.run(
                ["bash", "-ec", block.text], cwd=folder, capture_output=True, text=True, timeout=300, input=""
            )
            assert run.returncode == 0, f"{block.place}: {run.stdout}\n{run.stderr}"
        else:
            assert block.language in ("toml", "json"), f"{block.place}: nobody runs {block.language}"
            _ = tomllib.loads(block.text) if block.language == "toml" else json.loads(block.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_stand_in_blocks_that_are_marked(page: Path) -> None:
    for block in blocks(page):
        if block.language in NO_CODE and not block.text.lstrip().startswith(">"):
            found = COMMAND.search(block.text)
            assert not found, f"{block.place}: mark it ```sh, or ```sh (why it cannot run)"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
