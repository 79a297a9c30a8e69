"""All MCP servers that an agent uses, in an event loop of their own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from importlib.util import find_spec
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..background import BackgroundLoop
from ..errors import ToolError
from ..registry import ToolRegistry
from ..tool import Tool
from .server import SERVER_NAME, McpError, McpServer, parse_server

if TYPE_CHECKING:
    import mcp_types as mcp

    from .connection import Connection

PATIENCE_S = 30.0
"""How long the first request waits for servers that start; what comes later is there for later requests."""
CLOSE_S = 10.0

_log = logging.getLogger(__name__)


class McpServers:
    """Connects to servers and keeps a registry up to date with their tools.

    check: raises ToolError for a tool that cannot be offered to a planner.
    Raises McpError when the extra `mcp` is not installed.
    """

    def __init__(self, servers: Mapping[str, McpServer], check: Callable[[Tool], None]) -> None:
        if find_spec("mcp") is None:
            raise McpError("MCP servers need the extra mcp: pip install 'scrubjay[mcp]'")
        _silence()
        self._begun = monotonic()
        self._background = BackgroundLoop()
        self._tasks: list[Future[None]] = []
        self._connections: list[Connection] = []
        self._added: dict[str, Tool] = {}
        self._refused: dict[str, str] = {}
        self._told: set[str] = set()
        self._connected = self._background.begin(self._connect(servers, check))

    @property
    def problems(self) -> tuple[str, ...]:
        """What cannot be used, one sentence each: servers, tools that are left out."""
        found: list[str] = []
        for one in self._connections:
            problem = one.problem if one.tried.done() else "it is starting"
            found += [f"{one.name}: {problem}"] if problem else []
            found += one.left_out
        return (*found, *self._refused.values())

    def news(self) -> tuple[str, ...]:
        """What of `problems` this has not returned before."""
        new = tuple(problem for problem in self.problems if problem not in self._told)
        self._told.update(new)
        return new

    async def settle(self) -> None:
        """Wait until every server has been tried once, but not longer than PATIENCE_S after the start."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._begun + PATIENCE_S - monotonic())):
                await asyncio.shield(asyncio.wrap_future(self._connected))
                for connection in self._connections:
                    await asyncio.shield(asyncio.wrap_future(connection.tried))

    def update(self, registry: ToolRegistry) -> None:
        """Bring the servers' tools in `registry` up to date. A name that others have taken stays theirs."""
        wanted = {tool.name: tool for one in self._connections for tool in one.tools}
        for name, tool in list(self._added.items()):
            if wanted.get(name) is not tool:
                if name in registry and registry.get(name) is tool:
                    registry.remove(name)
                del self._added[name]
        self._refused = {}
        for name, tool in wanted.items():
            if name in self._added:
                continue
            try:
                registry.add(tool)
                self._added[name] = tool
            except ToolError as error:
                self._refused[name] = f"{name} is left out: {error}"

    def withdraw(self, registry: ToolRegistry) -> None:
        """Take the servers' tools out of `registry`."""
        for name, tool in self._added.items():
            if name in registry and registry.get(name) is tool:
                registry.remove(name)
        self._added = {}

    async def aclose(self) -> None:
        """End all connections and the programs that were started."""
        await asyncio.wait([asyncio.wrap_future(self._connected)])
        for connection in self._connections:
            self._background.call(connection.close)
        for task in self._tasks:
            task.cancel()
        await asyncio.to_thread(self._background.run, self._ended())
        self._background.close()

    async def _ended(self) -> None:
        """Wait for the tasks of this loop, which have been cancelled, but not for ever."""
        until = monotonic() + CLOSE_S
        while (rest := asyncio.all_tasks() - {asyncio.current_task()}) and monotonic() < until:
            await asyncio.wait(rest, timeout=until - monotonic())

    async def _connect(self, servers: Mapping[str, McpServer], check: Callable[[Tool], None]) -> None:
        from .connection import Connection  # in this thread, since it takes a second or more

        for name, server in servers.items():
            connection = Connection(name, server, self._call, check)
            self._connections.append(connection)
            self._tasks.append(self._background.begin(connection.run()))

    async def _call(
        self, connection: Connection, tool: str, arguments: Mapping[str, Any]
    ) -> mcp.CallToolResult:
        """Call a tool of a server from the event loop of a request."""
        return await asyncio.wrap_future(self._background.begin(connection.call(tool, arguments)))


def named_servers(servers: Mapping[str, McpServer] | Iterable[str | McpServer]) -> dict[str, McpServer]:
    """Servers by name: from command lines and URLs, or as they are. Raises McpError for a name twice."""
    if isinstance(servers, Mapping):
        wrong = [name for name in servers if not re.fullmatch(SERVER_NAME, name)]
        if wrong:
            raise McpError(f"no MCP server can be called {wrong[0]!r}; write letters, digits, _ and -")
        return dict(servers)
    if isinstance(servers, str):
        raise McpError(f"one MCP server where a list is wanted: [{servers!r}]")
    named: dict[str, McpServer] = {}
    for server in servers:
        name, parsed = parse_server(str(server))
        if name in named:
            raise McpError(f"two MCP servers are called {name}; name one of them: 'other={server}'")
        named[name] = parsed if isinstance(server, str) else server
    return named


def _silence() -> None:
    """What the `mcp` package logs about a server is no news for the person at the terminal."""
    for name in ("mcp", "client", "httpx2"):
        logging.getLogger(name).addHandler(logging.NullHandler())
