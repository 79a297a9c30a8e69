"""A connection to one MCP server: made when it is wanted, its tools listed anew when they change.

Everything here runs in the event loop of `servers.McpServers`, which no request shares: a server can keep
that loop busy and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic
from typing import Any

import mcp_types as mcp
from mcp import Client, MCPError
from mcp.client.session import IncomingMessage
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter

from ..errors import ToolError, ToolFailed
from ..tool import Tool
from .reading import MOST_MESSAGE, Call, cleaned, tool_of
from .server import McpError, McpServer
from .transport import CONNECT_S, Line, line_to

MOST_TOOLS = 500
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Between two starts of a server that does not stay up."""
CHANGES_S = 1.0
"""The tools are listed at most this often."""

_RESULT: TypeAdapter[mcp.CallToolResult | mcp.InputRequiredResult] = TypeAdapter(
    mcp.CallToolResult | mcp.InputRequiredResult
)
_UNCLEAR = (mcp.CONNECTION_CLOSED, mcp.PARSE_ERROR, mcp.INTERNAL_ERROR)
"""Errors of the way to the server and back, not its word that it did nothing."""
_log = logging.getLogger(__name__)


class McpLost(Exception):
    """The answer to a call was lost: what was asked may have been done."""


class Connection:
    """One server. `run` keeps it up; the rest may be called once that runs.

    call: calls a tool of this connection from any event loop.
    check: raises ToolError for a tool that cannot be offered to a planner.
    """

    def __init__(
        self,
        name: str,
        server: McpServer,
        call: Callable[[Connection, str, Mapping[str, Any]], Awaitable[mcp.CallToolResult]],
        check: Callable[[Tool], None],
    ) -> None:
        self.name = name
        self.tools: tuple[Tool, ...] = ()
        """What it offers, or offered last; replaced as a whole."""
        self.left_out: tuple[str, ...] = ()
        """What it offers and cannot be used, with why."""
        self.problem = ""
        """Why it cannot be used now; empty when all is well."""
        self.tried: Future[None] = Future()
        """Done when it was first found out whether the server can be used."""
        self._server = server
        self._call: Call = partial(call, self)
        self._check = check
        self._client: Client | None = None
        self._line = Line()
        self._offered: dict[str, tuple[mcp.Tool, Tool]] = {}
        self._news = asyncio.Condition()
        self._attempts = 0
        self._closed = False
        self._not_before = 0.0
        self._wanted = asyncio.Event()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Connect, and again whenever a call wants it after it was lost. To end it, `close` and cancel it."""
        pause = FIRST_PAUSE_S
        while not self._closed:
            began = monotonic()
            try:
                await self._connected()
            except Exception as error:
                self.problem = self._line.problem or _why(error)
            else:
                self.problem = self._line.problem
            self._client = None
            _log.info("MCP server %s: %s", self.name, self.problem)
            lasted = monotonic() - began > LONGEST_PAUSE_S
            pause = FIRST_PAUSE_S if lasted else min(2 * pause, LONGEST_PAUSE_S)
            self._not_before = monotonic() + pause
            if not self._closed:
                self._wanted.clear()
            await self._tell()
            await self._wanted.wait()

    def close(self) -> None:
        """Connect no more. A cancellation alone may be taken for that of an attempt that is ending."""
        self._closed = True
        self._wanted.set()

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> mcp.CallToolResult:
        """Have the server run a tool. Raises ToolFailed when it can't, McpLost when it is lost meanwhile."""
        client, line = await self._ready(), self._line
        request = mcp.CallToolRequest(params=mcp.CallToolRequestParams(name=tool, arguments=dict(arguments)))
        try:
            # Not `client.call_tool`: that would match results with the regular expressions of the server.
            result = await client.session.send_request(request, _RESULT)
        except MCPError as error:
            problem = cleaned(f"{self.name}: {line.problem or str(error).splitlines()[0]}", MOST_MESSAGE)
            raise (McpLost if error.code in _UNCLEAR else ToolFailed)(problem) from error
        if isinstance(result, mcp.InputRequiredResult):
            raise ToolFailed(f"{self.name} asks for more than the arguments of {tool}, which nobody answers.")
        return result

    async def _ready(self) -> Client:
        """The connection; made again if it was lost. Raises ToolFailed."""
        if self._client is None and monotonic() >= self._not_before:
            before = self._attempts
            self._wanted.set()
            async with self._news:
                await self._news.wait_for(lambda: self._attempts > before)
        if self._client is None:
            raise ToolFailed(
                f"The MCP server {self.name} cannot be used: {self.problem}. Try it: {self._server}"
            )
        return self._client

    async def _connected(self) -> None:
        """Connect, tell of it, and stay until the connection is lost."""
        self._line = line = Line()
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(CONNECT_S) as clock:
                try:
                    client = await stack.enter_async_context(
                        Client(line_to(self._server, line), message_handler=self._heard, cache=None)
                    )
                    await self._list(client)
                except TimeoutError:
                    if clock.expired():
                        line.end(f"it did not answer within {CONNECT_S:g} s")
                    raise
                except MCPError as error:
                    line.end(_with_errors(str(error), line))
                    raise
            await stack.enter_async_context(self._listening(client))
            self._client, self.problem = client, ""
            await self._tell()
            await self._watch(client, line)
            self._client = None

    async def _watch(self, client: Client, line: Line) -> None:
        """Returns when the line has ended; until then the tools are listed again whenever they change."""
        async with asyncio.TaskGroup() as group:
            listing = group.create_task(self._keep_listed(client))
            await line.ended.wait()
            listing.cancel()

    async def _keep_listed(self, client: Client) -> None:
        while True:
            await self._changed.wait()
            async with asyncio.timeout(CONNECT_S):
                await self._list(client)
            await asyncio.sleep(CHANGES_S)

    async def _list(self, client: Client) -> None:
        """Take in the server's tools; those that didn't change stay the same objects."""
        self._changed.clear()
        offered: list[mcp.Tool] = []
        cursor: str | None = None
        while len(offered) <= MOST_TOOLS:
            page = await client.list_tools(cursor=cursor)
            offered += page.tools
            cursor = page.next_cursor
            if not cursor or not page.tools:
                break
        known: dict[str, tuple[mcp.Tool, Tool]] = {}
        left_out = []
        for one in offered[:MOST_TOOLS]:
            try:
                known_tool = self._offered.get(one.name)
                if known_tool is None or known_tool[0] != one:
                    made = tool_of(self.name, self._server, one, self._call)
                    self._check(made)
                    known_tool = one, made
                if known_tool[1].name in {tool.name for _, tool in known.values()}:
                    raise McpError(f"{known_tool[1].name} is there twice")
                known[one.name] = known_tool
            except (ToolError, ValueError, RecursionError) as error:
                left_out.append(cleaned(f"{self.name}: a tool is left out: {error}", MOST_MESSAGE))
        if len(offered) > MOST_TOOLS:
            left_out.append(f"{self.name}: only its first {MOST_TOOLS} tools are used")
        self._offered = known
        self.tools, self.left_out = tuple(tool for _, tool in known.values()), tuple(left_out)

    @asynccontextmanager
    async def _listening(self, client: Client) -> AsyncIterator[None]:
        """Hear of changes where the protocol wants them to be asked for."""
        tools = client.server_capabilities.tools
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or not (tools and tools.list_changed):
            yield
            return

        async def listen() -> None:
            with contextlib.suppress(Exception):  # without it changes are seen at the next start
                async with client.listen(tools_list_changed=True) as events:
                    async for _ in events:
                        self._changed.set()

        listening = asyncio.create_task(listen())
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.wait([listening])

    async def _heard(self, message: IncomingMessage) -> None:
        if isinstance(message, mcp.ToolListChangedNotification):
            self._changed.set()

    async def _tell(self) -> None:
        """Wake who waits for the outcome of an attempt to connect."""
        self._attempts += 1
        if not self.tried.done():
            self.tried.set_result(None)
        async with self._news:
            self._news.notify_all()


def _why(error: BaseException) -> str:
    """The first cause of an error that may be a group of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return cleaned(str(error) or type(error).__name__, MOST_MESSAGE)


def _with_errors(problem: str, line: Line) -> str:
    """A problem with what the program said on its standard error."""
    said = " / ".join(text.strip() for text in line.errors if text.strip())
    return cleaned(f"{problem} ({said})" if said else problem, MOST_MESSAGE)
