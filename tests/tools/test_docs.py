"""docs/tools.md has every built-in tool; that its examples run, tests/test_docs.py sees to."""

from pathlib import Path

from scrubjay.tools.builtin import builtin_tools

PAGE = (Path(__file__).parents[2] / "docs/tools.md").read_text(encoding="utf-8")


def test_every_built_in_tool_is_on_the_page() -> None:
    assert not [tool.name for tool in builtin_tools(Path("unused")) if f"`{tool.name}`" not in PAGE]
