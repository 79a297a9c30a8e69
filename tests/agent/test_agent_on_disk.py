import asyncio
from pathlib import Path

import pytest

from scrubjay.agent.agent import Agent
from scrubjay.agent.policy import Policy
from scrubjay.agent.session import Session
from scrubjay.tools.effect import Effect

from .running import make_tool
from .scripted import ScriptedEngine

YES = Policy(allow_effects=True)


async def test_the_next_process_goes_on_with_the_conversation(tmp_path: Path) -> None:
    sent: list[str] = []

    def look_up(name: str) -> dict[str, str]:
        return {"email": f"{name}@example.org"}

    def send(to: str) -> str:
        sent.append(to)
        return "sent"

    tools = [make_tool(look_up, "name"), make_tool(send, "to", effect=Effect.SEND)]
    plans = ('$1 = look_up(name="ada")\ndone\n', "$1 = send(to=$0.1.email)\ndone\n")
    for plan in plans:
        async with (
            await Session.open(tmp_path / "sessions.db") as session,
            Agent(tools, ScriptedEngine(plan), session=session, policy=YES) as agent,
        ):
            await agent.run("next")
    assert sent == ["ada@example.org"]


async def test_a_send_that_is_cut_off_is_reported_by_the_next_process(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def send(to: str) -> None:
        begun.set()
        await asyncio.sleep(60)

    tool = make_tool(send, "to", effect=Effect.SEND)
    engine = ScriptedEngine('$1 = send(to="ada")\ndone\n')
    async with (
        await Session.open(tmp_path / "sessions.db") as session,
        Agent([tool], engine, session=session, policy=YES) as agent,
    ):
        request = asyncio.create_task(agent.run("write to ada"))
        await asyncio.wait_for(begun.wait(), 5)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    async with await Session.open(tmp_path / "sessions.db") as session:
        interrupted = await session.interrupted()
        assert [(effect.tool, effect.arguments) for effect in interrupted] == [("send", {"to": "ada"})]
        assert not await session.history()


async def test_requests_at_once_in_one_session_keep_all_their_turns(tmp_path: Path) -> None:
    async def note(text: str) -> str:
        return text

    engine = ScriptedEngine(lambda prompt: f'$1 = note(text="{prompt.segments[-1].parts[0]}")\ndone\n')
    async with (
        await Session.open(tmp_path / "sessions.db") as session,
        Agent([make_tool(note, "text", effect=Effect.WRITE)], engine, session=session, policy=YES) as agent,
    ):
        await asyncio.gather(*(agent.run(f"n{n}") for n in range(8)))
        turns = await session.history(limit=20)
    assert sorted(turn.request for turn in turns) == [f"n{n}" for n in range(8)]
    assert all(turn.results == [turn.request] for turn in turns)
