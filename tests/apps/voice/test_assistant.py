"""What the assistant does with what it hears: guesses, effects, consent, interruptions, answers."""

import asyncio
from pathlib import Path

import pytest

from scrubjay.agent.events import ConsentAsked, StepStarted
from scrubjay.apps.voice.activity import Turn
from scrubjay.apps.voice.guess import SettledSession
from scrubjay.apps.voice.shown import GuessDropped, Happened, Heard, Question, State
from scrubjay.tools.decorator import tool
from scrubjay.tools.effect import Effect
from scrubjay.tools.tool import Tool

from .scene import Scene, scene

PLANS = {
    "text Sid": '$1 = find_number(name="Sid")\n$2 = send(number=$1)',
    "text Sid and Maria": '$1 = find_number(name="Maria")\n$2 = send(number=$1)',
    "find Sid": '$1 = find_number(name="Sid")',
    "find Maria": '$1 = find_number(name="Maria")',
}


class Phone:
    """Tools, and what was done with them."""

    def __init__(self) -> None:
        self.looked_up: list[str] = []
        self.sent: list[str] = []
        self.slow_s = 0.0

        @tool(effect="read", say="{name} has {result}. That is all.")
        async def find_number(name: str) -> str:
            """Find a phone number."""
            self.looked_up.append(name)
            await asyncio.sleep(self.slow_s)
            return f"number of {name}"

        @tool(effect="send", say="Sent.")
        def send(number: str) -> str:
            """Send a message."""
            self.sent.append(number)
            return "sent"

        self.tools: list[Tool] = [find_number, send]


@pytest.fixture
def phone() -> Phone:
    return Phone()


def _steps(played: Scene) -> list[StepStarted]:
    events = [shown.event for shown in played.shown if isinstance(shown, Happened)]
    return [event for event in events if isinstance(event, StepStarted)]


async def test_at_a_pause_it_plans_and_reads_and_what_has_an_effect_waits(phone: Phone) -> None:
    async with scene(phone.tools, PLANS) as played:
        await played.sound(Turn.STARTED)
        await played.sound(Turn.PAUSED, "text Sid")
        await played.until(lambda: phone.looked_up == ["Sid"])
        await asyncio.sleep(0.1)
        assert not any(isinstance(shown, Question | Heard) for shown in played.shown)
        await played.sound(Turn.ENDED, "text Sid")
        await played.question()
        assert phone.sent == []
        await played.says("yes")
        await played.rest()
        assert phone.sent == ["number of Sid"]
        assert phone.looked_up == ["Sid"]


async def test_a_wrong_guess_leaves_no_effect_no_question_and_no_turn(phone: Phone, tmp_path: Path) -> None:
    async with (
        await SettledSession.open(tmp_path / "sessions.db", "main") as session,
        scene(phone.tools, PLANS, session=session) as played,
    ):
        await played.sound(Turn.STARTED)
        await played.sound(Turn.PAUSED, "text Sid")
        await played.until(lambda: phone.looked_up == ["Sid"])
        await played.sound(Turn.WENT_ON)
        assert [shown.text for shown in played.shown if isinstance(shown, GuessDropped)] == ["text Sid"]
        assert not any(isinstance(shown, Question) for shown in played.shown)
        await played.sound(Turn.PAUSED, "text Sid and Maria")
        await played.sound(Turn.ENDED, "text Sid and Maria")
        await played.question()
        await played.says("yes")
        await played.rest()
        assert phone.sent == ["number of Maria"]
        assert [turn.request for turn in await session.history(9)] == ["text Sid and Maria"]


async def test_a_guess_whose_words_came_out_otherwise_is_dropped(phone: Phone) -> None:
    async with scene(phone.tools, PLANS) as played:
        await played.sound(Turn.STARTED)
        await played.sound(Turn.PAUSED, "find Sid")
        await played.sound(Turn.ENDED, "find Maria")
        await played.rest()
        assert played.said == ["Maria has number of Maria. That is all."]


@pytest.mark.parametrize("answer", ["no", "no wait", "don't"])
async def test_a_no_keeps_it_from_happening(phone: Phone, answer: str) -> None:
    async with scene(phone.tools, PLANS) as played:
        await played.says("text Sid")
        await played.question()
        await played.says(answer)
        await played.rest()
        assert phone.sent == []


async def test_an_unclear_answer_is_asked_about_once_and_then_means_no(phone: Phone) -> None:
    async with scene(phone.tools, PLANS) as played:
        await played.says("text Sid")
        await played.question()
        await played.says("yes but to Maria")
        await played.until(lambda: played.said[-1].startswith("I need a clear yes or no."))
        await played.question()
        await played.says("what was that")
        await played.rest()
        assert phone.sent == []


