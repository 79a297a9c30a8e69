"""The examples run as they are, and their tools do what they say."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scrubjay import Agent, Policy, Status
from scrubjay.testing import Consent, ScriptedPlanner

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(*words: str, **environment: str) -> str:
    """What a Python program prints; it must end well and leave nothing on standard error."""
    words = (sys.executable, *words)
    env = {**os.environ, **environment}
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def load(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / name))


@pytest.mark.parametrize("name", ["home_automation.py", "research_assistant.py"])
def test_an_example_serves_its_requests_with_the_bundled_model(name: str) -> None:
    printed = run(str(EXAMPLES / name))
    requests = [line for line in printed.splitlines() if line.startswith("> ")]
    assert len(requests) >= 2
    assert printed.count("\n\n") >= len(requests)


def test_the_house_does_what_it_is_told_and_doors_ask() -> None:
    home = load("home_automation.py")
    house, consent = home["House"](), Consent(False)
    plan = """
        $1 = set_light(room="kitchen", percent=40)
        $2 = set_temperature(degrees=21)
        $3 = lights_on()
        $4 = unlock_door(door="front")
    """
    policy = Policy(allow_tools={"set_light", "set_temperature"}, consent=consent)
    with Agent(home["house_tools"](house), ScriptedPlanner(plan), policy=policy) as agent:
        answer = agent.run_sync("kitchen light to 40, heating to 21, what is on, and open the front door")
        undone = agent.undo_sync()
    assert [asked.tool for asked in consent.asked] == ["unlock_door"]
    assert answer.steps[2].result == ["kitchen"]
    assert (house.target, house.locked["front door"]) == (21.0, False)
    assert house.lights["kitchen"] == 0
    assert "The light in the kitchen is as it was." in undone.text


def test_the_research_assistant_has_thirty_tools_that_work_together() -> None:
    research = load("research_assistant.py")
    library = research["Library"]()
    tools = research["tools_of"](library)
    assert len(tools) == 30
    plan = """
        $1 = papers_by_author(author="Hunt")
        $2 = cite(title=$1[0])
        $3 = rate_paper(title="crows", stars=4)
        $4 = best_papers()
        $5 = statistics(numbers=[1, 2, 3])
    """
    with Agent(tools, ScriptedPlanner(plan), policy=Policy(allow_effects=True), max_tools=30) as agent:
        answer = agent.run_sync("cite Hunt, rate the crows, tell the best, and the mean of 1, 2 and 3")
    assert answer.status is Status.DONE, answer.text
    assert answer.steps[1].result == "Hunt (1996). Tools of crows."
    assert answer.steps[3].result == ["Tools of crows"]


def test_a_package_of_tools_is_found_once_it_is_installed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for path in (EXAMPLES / "tool_package").glob("*.*"):
        (source / path.name).write_bytes(path.read_bytes())
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [sys.executable, *install, "--target", str(tmp_path / "site"), str(source)],
        check=True,
        capture_output=True,
    )
    command = "from scrubjay.apps.main import main; main()"
    environment = {"PYTHONPATH": str(tmp_path / "site"), "XDG_DATA_HOME": str(tmp_path)}
    page = run("-c", command, "tools", "show", "tide_height", **environment)
    assert "hours_after_high_water" in page


def test_tools_of_an_mcp_server_are_there_beside_our_own() -> None:
    pytest.importorskip("mcp_server_time")
    printed = run(str(EXAMPLES / "mcp_tools.py"))
    assert "time_zone_of (read), time.get_current_time (read), time.convert_time (read)" in printed


async def test_our_tools_are_offered_to_the_official_client() -> None:
    mcp = pytest.importorskip("mcp")
    types = pytest.importorskip("mcp_types")

    async def yes(context: object, question: Any) -> Any:
        return types.ElicitResult(action="accept", content={"allow": question.message.startswith("Take")})

    server = mcp.StdioServerParameters(command=sys.executable, args=[str(EXAMPLES / "mcp_server.py")])
    async with mcp.Client(server, elicitation_callback=yes) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["look_up", "take"]
        left = await client.call_tool("take", {"what": "eggs", "count": 2})
        assert left.structured_content == {"result": 4}
        assert (await client.call_tool("look_up", {"what": "eggs"})).structured_content == {"result": 4}
        assert (await client.call_tool("take", {"what": "milk", "count": 9})).is_error
