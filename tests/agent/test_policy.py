import asyncio
from dataclasses import replace

import pytest

from scrubjay.agent.events import ConsentAnswered, ConsentAsked, Event
from scrubjay.agent.policy import ASK, Policy
from scrubjay.agent.question import question
from scrubjay.tools.effect import Effect
from scrubjay.tools.tool import Tool

ASKED = ConsentAsked(3, "send_sms", {"to": "555"}, "Send?", Effect.SEND, "r1")


def test_everything_but_reading_asks_unless_told_otherwise() -> None:
    assert {effect for effect in Effect if Policy().asks(effect)} == ASK == set(Effect) - {Effect.READ}
    assert not any(Policy(allow_effects=True).asks(effect) for effect in Effect)
    own_data = Policy(ask={Effect.SEND, Effect.DESTROY})
    assert not own_data.asks(Effect.WRITE)
    assert own_data.asks(Effect.SEND)


@pytest.mark.parametrize("allowed", [True, False])
async def test_the_answer_counts_and_both_question_and_answer_are_events(allowed: bool) -> None:
    policy, events = Policy(), list[Event]()
    waiting = asyncio.create_task(policy.allows(ASKED, events.append))
    await asyncio.sleep(0)
    assert policy.open_requests(3) == ["r1"]
    assert policy.answer("r1", 3, allowed)
    assert await waiting is allowed
    assert events == [ASKED, ConsentAnswered(3, allowed)]
    assert not policy.answer("r1", 3, True)


async def test_no_answer_means_no() -> None:
    policy, events = Policy(patience_s=0.01), list[Event]()
    assert not await policy.allows(ASKED, events.append)
    assert events[-1] == ConsentAnswered(3, False)
    assert not policy.answer("r1", 3, True)
    assert policy.open_requests(3) == []


async def test_only_a_plain_yes_of_the_callback_is_consent() -> None:
    async def yes(asked: ConsentAsked) -> bool:
        return asked is ASKED

    async def truthy(asked: ConsentAsked) -> bool:
        return "yes"  # type: ignore[return-value]

    async def breaks(asked: ConsentAsked) -> bool:
        raise RuntimeError("no window")

    async def sleeps(asked: ConsentAsked) -> bool:
        await asyncio.sleep(60)
        return True

    answers = [
        await Policy(consent=consent, patience_s=0.01).allows(ASKED, lambda event: None)
        for consent in (yes, truthy, breaks, sleeps)
    ]
    assert answers == [True, False, False, False]


async def test_a_cancelled_request_leaves_no_open_question() -> None:
    policy = Policy()
    waiting = asyncio.create_task(policy.allows(ASKED, lambda event: None))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    await asyncio.sleep(0)
    assert policy.open_requests(3) == []


def test_a_plan_in_doubt_asks_again_though_its_tool_was_allowed_but_not_where_nobody_is_asked() -> None:
    doubtful, sure = replace(ASKED, confidence=0.1), replace(ASKED, confidence=0.9)
    allowing = Policy(allow_tools=["send_sms"])
    assert [allowing.must_ask(asked) for asked in (doubtful, sure, ASKED)] == [True, False, False]
    assert not Policy(allow_effects=True).must_ask(doubtful)
    assert not Policy(allow_tools=["send_sms"], doubt_below=0.05).must_ask(doubtful)


def test_a_question_in_doubt_says_so() -> None:
    tool = Tool("send_sms", "Send a text message.", {"type": "object"}, effect=Effect.SEND)
    assert question(tool, {"to": "555"}, doubtful=True).startswith(
        "I am not sure that I understood you. Send"
    )


def test_the_question_says_what_would_happen() -> None:
    schema = {"type": "object", "properties": {"to": {}, "message": {}}}
    tool = Tool("send_sms", "Send a text message. Costs money.", schema, effect=Effect.SEND)
    assert question(tool, {"to": ["555", "556"], "message": "late"}) == (
        "Send a text message (to: 555 and 556; message: late)?"
    )
    assert len(question(tool, {"message": "x" * 1_000_000})) < 3_000