async def test_a_yes_that_began_before_the_question_was_said_is_no_answer_to_it(phone: Phone) -> None:
    async with scene(phone.tools, PLANS, speech_s=30) as played:
        await played.says("text Sid")
        await played.until(lambda: played.state is State.ASKING and played.room.playing)
        await played.says("yes")
        await played.until(lambda: played.said[-1].startswith("I need a clear yes or no."))
        assert phone.sent == []
        await played.says("no")
        await played.until(lambda: played.state is State.SPEAKING)
        played.assistant.stop()
        await played.rest()
        assert phone.sent == []


async def test_the_question_that_is_said_names_the_action_and_the_target(phone: Phone) -> None:
    async with scene(phone.tools, PLANS) as played:
        await played.says("text Sid")
        question = await played.question()
        assert question.spoken == "Send a message, number number of Sid? Say yes or no."
        await played.says("no")


async def test_a_yes_is_for_the_step_of_this_request_only(phone: Phone) -> None:
    other = ConsentAsked(1, "send", {"number": "1"}, "Send a message (number: 1)?", Effect.SEND, "earlier")
    async with scene(phone.tools, PLANS) as played:
        await played.says("yes")  # to no question at all
        await played.until(lambda: played.state is State.LISTENING)
        await played.says("text Sid")
        await played.question()
        played.assistant.answer(True, other)
        await asyncio.sleep(0.1)
        assert played.state is State.ASKING
        assert phone.sent == []
        await played.says("no")


async def test_speaking_stops_when_the_user_speaks(phone: Phone) -> None:
    async with scene(phone.tools, PLANS, speech_s=30) as played:
        await played.says("find Sid")
        await played.until(lambda: played.room.playing)
        await played.sound(Turn.STARTED)
        await played.until(lambda: not played.room.playing)
        await played.sound(Turn.PAUSED, "find Maria")
        await played.sound(Turn.ENDED, "find Maria")
        await played.until(lambda: played.said[-1] == "Maria has number of Maria.")
        assert "That is all." not in played.said
        played.assistant.stop()
        await played.rest()


async def test_without_barge_in_it_hears_nothing_while_it_speaks(phone: Phone) -> None:
    async with scene(phone.tools, PLANS, speech_s=0.3, barge_in=False) as played:
        await played.says("find Sid")
        await played.until(lambda: played.room.playing)
        assert await played.is_deaf()
        await played.rest()
        assert played.said == ["Sid has number of Sid.", "That is all."]


async def test_what_it_hears_of_itself_is_no_request(phone: Phone) -> None:
    async with scene(phone.tools, PLANS, speech_s=30) as played:
        await played.says("find Sid")
        await played.until(lambda: played.room.playing)
        await played.says("sid has number of")
        await played.rest()
        assert played.heard == ["find Sid"]


async def test_stop_stops_the_request_that_runs(phone: Phone) -> None:
    phone.slow_s = 60
    async with scene(phone.tools, PLANS) as played:
        await played.says("find Sid")
        await played.until(lambda: _steps(played))
        await played.says("stop")
        await played.rest()
        assert played.said == []


async def test_a_request_that_fails_is_told_and_the_next_one_is_served(phone: Phone) -> None:
    async with scene(phone.tools, PLANS) as played:
        await played.says("nothing is planned for this")
        await played.until(lambda: played.said)
        assert "no plan for the request" in played.said[0]
        await played.says("find Sid")
        await played.rest()
        assert played.said[-1].startswith("Sid has")


async def test_only_what_is_said_while_the_key_is_held_counts(phone: Phone) -> None:
    async with scene(phone.tools, PLANS) as played:
        played.assistant.listen_by_key()
        assert await played.is_deaf()
        played.assistant.press()
        await played.sound(Turn.STARTED)
        await played.sound(Turn.NOTHING, "find")
        played.assistant.release()
        await played.sound(Turn.ENDED, "find Sid")
        await played.rest()
        assert played.heard == ["find Sid"]
        assert await played.is_deaf()


async def test_the_key_can_be_held_too_where_everything_counts(phone: Phone) -> None:
    async with scene(phone.tools, PLANS) as played:
        played.assistant.press()
        await played.sound(Turn.STARTED)
        played.assistant.release()
        await played.sound(Turn.ENDED, "find Sid")
        await played.rest()
        await played.says("find Maria")
        await played.rest()
        assert played.heard == ["find Sid", "find Maria"]
