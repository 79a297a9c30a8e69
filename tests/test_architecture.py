"""Imports between the folders point the way that docs/architecture.md draws."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("apps", "agent", "retrieval", "models", "tools")


def drawn() -> set[tuple[str, str]]:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    return {(one, other) for one, other in re.findall(r"^    (\w+) --> (\w+)$", page, re.MULTILINE)}


def imported() -> dict[tuple[str, str], str]:
    """Which folder imports from which other one, with a file that does."""
    found = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            depth = len(path.relative_to(ROOT).parts)
            if "training" in path.parts:
                continue  # it reads the corpus of tools and plans, and nothing imports it
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.level == depth:
                    other = (node.module or "").split(".")[0]
                    if other in FOLDERS and other != folder:
                        found[folder, other] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def test_every_import_between_folders_is_an_arrow_of_the_picture() -> None:
    assert not {arrow: file for arrow, file in imported().items() if arrow not in drawn()}


def test_every_arrow_of_the_picture_is_an_import() -> None:
    assert not drawn() - set(imported())
