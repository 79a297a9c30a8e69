"""Tools of ours as an MCP server, for any program that speaks MCP. `pip install 'scrubjay[mcp]'`.

Tell the other program to start `python examples/mcp_server.py`. What has an effect asks its user
(elicitation); `scrubjay mcp` does the same with all built-in tools.
"""

import asyncio

from mcp.server.stdio import stdio_server

from scrubjay import ToolFailed, tool
from scrubjay.agent.mcp_server import mcp_server

SHELF = {"milk": 1, "eggs": 6}


@tool(effect="read", state="shelf")
def look_up(what: str) -> int:
    """Tell how much of something is in the house."""
    return SHELF.get(what, 0)


@tool(state="shelf")
def take(what: str, count: int = 1) -> int:
    """Take something from the shelf; returns how much is left."""
    if SHELF.get(what, 0) < count:
        raise ToolFailed(f"There is not that much {what}.")
    SHELF[what] -= count
    return SHELF[what]


async def main() -> None:
    server = mcp_server([look_up, take])
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


if __name__ == "__main__":
    asyncio.run(main())
