"""Two servers that others wrote, mcp-server-time and mcp-server-git, over stdio and streamable HTTP."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp_types import ToolAnnotations
from pydantic import HttpUrl

from scrubjay import Agent, Effect, Policy, Status, bundled_planner
from scrubjay.models.engine import LlamaEngine
from scrubjay.testing import Consent, ScriptedPlanner
from scrubjay.tools.mcp.reading import effect_of
from scrubjay.tools.mcp.server import McpServer

BIN = Path(sys.executable).parent


def git(folder: Path, *words: str) -> str:
    run = subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True)
    return run.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a commit and a file that is not in it yet."""
    folder = tmp_path_factory.mktemp("repository")
    for words in (["init", "-q"], ["config", "user.email", "a@b.c"], ["config", "user.name", "Ann"]):
        git(folder, *words)
    (folder / "one.txt").write_text("one")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "The first one")
    (folder / "two.txt").write_text("two")
    return folder


def wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nobody listens at {port}")


@pytest.fixture(scope="module", params=["stdio", "http"])
def servers(request: pytest.FixtureRequest, repository: Path) -> Iterator[dict[str, McpServer]]:
    if request.param == "stdio":
        yield {
            "time": McpServer(command=(str(BIN / "mcp-server-time"), "--local-timezone", "UTC")),
            "git": McpServer(command=(str(BIN / "mcp-server-git"), "--repository", str(repository))),
        }
        return
    program, running, found = Path(__file__).with_name("over_http.py"), [], {}
    for name in ("time", "git"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, str(program), name, str(port), str(repository)]
        running.append(subprocess.Popen(command))
        found[name] = McpServer(url=HttpUrl(f"http://127.0.0.1:{port}/mcp"))
        wait_for(port)
    yield found
    for process in running:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(
    ("hints", "effect"),
    [
        (None, "destroy"),
        ({}, "destroy"),
        ({"readOnlyHint": True}, "send"),
        ({"readOnlyHint": True, "openWorldHint": True}, "send"),
        ({"readOnlyHint": True, "openWorldHint": False}, "read"),
        ({"readOnlyHint": False, "destructiveHint": False, "openWorldHint": False}, "write"),
        ({"destructiveHint": False}, "send"),
    ],
)
def test_what_only_reads_may_still_send(hints: dict[str, bool] | None, effect: str) -> None:
    assert effect_of(None if hints is None else ToolAnnotations.model_validate(hints)) == effect


async def test_their_tools_are_listed_with_effects_from_their_hints(servers: dict[str, McpServer]) -> None:
    async with Agent([], ScriptedPlanner("none"), mcp=servers) as agent:
        await agent.run("list your tools")
        assert not agent.mcp_problems
        effects = {tool.name: tool.effect for tool in agent.tools}
        assert all(tool.from_others for tool in agent.tools)
    assert effects["time.convert_time"] is Effect.READ
    assert effects["git.git_log"] is Effect.READ
    assert effects["git.git_add"] is Effect.WRITE
    assert effects["git.git_reset"] is Effect.DESTROY


async def test_their_tools_run_in_one_plan(servers: dict[str, McpServer], repository: Path) -> None:
    plan = f"""
        $1 = time.convert_time(source_timezone="Europe/Lisbon", time="09:00", target_timezone="Asia/Tokyo")
        $2 = git.git_log(repo_path="{repository}", max_count=1)
        $3 = time.get_current_time(timezone=$1.target.timezone)
    """
    async with Agent([], ScriptedPlanner(plan), mcp=servers) as agent:
        answer = await agent.run("convert, look and tell")
    assert answer.status is Status.DONE, answer.text
    assert "The first one" in str(answer.steps[1].result)
    assert isinstance(answer.steps[2].result, dict)
    assert answer.steps[2].result["timezone"] == "Asia/Tokyo"


async def test_what_they_change_asks_first(servers: dict[str, McpServer], repository: Path) -> None:
    only = {"git": servers["git"]}
    plan = f'$1 = git.git_add(repo_path="{repository}", files=["two.txt"])'
    for allow in (False, True):
        policy = Policy(consent=Consent(allow))
        async with Agent([], ScriptedPlanner(plan), mcp=only, policy=policy) as agent:
            await agent.run("add two.txt")
        assert git(repository, "diff", "--cached", "--name-only") == ("two.txt\n" if allow else "")
    git(repository, "reset", "-q")


async def test_their_errors_reach_the_person(servers: dict[str, McpServer]) -> None:
    plan = '$1 = time.get_current_time(timezone="Europe/Nowhere")'
    async with Agent([], ScriptedPlanner(plan), mcp={"time": servers["time"]}) as agent:
        answer = await agent.run("what time is it in Nowhere")
    assert answer.status is Status.FAILED
    assert "Europe/Nowhere" in answer.text


async def test_the_bundled_planner_plans_with_their_tools(servers: dict[str, McpServer]) -> None:
    async with (
        await LlamaEngine.load(bundled_planner()) as engine,
        Agent([], engine, mcp={"time": servers["time"]}) as agent,
    ):
        answer = await agent.run("what time is it in Asia/Tokyo")
        assert {step.step.tool for step in answer.steps} <= set(agent.tools.names)
