"""What an agent learns from plans that were carried out, and which tools stay in sight from turn to turn."""

from pathlib import Path

from scrubjay.agent.agent import Agent
from scrubjay.agent.choosing import tools_for
from scrubjay.agent.planner import PastTurn
from scrubjay.agent.policy import Policy
from scrubjay.retrieval.retriever import Retriever
from scrubjay.retrieval.usage import Usage, Used
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool

from .running import make_tool
from .scripted import ScriptedEngine

YES = Policy(allow_effects=True)
NUMBER_THEN_CALL = '$1 = number(name="Mum")\n$2 = ring(number=$1)\ndone\n'


def phone(answered: bool = True) -> list[Tool]:
    def number(name: str) -> str:
        return "555-0101"

    def ring(number: str) -> str:
        if not answered:
            raise RuntimeError("nobody picks up")
        return "ringing"

    return [make_tool(number, "name"), make_tool(ring, "number")]


async def learned(plan: str, tools: list[Tool], usage: Usage) -> list[Used]:
    def retriever(registry: ToolRegistry) -> Retriever:
        return Retriever(registry, usage=usage)

    async with Agent(tools, ScriptedEngine(plan), policy=YES, retriever=retriever) as agent:
        await agent.run("ring Mum")
    return usage.all()


async def test_what_a_carried_out_plan_used_is_remembered(tmp_path: Path) -> None:
    used = await learned(NUMBER_THEN_CALL, phone(), Usage(tmp_path / "usage"))
    assert used == [Used("ring Mum", ("number", "ring"), (("number", "ring"),))]


async def test_plans_that_failed_or_did_nothing_are_not_remembered(tmp_path: Path) -> None:
    usage = Usage(tmp_path / "usage")
    assert await learned(NUMBER_THEN_CALL, phone(answered=False), usage) == []
    assert await learned("none\n", phone(), usage) == []


async def test_a_usage_file_that_cannot_be_written_stops_no_request(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    def retriever(registry: ToolRegistry) -> Retriever:
        return Retriever(registry, usage=Usage(tmp_path / "file" / "usage"))

    async with Agent(phone(), ScriptedEngine(NUMBER_THEN_CALL), policy=YES, retriever=retriever) as agent:
        assert (await agent.run("ring Mum")).steps[-1].result == "ringing"


def test_tools_of_the_turn_before_stay_in_sight() -> None:
    def tool(name: str, description: str) -> Tool:
        return Tool(name, description, {"type": "object", "properties": {}})

    fillers = [tool(f"filler{n}", f"Polish the brass fitting number {n}.") for n in range(20)]
    registry = ToolRegistry([*fillers, tool("book_table", "Book a table at a restaurant.")])
    before = PastTurn("a table for two at Luigi's", "$1 = book_table()\ndone\n", (), {})
    names = [one.name for one in tools_for("polish number 4 and 7", [before], Retriever(registry), 4)]
    assert "book_table" in names
    assert "filler4" in names
