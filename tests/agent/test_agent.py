import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime

import pytest

from scrubjay.agent.agent import Agent, Answer
from scrubjay.agent.events import (
    AnswerText,
    ConsentAsked,
    Event,
    PlanReady,
    PlanText,
    RequestCancelled,
    RequestFailed,
    RequestFinished,
    RequestStarted,
    RoundStarted,
    Status,
    StepFinished,
    StepPlanned,
    StepStarted,
    ToolsChosen,
)
from scrubjay.agent.joiner import Joined
from scrubjay.agent.plan import print_plan
from scrubjay.agent.planner import PastTurn
from scrubjay.agent.policy import Policy
from scrubjay.agent.reader import PlanSyntaxError
from scrubjay.agent.turns import Turns
from scrubjay.models.prompt import SegmentKind
from scrubjay.tools.effect import Effect
from scrubjay.tools.errors import ToolDefinitionError, ToolFailed
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool

from .running import make_tool
from .scripted import FOREIGN, ScriptedEngine

NUMBERS = {"Sid": "555-0101", "Lutfi": "555-0102"}
YES = Policy(allow_effects=True)


class Phone:
    """Contacts and an outbox that remember what was done with them."""

    def __init__(self) -> None:
        self.sent: list[tuple[list[str], str]] = []

    def tools(self) -> list[Tool]:
        async def get_phone_number(name: str) -> str:
            await asyncio.sleep(0.01)
            if name not in NUMBERS:
                raise ToolFailed(f"Nobody is called {name} in your contacts.")
            return NUMBERS[name]

        async def send_sms(to: list[str], message: str) -> str:
            self.sent.append((to, message))
            return "sent"

        return [
            make_tool(get_phone_number, "name", say="The number of {name} is {result}."),
            make_tool(send_sms, "to", "message", effect=Effect.SEND, say="Texted {to}."),
        ]


TEXT_BOTH = (
    '$1 = get_phone_number(name="Sid")\n$2 = get_phone_number(name="Lutfi")\n'
    '$3 = send_sms(to=[$1, $2], message="late")\ndone\n'
)


async def collect(agent: Agent, text: str, see: Callable[[Event], None] = lambda event: None) -> list[Event]:
    events = []
    async for event in agent.events(text):
        events.append(event)
        see(event)
    return events


