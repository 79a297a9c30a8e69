"""Tools that come as JSON schemas, in a file or in a line of a batch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..tools.errors import ToolError
from ..tools.registry import ToolRegistry
from ..tools.tool import Tool


def tools_from(schemas: Sequence[Any]) -> ToolRegistry:
    """The tools of a list of schemas in any form that `Tool.from_schema` knows. Raises ToolError."""
    return ToolRegistry(Tool.from_schema(schema) for schema in schemas)


def read_tool_file(path: Path) -> ToolRegistry:
    """The tools of a JSON file: a list of schemas, or an object whose `tools` is one.

    Raises click.BadParameter that says what is wrong with it.
    """
    try:
        content = json.loads(path.read_bytes())
        schemas = content["tools"] if isinstance(content, dict) and "tools" in content else content
        if not isinstance(schemas, list):
            raise click.BadParameter(f"{path} holds no list of tool schemas", param_hint="--tools")
        return tools_from(schemas)
    except (OSError, ValueError, ToolError) as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--tools") from error
