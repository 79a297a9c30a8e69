"""What was done can be taken back: the latest request first, in the reverse order, in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scrubjay.agent.agent import Agent
from scrubjay.agent.events import RequestFinished, RequestStarted
from scrubjay.agent.policy import Policy
from scrubjay.agent.session import Session
from scrubjay.agent.turns import Conversation, Turns
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.effect import Effect
from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.tool import Tool

from .running import make_tool
from .scripted import ScriptedEngine

YES = Policy(allow_effects=True)
TWO_NOTES = '$1 = create_note(title="A")\n$2 = append_to_note(title=$1, content="milk")\ndone\n'


class Lamp:
    """A lamp that remembers every switch, and can take a switch back unless it is stuck or broken."""

    def __init__(self) -> None:
        self.switched: list[str] = []
        self.stuck = self.broken = False

    def tools(self) -> list[Tool]:
        def switch(to: str) -> str:
            self.switched.append(to)
            return to

        def unswitch(arguments: Mapping[str, Any], result: Any) -> str:
            if self.stuck:
                raise ToolFailed("The lamp is stuck.")
            if self.broken:
                raise RuntimeError("no current")
            self.switched.remove(arguments["to"])
            return f"it is no longer {result}"

        def shout(word: str) -> str:
            return word

        return [
            make_tool(switch, "to", effect=Effect.WRITE, undo=unswitch),
            make_tool(shout, "word", effect=Effect.SEND),
        ]


@pytest.fixture(params=["in memory", "on disk"])
def open_conversation(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    async def open_one() -> Conversation:
        return Turns() if request.param == "in memory" else await Session.open(tmp_path / "sessions.db")

    return open_one


async def test_the_latest_request_is_taken_back_first_and_the_answer_offers_it(
    open_conversation: Any,
) -> None:
    lamp = Lamp()
    engine = ScriptedEngine(
        '$1 = switch(to="red")\ndone\n', '$1 = switch(to="blue")\n$2 = switch(to="green")\ndone\n'
    )
    async with Agent(lamp.tools(), engine, session=await open_conversation(), policy=YES) as agent:
        assert (await agent.run("red")).undo == ("does something (to: red)",)
        finished = [event async for event in agent.events("blue, then green")][-1]
        assert isinstance(finished, RequestFinished)
        order = [said.removesuffix(")").rpartition(" ")[2] for said in finished.undo]
        assert sorted(order) == ["blue", "green"]  # they run side by side: either may be done first
        assert await agent.undoable() == finished.undo
        undone = await agent.undo()
        back = "\n".join(f"It is no longer {colour}." for colour in reversed(order))
        assert (undone.text, undone.done, undone.not_done) == (back, 2, 0)
        assert lamp.switched == ["red"]
        assert (await agent.undo()).text == "It is no longer red."
        assert lamp.switched == []
        nothing = await agent.undo()
        assert (nothing.text, nothing.done) == ("There is nothing to undo.", 0)


async def test_what_cannot_be_taken_back_is_told_and_the_rest_is(open_conversation: Any) -> None:
    lamp = Lamp()
    engine = ScriptedEngine('$1 = switch(to="red")\n$2 = shout(word="fire")\ndone\n')
    async with Agent(lamp.tools(), engine, session=await open_conversation(), policy=YES) as agent:
        assert (await agent.run("red, and shout")).undo == ("does something (to: red)",)
        undone = await agent.undo()
        assert set(undone.text.splitlines()) == {  # the steps ran side by side, so either may come first
            "This cannot be taken back: does something (word: fire).",
            "It is no longer red.",
        }
        assert (undone.done, undone.not_done) == (1, 1)


async def test_what_a_tool_refuses_stands_and_what_broke_may_be_tried_again(open_conversation: Any) -> None:
    lamp = Lamp()
    async with Agent(
        lamp.tools(),
        ScriptedEngine('$1 = switch(to="red")\ndone\n'),
        session=await open_conversation(),
        policy=YES,
    ) as agent:
        await agent.run("red")
        lamp.broken = True
        assert "no current" in (await agent.undo()).text
        lamp.broken, lamp.stuck = False, True
        assert (await agent.undo()).text == (
            "This was not taken back: does something (to: red). The lamp is stuck."
        )
        assert (await agent.undo()).text == "There is nothing to undo."


async def test_reads_failures_and_what_was_not_allowed_leave_nothing_to_undo(open_conversation: Any) -> None:
    lamp = Lamp()
    engine = ScriptedEngine('$1 = switch(to="red")\ndone\n')
    async with Agent(lamp.tools(), engine, session=await open_conversation()) as agent:
        assert (await agent.run("red")).undo == ()
        assert await agent.undoable() == ()


async def test_a_request_can_be_named(open_conversation: Any) -> None:
    lamp = Lamp()
    engine = ScriptedEngine('$1 = switch(to="red")\ndone\n', '$1 = switch(to="blue")\ndone\n')
    async with Agent(lamp.tools(), engine, session=await open_conversation(), policy=YES) as agent:
        events = [event async for event in agent.events("red")]
        started = events[0]
        assert isinstance(started, RequestStarted)
        await agent.run("blue")
        assert (await agent.undo(started.request_id)).done == 1
        assert lamp.switched == ["blue"]


async def test_another_process_takes_back_what_was_done(tmp_path: Path) -> None:
    path, tools = tmp_path / "sessions.db", builtin_tools(tmp_path)
    async with (
        await Session.open(path) as session,
        Agent(tools, ScriptedEngine(TWO_NOTES), session=session, policy=YES) as agent,
    ):
        await agent.run("note A, and milk on it")
    assert (tmp_path / "notes/A.md").exists()
    async with (
        await Session.open(path) as session,
        Agent(builtin_tools(tmp_path), ScriptedEngine("none\n"), session=session) as agent,
    ):
        undone = await agent.undo()
        assert undone.done == 2, undone.text
    assert not (tmp_path / "notes/A.md").exists()


async def test_what_older_versions_kept_is_still_read(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    path = tmp_path / "sessions.db"
    async with (
        await Session.open(path) as session,
        Agent(
            Lamp().tools(), ScriptedEngine('$1 = switch(to="red")\ndone\n'), session=session, policy=YES
        ) as a,
    ):
        await a.run("red")
    with closing(sqlite3.connect(path)) as connection:
        added = {"turns": ("started_at", "sources", "asked_by"), "effects": ("undone_at",)}
        for table, column in ((table, column) for table, columns in added.items() for column in columns):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 1")
    async with await Session.open(path) as session:
        (turn,) = await session.history()
        assert (turn.request, turn.started_at) == ("red", None)
        assert [effect.tool for effect in await session.done_effects()] == ["switch"]


async def test_a_turn_keeps_when_it_began(tmp_path: Path) -> None:
    async with (
        await Session.open(tmp_path / "sessions.db") as session,
        Agent(Lamp().tools(), ScriptedEngine("none\n", pause=0.01), session=session) as agent,
    ):
        await agent.run("red")
        (turn,) = await session.history()
        assert turn.started_at is not None
        assert turn.started_at < turn.ended_at
