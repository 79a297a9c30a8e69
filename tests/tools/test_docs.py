"""The examples of docs/tools.md run."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/tools.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_of_the_page_on_tools_run(code: str) -> None:
    exec(compile(code, "docs/tools.md", "exec"), {"__name__": "example"})


def test_every_built_in_tool_is_on_the_page() -> None:
    from scrubjay.tools.builtin import builtin_tools

    assert not [tool.name for tool in builtin_tools(Path("unused")) if f"`{tool.name}`" not in PAGE]
