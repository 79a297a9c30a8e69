"""What an MCP server says, in our terms: its tools as tools, its results as JSON values.

All of it was written by somebody else: names, descriptions and texts are cut to size and cleaned.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import mcp_types as mcp

from ..effect import Effect
from ..errors import ToolFailed
from ..json_schema import JsonSchema, flat_parameters, flat_schema
from ..tool import Tool
from .server import McpError, McpServer

MOST_DESCRIPTION = 1000
"""Characters."""
MOST_SCHEMA = 20_000
"""Characters of a tool's schemas as JSON."""
MOST_RESULT = 1_000_000
"""Characters of a result."""
MOST_MESSAGE = 500
"""Characters of an error."""

Call = Callable[[str, Mapping[str, Any]], Awaitable[mcp.CallToolResult]]

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What moves a cursor, colours a terminal or turns text around."""


def tool_of(name: str, server: McpServer, offered: mcp.Tool, call: Call) -> Tool:
    """The tool that calls `offered`, called `name.tool`. Raises ToolError when it cannot be used."""
    schemas = json.dumps([offered.input_schema, offered.output_schema])
    if len(schemas) > MOST_SCHEMA:
        raise McpError(f"{name}.{offered.name:.80}: its schemas are longer than {MOST_SCHEMA} characters")
    returns, unwrap = _returned(offered.output_schema)

    async def function(**arguments: Any) -> Any:
        return result_of(await call(offered.name, arguments), unwrap)

    return Tool(
        name=f"{name}.{re.sub(r'[^A-Za-z0-9_./-]', '_', offered.name)}",
        description=cleaned(offered.description or offered.title or offered.name, MOST_DESCRIPTION),
        parameters=_without_patterns(flat_parameters(offered.input_schema, offered.name)),
        returns=_without_patterns(flat_schema(returns, offered.name)),
        effect=server.effects.get(offered.name) or effect_of(offered.annotations),
        state=f"mcp.{name}",
        timeout_s=server.timeout_s,
        from_others=True,
        function=function,
    )


def effect_of(hints: mcp.ToolAnnotations | None) -> Effect:
    """The effect of a tool by its server's hints; what isn't hinted counts as the strongest that it may be.

    A tool that only reads, but out in the world, sends what it is asked: an address can carry anything out.
    That is what the protocol takes a tool for that doesn't say otherwise.
    """
    if hints is None:
        return Effect.DESTROY
    if hints.read_only_hint:
        return Effect.READ if hints.open_world_hint is False else Effect.SEND
    if hints.destructive_hint is not False:
        return Effect.DESTROY
    return Effect.WRITE if hints.open_world_hint is False else Effect.SEND


def result_of(result: mcp.CallToolResult, unwrap: bool) -> Any:
    """The JSON value of a result: what is structured, else its texts. Raises ToolFailed for an error."""
    text = "\n".join(_text(block) for block in result.content)
    if result.is_error:
        raise ToolFailed(cleaned(text, MOST_MESSAGE) or "The server says that it failed, and not why.")
    if result.structured_content is None:
        return cleaned(text, MOST_RESULT)
    value = result.structured_content
    if len(json.dumps(value)) > MOST_RESULT:
        raise ToolFailed(f"The result is longer than {MOST_RESULT} characters; ask for less.")
    return value["result"] if unwrap and isinstance(value, dict) and "result" in value else value


def cleaned(text: str, most: int) -> str:
    """`text` without control characters, at most so many characters."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n"))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _returned(schema: Mapping[str, Any] | None) -> tuple[JsonSchema, bool]:
    """The schema of the result, and whether it stands in an object's only property, `result`."""
    if not schema:
        return {}, False
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and list(properties) == ["result"]:
        inner = properties["result"]
        if isinstance(inner, Mapping):
            definitions = {key: schema[key] for key in ("$defs", "definitions") if key in schema}
            return {**definitions, **inner}, True
    return dict(schema), False


def _without_patterns(schema: JsonSchema) -> JsonSchema:
    """A schema in plain form without regular expressions: one of others' could take hours to match."""
    plain = {key: value for key, value in schema.items() if key != "pattern"}
    if "properties" in plain:
        plain["properties"] = {name: _without_patterns(part) for name, part in plain["properties"].items()}
    if "anyOf" in plain:
        plain["anyOf"] = [_without_patterns(part) for part in plain["anyOf"]]
    for key in ("items", "additionalProperties"):
        if isinstance(plain.get(key), dict):
            plain[key] = _without_patterns(plain[key])
    return plain


def _text(block: mcp.ContentBlock) -> str:
    match block:
        case mcp.TextContent():
            return str(block.text)
        case mcp.ImageContent() | mcp.AudioContent():
            return f"({block.mime_type}, {len(block.data) * 3 // 4} bytes)"
        case mcp.EmbeddedResource(resource=mcp.TextResourceContents() as resource):
            return str(resource.text)
        case mcp.EmbeddedResource():
            return f"({block.resource.uri})"
        case _:
            return f"({block.uri})"
