"""A conversation may be longer than the context: old turns leave, and come back when they are asked about."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.agent.agent import Agent
from scrubjay.agent.events import Status
from scrubjay.agent.joiner import Joined
from scrubjay.agent.planner import MAX_TURNS, PastTurn, Planner, PlanTooLong
from scrubjay.agent.recall import Recall, first_shown
from scrubjay.agent.session import Session
from scrubjay.agent.turns import Conversation, Turns
from scrubjay.models.cache_settings import IN_MEMORY
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.prompt import SegmentKind
from scrubjay.tools.tool import Tool

from ..tiny_model import make_tiny_planner
from .scripted import OURS, ScriptedEngine

DENTIST = PastTurn(
    "when is my dentist appointment in Basel", "done\n", [{"title": "dentist", "start": "Monday 9:30"}], {}
)
NOTE = Tool("note", "Write it down", {"type": "object", "properties": {"text": {"type": "string"}}})
DONE = Joined(Status.DONE, "")
SUBJECTS = ("the weather", "a song", "the battery", "my notes", "bread", "the news", "a timer", "the lamp")


def other(number: int) -> PastTurn:
    return PastTurn(f"turn {SUBJECTS[number % 8]} to {number}", "done\n", [f"number {number}"], {})


def requests(turns: object) -> list[str]:
    return [turn.request for turn in turns]  # type: ignore[attr-defined]


async def talk(conversation: Conversation, turns: int) -> None:
    await conversation.record_turn(DENTIST, DONE)
    for number in range(turns):
        await conversation.record_turn(other(number), DONE)


async def check(conversation: Conversation) -> None:
    latest = [other(number).request for number in range(26, 30)]
    assert requests(await conversation.past_turns("play something calm", 4)) == latest
    about = await conversation.past_turns("move the dentist appointment to Friday", 4)
    assert requests(about) == [*latest[:3], DENTIST.request, latest[3]]
    assert about[3] == DENTIST


async def test_a_turn_that_a_request_is_about_comes_back() -> None:
    turns = Turns()
    await talk(turns, 30)
    await check(turns)


async def test_it_comes_back_from_the_disk_and_into_other_processes(tmp_path: Path) -> None:
    async with (
        await Session.open(tmp_path / "s.db", id="a") as session,
        await Session.open(tmp_path / "s.db", id="a") as reader,
        await Session.open(tmp_path / "s.db", id="b") as stranger,
    ):
        assert await reader.past_turns("my dentist appointment") == []
        await talk(session, 30)
        await check(session)
        await check(reader)
        await stranger.record_turn(other(0), DONE)
        assert requests(await stranger.past_turns("my dentist appointment")) == [other(0).request]
    async with await Session.open(tmp_path / "s.db", id="a") as again:
        await check(again)
        await again.forget()
        assert await again.past_turns("my dentist appointment") == []
        assert await reader_sees(tmp_path / "s.db") == []


async def reader_sees(path: Path) -> list[str]:
    async with await Session.open(path, id="a") as session:
        return requests(await session.past_turns("my dentist appointment"))


async def test_the_model_is_shown_the_turn_and_may_copy_its_values() -> None:
    engine = ScriptedEngine("none\n", metadata=OURS)
    turns = Turns()
    await talk(turns, 30)
    async with Agent([NOTE], model=engine, session=turns) as agent:
        await agent.run("note when the dentist appointment is")
    shown = engine.prompts[0].of_kind(SegmentKind.TURN)
    assert len(shown) == MAX_TURNS
    assert DENTIST.request in [turn.parts[0] for turn in shown]
    assert engine.constraints[0] is not None
    grammar = engine.constraints[0].next_grammar("")
    assert grammar is not None
    assert "Basel" in grammar


async def test_only_so_many_turns_are_read_again_when_a_conversation_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrubjay.agent.session.MOST_REMEMBERED", 10)
    async with await Session.open(tmp_path / "s.db") as session:
        await talk(session, 12)
    async with await Session.open(tmp_path / "s.db") as session:
        assert requests(await session.past_turns("my dentist appointment", 2)) == [
            other(10).request,
            other(11).request,
        ]
        await session.record_turn(DENTIST, DONE)
        await session.record_turn(other(12), DONE)
        await session.record_turn(other(13), DONE)
        about = await session.past_turns("move the dentist appointment", 2)
        assert requests(about) == [other(12).request, DENTIST.request, other(13).request]


@given(total=st.integers(0, 500), most=st.integers(1, 64))
def test_the_latest_turns_are_shown_and_where_many_are_they_leave_in_blocks(total: int, most: int) -> None:
    first = first_shown(total, most)
    assert 0 <= first <= total
    assert total - first <= most
    if total > most > 8:
        assert total - first > most - 8
        assert first % 8 == 0


@given(st.lists(st.text(max_size=40), max_size=12), st.text(max_size=60), st.integers(0, 12))
def test_only_turns_out_of_sight_come_back_in_their_order(said: list[str], asked: str, before: int) -> None:
    known = Recall()
    for text in said:
        known.add(text, [text, {"a": [1, None, text]}])
    found = known.about(asked, min(before, len(said)))
    assert found == sorted(found)
    assert all(0 <= number < min(before, len(said)) for number in found)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "foreign.gguf"
    make_tiny_planner(path, parallel_segments=False)
    return path


async def test_a_conversation_that_outgrows_the_context_goes_on_and_is_mostly_reused(foreign: Path) -> None:
    """Every prompt keeps the system and tool segments and the request; whole turns leave."""
    settings = EngineSettings(context_tokens=1024, threads=1, cache=IN_MEMORY)
    tools = [replace(NOTE, name=name) for name in ("note", "send", "find")]
    turns = Turns()
    async with (
        await LlamaEngine.load(foreign, settings) as engine,
        await LlamaEngine.load(foreign, settings) as cold,
    ):
        for number in range(24):
            request = f"note that the swallow number {number} is late"
            for one in (engine, cold):
                planner = Planner(one, max_tokens=16)
                with suppress(PlanTooLong):
                    await planner.write(request, tools, await turns.past_turns(request, planner.most_turns))
            await cold.forget()
            await turns.record_turn(PastTurn(request, "done\n", ["a" * 40], {}), DONE)
        assert 4 * engine.computed_tokens < 3 * cold.computed_tokens
