"""What a type checker makes of a program that uses Scrubjay: every name is typed, mistakes are found."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

PROGRAM = '''
from collections.abc import Iterator
from typing import assert_type

from scrubjay import Agent, Answer, Event, LlamaEngine, Policy, ToolFailed, bundled_planner, tool
from scrubjay.events import ConsentAsked, StepFinished
from scrubjay.testing import Consent, ScriptedPlanner


@tool(effect="read", say="{result} degrees.")
def temperature(city: str, unit: str = "C") -> float:
    """Tell how warm it is in a city."""
    if not city:
        raise ToolFailed("Which city?")
    return 21.0


@tool
async def water(plant: str) -> int:
    """Water a plant."""
    return 2


assert_type(temperature("Lisbon", unit="C"), float)
temperature(5)  # wrong
temperature.effects  # wrong
Agent([temperature], sessions="plants")  # wrong


async def main() -> Answer:
    assert_type(await water("ficus"), int)
    async with Agent([temperature, water], session="plants", policy=Policy(consent=Consent())) as agent:
        async for event in agent.events("how warm is it"):
            match event:
                case ConsentAsked():
                    agent.answer_consent(event, "yes")  # wrong
                case StepFinished():
                    print(event.result)
        return await agent.run("water the ficus")


def blocking() -> Iterator[Event]:
    with Agent([temperature], ScriptedPlanner("none")) as agent:
        yield from agent.events_sync("how warm is it")
        assert_type(agent.run_sync("how warm is it").text, str)


async def two() -> None:
    async with await LlamaEngine.load(bundled_planner()) as engine:
        weather = Agent([temperature], engine).as_tool("weather", "Knows the weather.")
        print(await Agent([weather, water], engine).run("water the ficus"))
'''


def test_a_users_program_is_checked_in_full(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    words = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    run = subprocess.run([*words, str(tmp_path / "program.py")], cwd=ROOT, capture_output=True, text=True)
    found = {int(line) for line in re.findall(r"program\.py:(\d+): error", run.stdout)}
    wrong = {number for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# wrong")}
    assert found == wrong, run.stdout
