"""docs/tools.md has every built-in tool; that its examples run, tests/test_docs.py sees to."""

import re
from pathlib import Path

from scrubjay.tools.builtin import builtin_tools

PAGE = (Path(__file__).parents[2] / "docs/tools.md").read_text(encoding="utf-8")


def test_every_built_in_tool_is_on_the_page() -> None:
    assert not [tool.name for tool in builtin_tools(Path("unused")) if f"`{tool.name}`" not in PAGE]


def test_every_built_in_tool_has_a_test_on_its_real_back_end() -> None:
    rows = re.findall(r"^\| (`[^|]*`) \| [^|]* \| `(test_\w+\.py)::(test_\w+)` \|$", PAGE, re.MULTILINE)
    tested = [name for tools, _, _ in rows for name in re.findall(r"`(\w+)`", tools)]
    assert sorted(tested) == sorted(tool.name for tool in builtin_tools(Path("unused")))
    for _, file, test in rows:
        assert f"def {test}(" in (Path(__file__).parent / file).read_text(encoding="utf-8")
