"""What holds for programs holds for servers on the network: a bad one hurts nothing but its own tools."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import HttpUrl

from scrubjay import Effect, ToolFailed, ToolRegistry
from scrubjay.agent.plannable import check_plannable
from scrubjay.tools.mcp import transport
from scrubjay.tools.mcp.connection import McpLost
from scrubjay.tools.mcp.server import McpServer
from scrubjay.tools.mcp.servers import McpServers

from .test_bad_servers import bad, called, connected

PROGRAM = Path(__file__).with_name("bad_http_server.py")


@pytest.fixture
def port() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, str(PROGRAM)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()


def at(port: int, timeout_s: float = 60.0) -> McpServer:
    return McpServer(url=HttpUrl(f"http://127.0.0.1:{port}/mcp"), timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("name", "error"),
    [("die", McpLost), ("flood", McpLost), ("giant", McpLost), ("break", McpLost), ("redirect", ToolFailed)],
)
async def test_a_call_that_goes_wrong_fails_alone(
    port: int, name: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that is busy reads too slowly for 2,000 messages in 10 s.
    monkeypatch.setattr(transport, "MOST_MESSAGES", 200)
    monkeypatch.setattr(transport, "WINDOW_S", 600.0)
    async with connected(bad=at(port), good=bad("normal")) as (_, registry):
        assert await called(registry, "bad.work") == "work is done"
        async with asyncio.timeout(300):
            with pytest.raises(error):
                await called(registry, f"bad.{name}")
        assert await called(registry, "good.work") == "work is done"


async def test_a_server_that_hangs_can_be_given_up(port: int) -> None:
    async with connected(bad=at(port)) as (_, registry):
        hanging = asyncio.create_task(called(registry, "bad.hang"))
        await asyncio.sleep(0.5)
        assert await called(registry, "bad.work") == "work is done"
        hanging.cancel()
        await asyncio.wait([hanging])


async def test_a_server_that_was_away_is_found_again(port: int) -> None:
    async with connected(bad=at(port)) as (_, registry):
        with pytest.raises((ToolFailed, McpLost)):
            await called(registry, "bad.die")
        again = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, str(PROGRAM), str(port)], stdout=subprocess.PIPE, text=True
        )
        assert again.stdout is not None
        try:
            assert again.stdout.readline()
            await asyncio.sleep(2.1)
            assert await called(registry, "bad.work") == "work is done"
        finally:
            again.kill()
            again.wait()
            again.stdout.close()


async def test_what_says_nothing_of_its_effects_counts_as_the_worst(port: int) -> None:
    async with connected(bad=at(port)) as (_, registry):
        assert {tool.effect for tool in registry} == {Effect.DESTROY}


async def test_where_nobody_listens_is_named() -> None:
    connections = McpServers({"gone": at(1)}, check_plannable)
    try:
        await connections.settle()
        connections.update(ToolRegistry())
        assert connections.problems[0].startswith("gone: ")
    finally:
        await connections.aclose()
