"""Tools that a user writes into a file of their own."""

from pathlib import Path

import pytest

from scrubjay.apps.own_tools import add_tools_of_file, add_tools_of_folder, is_own, tools_in
from scrubjay.tools.errors import ToolDefinitionError
from scrubjay.tools.registry import ToolRegistry

KETTLE = '''
from scrubjay import tool

@tool(effect="read")
def kettle_temperature() -> int:
    """Tell how hot the kettle is."""
    return 91

@tool
def boil(litres: float = 1.0) -> str:
    """Boil water."""
    return f"{litres} l are boiling"
'''


def file(folder: Path, text: str, name: str = "my_tools.py") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def test_the_tools_of_a_file_come_in_its_order(tmp_path: Path) -> None:
    kettle, boil = tools_in(file(tmp_path, KETTLE))
    assert (kettle.name, kettle.effect, kettle.call({})) == ("kettle_temperature", "read", 91)
    assert (boil.name, boil.effect) == ("boil", "write")
    assert is_own(boil)


def test_a_file_may_import_what_lies_beside_it(tmp_path: Path) -> None:
    file(tmp_path, "DEGREES = 91", "kettle_driver.py")
    text = KETTLE.replace("return 91", "return DEGREES") + "\nfrom kettle_driver import DEGREES"
    assert tools_in(file(tmp_path, text))[0].call({}) == 91


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("def boil(:\n    pass", r"my_tools.py, line 1: SyntaxError"),
        ("import os\nos.no_such_thing", r"my_tools.py, line 2: AttributeError"),
        ("def boil(): ...", r"has no tools: .*@tool"),
        ("from scrubjay import tool\n\n@tool\ndef boil(): ...", r"my_tools.py, line 3: boil has no descr"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ToolDefinitionError, match=problem):
        tools_in(file(tmp_path, text))


def test_a_name_that_is_taken_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = file(tmp_path, KETTLE)
    registry = ToolRegistry(tools_in(path)[:1])
    with pytest.raises(ToolDefinitionError, match=r"my_tools.py: there is a tool called kettle_temperature"):
        add_tools_of_file(registry, path)
    assert registry.names == ("kettle_temperature",)


def test_the_users_folder_is_loaded_and_what_is_broken_in_it_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tools"
    file(folder, KETTLE, "kettle.py")
    file(folder, "1 / 0", "broken.py")
    file(folder, "1 / 0", "_draft.py")
    registry = ToolRegistry()
    add_tools_of_folder(registry, folder)
    assert registry.names == ("kettle_temperature", "boil")
    warnings = capsys.readouterr().err
    assert "broken.py, line 1: ZeroDivisionError" in warnings
    assert "_draft" not in warnings
