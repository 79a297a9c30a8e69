"""Calls a built-in tool the way a step does: arguments checked, function run, result checked."""

import asyncio
from typing import Any

from scrubjay.tools.say import say
from scrubjay.tools.tool import Tool


def call(tool: Tool, **arguments: Any) -> Any:
    """The checked result of a call with JSON values."""
    return tool.validate_result(_run(tool, arguments))


def answer(tool: Tool, **arguments: Any) -> str:
    """What the tool says about a call."""
    assert tool.say is not None
    return say(tool.say, arguments, call(tool, **arguments))


def _run(tool: Tool, arguments: dict[str, Any]) -> Any:
    valid = tool.validate_arguments(arguments)
    return asyncio.run(tool.call(valid)) if tool.is_async else tool.call(valid)