def of(kind: type, events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


async def test_a_request_is_planned_run_and_answered_on_one_stream() -> None:
    phone = Phone()
    async with Agent(phone.tools(), ScriptedEngine(TEXT_BOTH), policy=YES) as agent:
        events = await collect(agent, "text Sid and Lutfi: late")
    assert phone.sent == [(["555-0101", "555-0102"], "late")]
    kinds = [type(event) for event in events]
    assert kinds[:3] == [RequestStarted, ToolsChosen, PlanText]
    assert kinds[-2:] == [AnswerText, RequestFinished]
    assert "".join(event.text for event in events if isinstance(event, PlanText)) == TEXT_BOTH
    finished = events[-1]
    assert isinstance(finished, RequestFinished)
    assert (finished.status, finished.answer) == (Status.DONE, "Texted 555-0101 and 555-0102.")
    timings = finished.timings
    assert timings.first_text_ms is not None
    assert timings.first_step_ms is not None
    assert timings.plan_ms is not None
    assert timings.first_text_ms <= timings.first_step_ms <= timings.plan_ms <= timings.total_ms
    assert (timings.rounds, timings.tokens) == (1, len(of(PlanText, events)))


async def test_the_first_step_starts_before_the_plan_is_written() -> None:
    async with Agent(Phone().tools(), ScriptedEngine(TEXT_BOTH, pause=0.002), policy=YES) as agent:
        kinds = [type(event) for event in await collect(agent, "text Sid and Lutfi: late")]
    assert (
        kinds.index(StepPlanned)
        < kinds.index(StepStarted)
        < kinds.index(StepFinished)
        < kinds.index(PlanReady)
    )


async def test_run_returns_the_answer_with_every_steps_outcome() -> None:
    async with Agent(Phone().tools(), ScriptedEngine(TEXT_BOTH), policy=YES) as agent:
        answer = await agent.run("text Sid and Lutfi: late")
    assert answer.status is Status.DONE
    assert [outcome.result for outcome in answer.steps] == ["555-0101", "555-0102", "sent"]
    assert print_plan(answer.plan) == TEXT_BOTH


async def test_no_tool_serving_is_said_honestly() -> None:
    async with Agent(Phone().tools(), ScriptedEngine("none\n")) as agent:
        answer = await agent.run("bake a cake")
    assert (answer.status, answer.text) == (Status.NOT_SERVED, "None of the tools I have can do that.")
    assert answer.steps == ()


async def test_run_without_a_callback_takes_no_answer_for_a_no() -> None:
    phone = Phone()
    async with Agent(phone.tools(), ScriptedEngine(TEXT_BOTH)) as agent:
        answer = await asyncio.wait_for(agent.run("text Sid and Lutfi: late"), 5)
    assert not phone.sent
    assert answer.status is Status.FAILED
    assert answer.text == (
        "Not done, since you did not allow it: does something (to: 555-0101 and 555-0102; message: late)."
    )


@pytest.mark.parametrize("by_event", [True, False])
async def test_who_reads_the_events_may_answer_questions(by_event: bool) -> None:
    phone = Phone()
    async with Agent(phone.tools(), ScriptedEngine(TEXT_BOTH)) as agent:

        def allow(event: Event) -> None:
            if isinstance(event, ConsentAsked):
                assert agent.answer_consent(event if by_event else event.step_id, True)

        await collect(agent, "text Sid and Lutfi: late", allow)
        assert not agent.answer_consent(3, True)
    assert len(phone.sent) == 1


async def test_a_question_of_two_requests_at_once_needs_the_event() -> None:
    phone = Phone()
    async with Agent(phone.tools(), ScriptedEngine('$1 = send_sms(to=["1"], message="a")\ndone\n')) as agent:
        asked: list[ConsentAsked] = []

        def see(event: Event) -> None:
            if isinstance(event, ConsentAsked):
                asked.append(event)
            if len(asked) == 2:
                with pytest.raises(ValueError, match="2 requests ask about a step 1"):
                    agent.answer_consent(1, True)
                assert all(agent.answer_consent(event, True) for event in asked)
                asked.clear()

        await asyncio.gather(collect(agent, "a", see), collect(agent, "b", see))
    assert len(phone.sent) == 2


async def test_many_requests_at_once_on_one_agent_do_not_mix() -> None:
    async def echo(text: str) -> str:
        await asyncio.sleep(0)
        return text

    engine = ScriptedEngine(lambda prompt: f'$1 = echo(text="{prompt.segments[-1].parts[0]}")\ndone\n')
    async with Agent([make_tool(echo, "text")], engine) as agent:
        answers = await asyncio.gather(*(agent.run(f"request {n}") for n in range(50)))
    assert [answer.text for answer in answers] == [f"request {n}" for n in range(50)]


async def test_a_wrong_plan_is_made_again_with_what_went_wrong_and_no_effect_is_repeated() -> None:
    phone = Phone()
    first = (
        '$1 = get_phone_number(name="Sid")\n$2 = send_sms(to=[$1], message="a")\n'
        '$3 = send_sms(to=$1.x, message="b")\ndone\n'
    )
    second = '$1 = send_sms(to=[$0.1], message="a")\n$2 = send_sms(to=[$0.1], message="b")\ndone\n'
    engine = ScriptedEngine(first, second)
    async with Agent(phone.tools(), engine, policy=YES) as agent:
        events: list[Event] = []
        answer = await run_collecting(agent, "text Sid a and b", events)
    assert phone.sent == [(["555-0101"], "a"), (["555-0101"], "b")]
    assert [outcome.status.value for outcome in answer.steps] == [
        "done",
        "done",
        "failed",
        "done before",
        "done",
    ]
    assert answer.status is Status.DONE
    assert answer.text == "Texted 555-0101."
    started = of(RoundStarted, events)
    assert started == [RoundStarted(2, "step 3: there is no $1.x: no field 'x', the result is text")]
    assert [outcome.step.id for outcome in answer.steps] == [1, 2, 3, 4, 5]
    turn = engine.prompts[1].of_kind(SegmentKind.TURN)[0]
    assert turn.parts[:2] == ("text Sid a and b", first)
    assert "$3: there is no $1.x" in turn.parts[2]


async def run_collecting(agent: Agent, text: str, events: list[Event]) -> Answer:
    from scrubjay.agent.request import Request

    request = Request(text)
    async with aclosing(agent._stream(request)) as stream:
        async for event in stream:
            events.append(event)
    assert request.answer is not None
    return request.answer


async def test_planning_again_ends_after_the_rounds_that_are_allowed() -> None:
    engine = ScriptedEngine('$1 = get_phone_number(nmae="Sid")\ndone\n')
    async with Agent(Phone().tools(), engine, rounds=3) as agent:
        answer = await agent.run("call Sid")
    assert len(engine.prompts) == 3
    assert answer.status is Status.FAILED
    assert "nmae is not known; did you mean name?" in answer.text


async def test_models_not_of_our_dialect_are_asked_for_another_way_when_a_tool_refuses() -> None:
    plan = '$1 = get_phone_number(name="Zed")\ndone\n'
    for metadata, rounds in ((FOREIGN, 2), (ScriptedEngine().metadata, 1)):
        engine = ScriptedEngine(plan, metadata=metadata)
        async with Agent(Phone().tools(), engine) as agent:
            answer = await agent.run("call Zed")
        assert len(engine.prompts) == rounds
        assert answer.text == "Nobody is called Zed in your contacts."


async def test_a_denied_step_is_not_asked_about_again_in_a_later_round() -> None:
    plan = '$1 = send_sms(to=["1"], message="a")\n$2 = get_phone_number(nmae="Sid")\ndone\n'
    questions = 0

    async def no(asked: ConsentAsked) -> bool:
        nonlocal questions
        questions += 1
        return False

    async with Agent(Phone().tools(), ScriptedEngine(plan), policy=Policy(consent=no)) as agent:
        answer = await agent.run("text 1: a")
    assert questions == 1
    assert "you did not allow it" in answer.text


async def test_the_next_turn_may_refer_to_the_results_of_this_one() -> None:
    phone = Phone()
    engine = ScriptedEngine(
        '$1 = get_phone_number(name="Sid")\ndone\n', '$1 = send_sms(to=[$0.1], message="hi")\ndone\n'
    )
    async with Agent(phone.tools(), engine, policy=YES) as agent:
        await agent.run("what is Sid's number")
        await agent.run("text it hi")
    assert phone.sent == [(["555-0101"], "hi")]
    assert engine.prompts[1].of_kind(SegmentKind.TURN)[0].parts == (
        "what is Sid's number",
        '$1 = get_phone_number(name="Sid")\ndone\n',
        "$1: 555-0101",
    )


async def test_cancelling_a_request_stops_the_model_and_the_tools() -> None:
    cleaned: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append("slow")

    engine = ScriptedEngine("$1 = slow()\n" + "$2 = slow()\n" * 1000, pause=0.001)
    async with Agent([make_tool(slow)], engine) as agent:
        request_id = ""

        def see(event: Event) -> None:
            nonlocal request_id
            if isinstance(event, RequestStarted):
                request_id = event.request_id
            if isinstance(event, StepStarted):
                assert agent.cancel(request_id)

        events = await collect(agent, "be slow", see)
        assert events[-1] == RequestCancelled()
        assert not agent.cancel(request_id)
        assert asyncio.all_tasks() == {asyncio.current_task()}
    assert cleaned == ["slow"]
    assert engine.closed == 1


async def test_leaving_the_stream_early_or_cancelling_its_reader_cleans_up() -> None:
    async def slow() -> None:
        await asyncio.sleep(60)

    engine = ScriptedEngine("$1 = slow()\ndone\n")
    async with Agent([make_tool(slow)], engine) as agent:
        async with aclosing(agent.events("be slow")) as events:
            async for event in events:
                if isinstance(event, StepStarted):
                    break
        assert asyncio.all_tasks() == {asyncio.current_task()}
        reader = asyncio.create_task(agent.run("be slow"))
        await asyncio.sleep(0.02)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert asyncio.all_tasks() == {asyncio.current_task()}
    assert engine.closed == 2


async def test_closing_the_agent_cancels_what_it_runs() -> None:
    async def slow() -> None:
        await asyncio.sleep(60)

    agent = Agent([make_tool(slow)], ScriptedEngine("$1 = slow()\ndone\n"))
    running = asyncio.create_task(agent.run("be slow"))
    at_once = asyncio.create_task(agent.run("be slow"))
    await asyncio.sleep(0.02)
    await agent.aclose()
    assert (await running).status is Status.CANCELLED
    assert (await at_once).status is Status.CANCELLED


async def test_an_error_of_the_engine_ends_the_stream_and_is_raised() -> None:
    def breaks(prompt: object) -> str:
        raise MemoryError("no room for the context")

    events: list[Event] = []
    async with Agent(Phone().tools(), ScriptedEngine(breaks)) as agent:
        with pytest.raises(MemoryError, match="no room"):
            await collect(agent, "hello", events.append)
    assert events[-1] == RequestFailed("no room for the context")


async def test_text_that_is_no_plan_is_a_clear_error() -> None:
    async with Agent(Phone().tools(), ScriptedEngine("Sure! Here is\n", metadata=FOREIGN)) as agent:
        with pytest.raises(PlanSyntaxError, match="expected a step like"):
            await agent.run("hello")


async def test_a_plan_that_breaks_off_is_carried_through_as_far_as_it_goes_and_said() -> None:
    phone = Phone()
    engine = ScriptedEngine(TEXT_BOTH.replace("done\n", "$4 = send_sms("))
    async with Agent(phone.tools(), engine, policy=YES) as agent:
        answer = await agent.run("text Sid and Lutfi: late, and much more")
    assert len(phone.sent) == 1
    assert answer.status is Status.PARTLY
    assert answer.text == (
        "Texted 555-0101 and 555-0102.\nThere may be more to do, but the plan broke off: "
        "Line 4 of the plan: the text stops before `done` or `none`."
    )


async def test_when_the_session_cannot_keep_a_turn_the_answer_says_so_and_is_not_lost() -> None:
    class FullDisk(Turns):
        async def record_turn(
            self, turn: PastTurn, joined: Joined, started_at: datetime | None = None
        ) -> None:
            raise OSError("no space left on device")

    phone = Phone()
    async with Agent(phone.tools(), ScriptedEngine(TEXT_BOTH), session=FullDisk(), policy=YES) as agent:
        answer = await agent.run("text Sid and Lutfi: late")
    assert answer.status is Status.DONE
    assert answer.text == (
        "Texted 555-0101 and 555-0102.\nThis turn could not be kept in the session: no space left on device"
    )


async def test_tools_registered_between_requests_are_there() -> None:
    registry = ToolRegistry(Phone().tools())
    async with Agent(registry, ScriptedEngine("none\n")) as agent:
        registry.add(Tool("late", "Came late.", {"type": "object"}))
        events = await collect(agent, "hello")
    chosen = events[1]
    assert isinstance(chosen, ToolsChosen)
    assert chosen.tools == ("get_phone_number", "send_sms", "late")


IMPOSSIBLE = Tool(
    "impossible",
    "Nobody can call this.",
    {
        "type": "object",
        "properties": {"x": {"type": "integer", "minimum": 5, "maximum": 1}},
        "required": ["x"],
    },
)


async def test_a_tool_that_no_plan_can_call_is_left_out_and_named_and_the_others_serve() -> None:
    phone = Phone()
    async with Agent([*phone.tools(), IMPOSSIBLE], ScriptedEngine(TEXT_BOTH), policy=YES) as agent:
        events = await collect(agent, "text Sid and Lutfi: late")
    (chosen,) = of(ToolsChosen, events)
    assert isinstance(chosen, ToolsChosen)
    assert chosen.tools == ("get_phone_number", "send_sms")
    assert len(chosen.left_out) == 1
    assert chosen.left_out[0].startswith("impossible: ")
    assert len(phone.sent) == 1


async def test_where_no_tool_can_be_called_the_request_says_why() -> None:
    async with Agent([IMPOSSIBLE], ScriptedEngine("none\n")) as agent:
        with pytest.raises(ToolDefinitionError, match="impossible"):
            await agent.run("do it")


async def test_a_slow_reader_does_not_hold_the_request_up() -> None:
    ran = asyncio.Event()

    async def work() -> None:
        ran.set()

    async with Agent([make_tool(work)], ScriptedEngine("$1 = work()\ndone\n")) as agent:
        async for event in agent.events("work"):
            if isinstance(event, RequestStarted):
                await asyncio.wait_for(ran.wait(), 5)
