"""The ways to a server, each with limits, so that one that floods us is cut off before it costs anything.

The `mcp` package's own transports buffer a line of any length and deliver any number of messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

import anyio
import httpx2
from mcp.client.stdio import get_default_environment
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from ..secrets import secret
from .server import McpServer

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

MOST_BYTES = 8 * 1024 * 1024
"""Of one message."""
MOST_MESSAGES, WINDOW_S = 2000, 10.0
"""So many messages may come in so many seconds."""
CONNECT_S = 30.0
EXIT_S = 1.0
"""How long a program may take to end when it is asked to, and again when it is told to."""
_STDERR_LINES = 5


class Flood(Exception):
    """A server sends more than anybody could need."""


@dataclass
class Line:
    """The line to a server. ended: set when nothing more comes. problem: why, as far as it is known."""

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    problem: str = ""
    errors: deque[str] = field(default_factory=lambda: deque(maxlen=_STDERR_LINES))
    """The last lines that the program wrote to its standard error."""
    _arrived: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_MESSAGES))

    def count(self) -> None:
        """A message has come, whatever is in it. Raises Flood."""
        now = monotonic()
        if len(self._arrived) == MOST_MESSAGES and now - self._arrived[0] < WINDOW_S:
            raise Flood(f"it sent more than {MOST_MESSAGES} messages in {WINDOW_S:g} s")
        self._arrived.append(now)

    def end(self, problem: str) -> None:
        """Nothing more comes; the first reason given stands."""
        self.problem = self.problem or problem
        self.ended.set()


def line_to(server: McpServer, line: Line) -> AbstractAsyncContextManager[TransportStreams]:
    """A transport for `mcp.Client`. Entering raises OSError when a program cannot be started."""
    return _program(server, line) if server.command else _http(server, line)


@asynccontextmanager
async def _program(server: McpServer, line: Line) -> AsyncIterator[TransportStreams]:
    process = await asyncio.create_subprocess_exec(
        *server.command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**get_default_environment(), **server.env},
        cwd=server.folder,
        limit=MOST_BYTES,
        start_new_session=True,  # so that all it starts can be ended with it
    )
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    assert stdin is not None
    assert stdout is not None
    assert stderr is not None
    deliver, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, accepted = anyio.create_memory_object_stream[SessionMessage](0)

    async def read() -> None:
        async with deliver:
            try:
                while text := await stdout.readline():
                    line.count()
                    with contextlib.suppress(ValueError):  # what is no message is counted and dropped
                        await deliver.send(SessionMessage(jsonrpc_message_adapter.validate_json(text)))
                line.end("it has ended")
            except (ValueError, Flood) as error:
                big = f"it sent a message of more than {MOST_BYTES} bytes"
                line.end(str(error) if isinstance(error, Flood) else big)
            except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
                line.end(f"it cannot be heard any more: {error}")

    async def write() -> None:
        async with accepted:
            try:
                async for message in accepted:
                    text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                    stdin.write(text.encode() + b"\n")
                    await stdin.drain()
            except OSError as error:
                line.end(f"it cannot be told anything any more: {error}")

    async def listen() -> None:
        with contextlib.suppress(OSError):
            while text := await stderr.read(2000):
                line.errors.extend(text.decode(errors="replace").splitlines())

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work()) for work in (read, write, listen)]
            try:
                yield incoming, outgoing
            finally:
                for task in tasks:
                    task.cancel()
                incoming.close()
                outgoing.close()
    finally:
        await asyncio.shield(_ended(process))


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End a program and what it has started: ask, tell, kill."""
    if process.stdin is not None:
        process.stdin.close()
    for how in (None, signal.SIGTERM, None if sys.platform == "win32" else signal.SIGKILL):
        if how is not None:
            _signal(process, how)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), EXIT_S)
            break
    if sys.platform != "win32":
        _signal(process, signal.SIGKILL)  # children that outlive it
    # What it has started, and moved out of its group, may hold its pipes open, and so would we.
    process._transport.close()  # type: ignore[attr-defined]
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                await stream.read()


def _signal(process: asyncio.subprocess.Process, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, how)


@asynccontextmanager
async def _http(server: McpServer, line: Line) -> AsyncIterator[TransportStreams]:
    headers = dict(server.headers)
    if server.token:
        headers["Authorization"] = f"Bearer {secret(server.token)}"
    timeout = httpx2.Timeout(CONNECT_S, read=server.timeout_s + CONNECT_S)
    bounded = _BoundedAnswers()
    async with (
        httpx2.AsyncClient(headers=headers, timeout=timeout, transport=bounded) as client,
        streamable_http_client(str(server.url), http_client=client, max_sse_event_size=MOST_BYTES) as (
            arriving,
            outgoing,
        ),
    ):
        deliver, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)

        async def read() -> None:
            async with deliver:
                try:
                    async for message in arriving:
                        line.count()
                        await deliver.send(message)
                    line.end("it has ended")
                except Flood as error:
                    line.end(str(error))
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    line.end("it was closed")

        async with asyncio.TaskGroup() as group:
            reading = group.create_task(read())
            try:
                yield incoming, outgoing
            finally:
                reading.cancel()
                incoming.close()


class _BoundedAnswers(httpx2.AsyncHTTPTransport):
    """Answers that are not streams of events end with an error when they get too long."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = _Bounded(response.stream)
        return response


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MOST_BYTES:
                raise httpx2.ReadError(f"it sent an answer of more than {MOST_BYTES} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
