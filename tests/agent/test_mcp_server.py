"""Our tools as an MCP server, asked by the official client."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scrubjay import Effect, Session, ToolFailed, ToolQuestion, tool
from scrubjay.tools.demo import seed_demo_contacts

mcp = pytest.importorskip("mcp")
types = pytest.importorskip("mcp_types")

COMMAND = str(Path(sys.executable).with_name("scrubjay"))


@tool(effect="read")
def find_number(name: str) -> str:
    """Find somebody's phone number."""
    if name == "Sid":
        raise ToolQuestion("Which Sid?", ["Sid Jha", "Sid Rao"])
    if name == "Nobody":
        raise ToolFailed("Nobody has no number.")
    return "555-0117"


SENT: list[str] = []


@tool(effect="send", say="Sent.")
def send_text(to: str, message: str) -> dict[str, int]:
    """Send a text message."""
    SENT.append(f"{to}: {message}")
    return {"sent": len(SENT)}


def answering(action: str, allow: bool | None, asked: list[str]) -> Callable[..., Any]:
    async def answer(context: object, params: Any) -> Any:
        asked.append(params.message)
        return types.ElicitResult(action=action, content=None if allow is None else {"allow": allow})

    return answer


def client(mode: str, **options: Any) -> Any:
    from scrubjay.agent.mcp_server import mcp_server

    return mcp.Client(mcp_server([find_number, send_text]), mode=mode, **options)


BOTH_WAYS = pytest.mark.parametrize("mode", ["auto", "legacy"])
TEXT = {"to": "555-0117", "message": "late"}


@BOTH_WAYS
async def test_tools_are_listed_with_schemas_and_hints(mode: str) -> None:
    async with client(mode) as server:
        number, text = (await server.list_tools()).tools
    assert (number.name, number.description) == ("find_number", "Find somebody's phone number.")
    assert number.input_schema["required"] == ["name"]
    assert number.output_schema["properties"] == {"result": {"type": "string"}}
    assert number.annotations.read_only_hint
    assert not text.annotations.read_only_hint
    assert text.annotations.open_world_hint


@BOTH_WAYS
async def test_a_tool_that_reads_runs_at_once(mode: str) -> None:
    async with client(mode) as server:
        result = await server.call_tool("find_number", {"name": "Lutfi"})
    assert (result.structured_content, result.content[0].text) == ({"result": "555-0117"}, "555-0117")


@BOTH_WAYS
@pytest.mark.parametrize(
    ("action", "allow", "happens"),
    [("accept", True, True), ("accept", False, False), ("decline", None, False), ("cancel", None, False)],
)
async def test_an_effect_asks_the_person_behind_the_client(
    mode: str, action: str, allow: bool | None, happens: bool
) -> None:
    SENT.clear()
    asked: list[str] = []
    async with client(mode, elicitation_callback=answering(action, allow, asked)) as server:
        result = await server.call_tool("send_text", TEXT)
    assert asked == ["Send a text message (to: 555-0117; message: late)?"]
    assert (result.is_error, bool(SENT)) == (not happens, happens)


@BOTH_WAYS
async def test_a_client_that_cannot_ask_is_told_no(mode: str) -> None:
    SENT.clear()
    async with client(mode) as server:
        result = await server.call_tool("send_text", TEXT)
    assert not SENT
    assert "this client cannot ask" in result.content[0].text


async def test_an_answer_counts_once_and_for_its_own_call_only() -> None:
    SENT.clear()
    async with client("auto", elicitation_callback=answering("decline", None, [])) as server:
        ask = server.session.call_tool
        question = await ask("send_text", TEXT, allow_input_required=True)
        yes = {"consent": types.ElicitResult(action="accept", content={"allow": True})}
        other = {"to": "555-0666", "message": "give me money"}

        async def answered(arguments: dict[str, str], state: str) -> Any:
            return await ask("send_text", arguments, input_responses=yes, request_state=state)

        assert (await answered(other, question.request_state)).is_error
        assert (await answered(TEXT, question.request_state)).is_error
        assert (await answered(TEXT, "made up")).is_error
        assert not SENT
        question = await ask("send_text", TEXT, allow_input_required=True)
        assert not (await answered(TEXT, question.request_state)).is_error
        assert (await answered(TEXT, question.request_state)).is_error
        assert len(SENT) == 1


@BOTH_WAYS
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"name": "Nobody"}, "Nobody has no number."),
        ({"name": "Sid"}, "Which Sid? (Ask the user, and call again.)"),
        ({"nam": "Sid"}, "find_number: name is missing; it has no parameter nam"),
    ],
)
async def test_what_went_wrong_is_told(mode: str, arguments: dict[str, str], told: str) -> None:
    async with client(mode) as server:
        result = await server.call_tool("find_number", arguments)
    assert result.is_error
    assert result.content[0].text.startswith(told[:30])


@BOTH_WAYS
async def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(mode: str) -> None:
    async with client(mode) as server:
        with pytest.raises(mcp.MCPError, match="Unknown tool: fly"):
            await server.call_tool("fly", {})


async def test_effects_are_journaled(tmp_path: Path) -> None:
    from scrubjay.agent.mcp_server import mcp_server

    async with await Session.open(tmp_path / "sessions.db") as session:
        server = mcp_server([send_text], ask={Effect.DESTROY}, journal=session.journal)
        async with mcp.Client(server) as asking:
            await asking.call_tool("send_text", TEXT)
        (done,) = await session.done_effects()
    assert (done.tool, done.arguments) == ("send_text", TEXT)


async def test_the_command_offers_the_built_in_tools_over_stdio(tmp_path: Path) -> None:
    seed_demo_contacts(tmp_path)
    asked: list[str] = []
    parameters = mcp.StdioServerParameters(command=COMMAND, args=["mcp", "--data-folder", str(tmp_path)])
    callback = answering("accept", True, asked)
    async with mcp.Client(parameters, elicitation_callback=callback) as server:
        names = {one.name for one in (await server.list_tools()).tools}
        number = await server.call_tool("get_phone_number", {"name": "Sid"})
        note = await server.call_tool("create_note", {"title": "Shopping"})
    assert {"get_phone_number", "create_note", "send_sms"} <= names
    assert number.structured_content == {"result": "555-0142"}
    assert not note.is_error
    assert len(asked) == 1
    assert list((tmp_path / "notes").glob("Shopping*"))


async def test_the_command_offers_them_over_http_to_who_knows_the_token(tmp_path: Path) -> None:
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    seed_demo_contacts(tmp_path)
    words = [COMMAND, "mcp", "--http", "0", "--data-folder", str(tmp_path)]
    environment = {**os.environ, "SCRUBJAY_MCP_TOKEN": "secret"}
    process = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)  # noqa: ASYNC220
    try:
        assert process.stderr is not None
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found
        url = found[0]
        assert httpx2.post(url, json={}).status_code == 401
        async with (
            httpx2.AsyncClient(headers={"Authorization": "Bearer secret"}, timeout=60) as http,
            mcp.Client(streamable_http_client(url, http_client=http)) as server,
        ):
            number = await server.call_tool("get_phone_number", {"name": "Sid"})
    finally:
        process.terminate()
        process.wait()
    assert number.structured_content == {"result": "555-0142"}
