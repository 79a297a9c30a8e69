"""A server that hangs, dies, floods, changes its tools or sends nonsense hurts nothing but its own tools."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from scrubjay import Agent, Status, Tool, ToolFailed, ToolRegistry, tool
from scrubjay.agent.plannable import check_plannable
from scrubjay.testing import ScriptedPlanner
from scrubjay.tools.errors import ToolError
from scrubjay.tools.mcp import servers as module
from scrubjay.tools.mcp.connection import McpLost
from scrubjay.tools.mcp.server import McpServer
from scrubjay.tools.mcp.servers import McpServers

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")

PROGRAM = str(Path(__file__).with_name("bad_server.py"))


def bad(mode: str, timeout_s: float = 60.0) -> McpServer:
    return McpServer(command=(sys.executable, PROGRAM, mode), timeout_s=timeout_s)


@asynccontextmanager
async def connected(**servers: McpServer) -> AsyncIterator[tuple[McpServers, ToolRegistry]]:
    registry = ToolRegistry()
    connections = McpServers(servers, check_plannable)
    try:
        await connections.settle()
        connections.update(registry)
        yield connections, registry
    finally:
        await connections.aclose()
        gc.collect()  # what was left open would be told of in some later test


async def changed(connections: McpServers, registry: ToolRegistry, name: str) -> None:
    """Wait until the registry has a tool of that name."""
    async with asyncio.timeout(30):
        while name not in registry:
            await asyncio.sleep(0.05)
            connections.update(registry)


async def called(registry: ToolRegistry, name: str) -> object:
    return await registry.get(name).call({})


async def test_a_server_that_dies_is_started_again_by_the_next_call() -> None:
    async with connected(bad=bad("normal"), good=bad("normal")) as (connections, registry):
        with pytest.raises(McpLost, match="bad: it has ended"):
            await called(registry, "bad.die")
        assert await called(registry, "good.work") == "work is done"
        with pytest.raises(ToolFailed, match="bad cannot be used: it has ended"):
            await called(registry, "bad.work")
        assert [problem for problem in connections.problems if problem.startswith("bad")]
        await asyncio.sleep(2.1)
        assert await called(registry, "bad.work") == "work is done"
        assert not connections.problems


async def test_a_server_that_hangs_is_given_up_and_the_others_go_on() -> None:
    plan = "$1 = bad.hang()\n$2 = good.work()\n$3 = here()"

    @tool(effect="read", say="Here.")
    def here() -> None:
        """Be here."""

    servers = {"bad": bad("normal", timeout_s=1.0), "good": bad("normal")}
    async with Agent([here], ScriptedPlanner(plan), mcp=servers) as agent:
        answer = await agent.run("go")
    assert [step.has_result for step in answer.steps] == [False, True, True]
    assert answer.status is Status.PARTLY
    assert "took longer than 1 s" in answer.text


async def test_a_server_that_never_answers_keeps_the_first_request_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 4.0)
    plan = "$1 = good.work()"
    servers = {"bad": bad("silent"), "good": bad("normal")}
    async with Agent([], ScriptedPlanner(plan), mcp=servers) as agent:
        began = monotonic()
        while (await agent.run("go")).status is not Status.DONE:
            assert monotonic() - began < 60
        began = monotonic()
        assert (await agent.run("again")).status is Status.DONE
        assert monotonic() - began < 4


@pytest.mark.parametrize(
    ("name", "why"), [("bad.flood", "more than 2000 messages"), ("bad.giant", "more than 8388608 bytes")]
)
async def test_a_server_that_floods_is_cut_off(name: str, why: str) -> None:
    async with connected(bad=bad("normal"), good=bad("normal")) as (_, registry):
        with pytest.raises(McpLost, match=why):
            await called(registry, name)
        assert await called(registry, "good.work") == "work is done"


async def test_tools_that_change_are_taken_in_and_the_others_stay_the_same() -> None:
    async with connected(bad=bad("change"), good=bad("normal")) as (connections, registry):
        before = registry.get("bad.stays"), registry.get("good.work")
        assert "bad.old" in registry
        await called(registry, "bad.change")
        await changed(connections, registry, "bad.new")
        assert "bad.old" not in registry
        assert (registry.get("bad.stays"), registry.get("good.work")) == before


async def test_invalid_schemas_leave_out_their_tools_only() -> None:
    async with connected(bad=bad("schemas"), good=bad("normal")) as (connections, registry):
        offered = [name for name in registry.names if name.startswith("bad")]
        assert offered == ["bad.good", "bad.na_me__2J", "bad.slow"]
        assert registry.get("bad.na_me__2J").description == "[2JWipes"
        assert "pattern" not in registry.get("bad.slow").parameters["properties"]["a"]
        assert len(connections.problems) == 5
        assert await called(registry, "good.work") == "work is done"


async def test_a_list_of_tools_that_is_none_leaves_out_its_server_only() -> None:
    async with connected(bad=bad("nonsense"), good=bad("normal")) as (connections, registry):
        assert not [name for name in registry.names if name.startswith("bad")]
        assert connections.problems[0].startswith("bad: ")
        assert await called(registry, "good.work") == "work is done"


async def test_only_so_many_tools_of_a_server_are_taken() -> None:
    async with connected(bad=bad("many")) as (connections, registry):
        assert len(registry) == 500
        assert connections.problems == ("bad: only its first 500 tools are used",)


async def test_noise_before_the_first_message_is_passed_over() -> None:
    async with connected(bad=bad("noise")) as (_, registry):
        assert await called(registry, "bad.work") == "work is done"


async def test_a_result_that_is_none_fails_its_call_only() -> None:
    async with connected(bad=bad("normal")) as (_, registry):
        with pytest.raises(Exception, match=r"(?i)validation error"):
            await called(registry, "bad.wrong")
        with pytest.raises(ToolFailed, match=r"^\[31mNo\.\[0m$"):
            await called(registry, "bad.fail")
        assert await called(registry, "bad.work") == "work is done"


async def test_a_name_that_is_taken_stays_with_who_had_it() -> None:
    own = Tool("bad.work", "Does its own work.", {"type": "object"}, function=lambda: "own")
    registry = ToolRegistry([own])
    connections = McpServers({"bad": bad("normal")}, check_plannable)
    try:
        await connections.settle()
        connections.update(registry)
        connections.update(registry)
        assert registry.get("bad.work") is own
        assert "bad.work is left out" in connections.problems[0]
    finally:
        await connections.aclose()


@pytest.mark.parametrize("command", ["/no/such/program", "false", "cat"])
async def test_what_is_no_server_is_named_with_why(command: str) -> None:
    async with connected(wrong=McpServer(command=(command,))) as (connections, registry):
        assert not len(registry)
        assert connections.problems[0].startswith("wrong: ")


async def test_a_cancelled_call_lets_go_of_the_server() -> None:
    async with connected(bad=bad("normal")) as (_, registry):
        hanging = asyncio.create_task(called(registry, "bad.hang"))
        await asyncio.sleep(0.3)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_closing_ends_the_programs_also_those_that_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 3.0)
    async with connected(bad=bad("silent"), good=bad("normal")):
        assert len(_programs()) == 2
    assert not _programs()


def _programs() -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == os.getpid():
                words = (folder / "cmdline").read_bytes().split(b"\0")
                found += [words[2].decode()] if PROGRAM.encode() in words else []
        except OSError:
            continue
    return found


def test_a_schema_that_breaks_the_grammar_is_refused() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 5, "maximum": 1}}}
    with pytest.raises(ToolError, match="odd"):
        check_plannable(Tool("odd", "Is odd.", {**schema, "required": ["a"]}))
