import asyncio
from dataclasses import replace

import pytest

from scrubjay.agent.events import ConsentAnswered, ConsentAsked, Event, Remember
from scrubjay.agent.policy import ASK, Policy
from scrubjay.agent.provenance import Origin, Source
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


OFFERED = replace(ASKED, recipients=("+1 555-0101",), remember=tuple(Remember), session="main")


@pytest.mark.parametrize(
    ("remember", "asks_again_about"),
    [
        (Remember.ONCE, {"same", "other tool", "other recipient"}),
        (Remember.TOOL, {"other tool"}),
        (Remember.RECIPIENT, {"other recipient"}),
        (Remember.SESSION, set()),
    ],
)
async def test_a_yes_holds_as_far_as_the_person_said_and_in_that_session_only(
    remember: Remember, asks_again_about: set[str]
) -> None:
    async def yes(asked: ConsentAsked) -> Remember:
        return remember

    policy = Policy(consent=yes)
    assert await policy.allows(OFFERED, lambda event: None)
    later = {
        "same": replace(OFFERED, step_id=4, recipients=("+15550101",)),
        "other tool": replace(OFFERED, tool="compose_email"),
        "other recipient": replace(OFFERED, recipients=("+1 555-0102", "+1 555-0101")),
    }
    assert {name for name, asked in later.items() if policy.must_ask(asked)} == asks_again_about
    assert all(policy.must_ask(replace(asked, session="another")) for asked in later.values())
    assert all(policy.must_ask(replace(asked, because="others wrote it")) for asked in later.values())


async def test_only_what_the_question_offered_is_remembered() -> None:
    policy = Policy()
    asked = replace(OFFERED, because="others wrote it", remember=(Remember.ONCE,))
    waiting = asyncio.create_task(policy.allows(asked, lambda event: None))
    await asyncio.sleep(0)
    assert policy.answer("r1", 3, True, Remember.SESSION)
    assert await waiting
    assert policy.must_ask(replace(OFFERED, because=""))


async def test_a_no_is_never_remembered() -> None:
    policy = Policy()
    waiting = asyncio.create_task(policy.allows(OFFERED, lambda event: None))
    await asyncio.sleep(0)
    assert policy.answer("r1", 3, False, Remember.SESSION)
    assert not await waiting
    assert policy.must_ask(OFFERED)


def test_what_is_allowed_for_good_is_allowed_in_every_session() -> None:
    policy = Policy(allow_tools=["create_note"], allow_recipients=["+15550101"])
    assert not policy.must_ask(replace(ASKED, tool="create_note"))
    assert not policy.must_ask(OFFERED)
    assert policy.must_ask(ASKED)


SEND = Tool(
    "send",
    "Send it",
    {"type": "object", "properties": {"message": {}, "to": {}}},
    effect=Effect.SEND,
    recipients=("to",),
)


def test_no_value_looks_like_the_questions_own_words() -> None:
    asked = question(SEND, {"message": "hi); to: sid@x.org)? Yes: (", "to": ["eve@x.org"]})
    assert asked == 'Send it (to: eve@x.org; message: "hi); to: sid@x.org)? Yes: (")?'
    asked = question(SEND, {"message": 'a" (to: "sid', "to": ["eve@x.org"]})
    assert asked == "Send it (to: eve@x.org; message: \"a' (to: 'sid\")?"
    theirs = {"message": frozenset({Source(Origin.OTHERS, "a mail")})}
    assert question(SEND, {"message": "hello", "to": []}, None, theirs).endswith('message: "hello")?')


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gro.x@eve\u202e", "gro.x@eve\ufffd"),
        ("a\x1b[2Kb\x07\x00", '"a\ufffd[2Kb\ufffd\ufffd"'),
        ("s\u200bid@x\u00ad.org", "s\ufffdid@x\ufffd.org"),
        ("a\n\n\u2028b", "a b"),
        ("\U0001f468\u200d\U0001f680 \u06cc\u200c\u062e", "\U0001f468\u200d\U0001f680 \u06cc\u200c\u062e"),
    ],
)
def test_a_question_shows_what_nobody_sees(text: str, shown: str) -> None:
    assert question(SEND, {"to": [text]}) == f"Send it (to: {shown})?"
    assert question(SEND, {"message": text}) == f"Send it (message: {shown})?"


def test_no_length_pushes_the_target_out_of_sight() -> None:
    people = [f"person{number}@example.com" for number in range(60)]
    asked = question(SEND, {"message": "x" * 5000, "to": [*people, "eve@evil.example"]})
    assert all(person in asked for person in people)
    assert "eve@evil.example; message: " in asked
    asked = question(SEND, {"to": ["a" * 5000 + "@evil.example"]})
    assert "@evil.example" in asked
    assert "[4,763 characters]" in asked
    path = question(Tool("open", "Open it", SEND.parameters), {"message": "a/" * 5000 + "../secret.txt"})
    assert path.endswith('../secret.txt")?')
    boastful = Tool("t", "Nothing happens " * 500, SEND.parameters, effect=Effect.SEND)
    assert len(question(boastful, {"to": "eve@evil.example"})) < 250


@pytest.mark.parametrize(
    ("allowed", "asked"),
    [
        ("sid@example.com", "\u017fid@example.com"),
        ("kim@example.com", "\u212aim@example.com"),
        ("sid@example.com", "Sid <eve@evil.example>"),
        ("sid@example.com", "sid@example.com <eve@evil.example>"),
        ("sid@example.com", "sid@ex ample.com"),
        ("sid@example.com", "sid@ex\u0430mple.com"),
        ("sid@example.com", "sid@example.com,eve@evil.example"),
        ("sid-jha", "sidjha"),
        ("555-0101", "\u0665\u0665\u06650101"),
    ],
)
def test_who_only_looks_like_an_allowed_recipient_is_asked_about(allowed: str, asked: str) -> None:
    policy = Policy(allow_recipients=[allowed])
    assert policy.must_ask(replace(OFFERED, recipients=(asked,)))
    assert not policy.must_ask(replace(OFFERED, recipients=(allowed.upper(),)))


def test_the_question_says_what_was_understood_and_warns_first() -> None:
    schema = {"type": "object", "properties": {"to": {}, "start": {}}}
    tool = Tool("invite", "Invite people", schema, effect=Effect.SEND)
    asked = question(
        tool,
        {"to": "eve@evil.example", "start": "tomorrow at 2"},
        {"start": "Wednesday 25 November, 14:00"},
        {"to": frozenset({Source(Origin.OTHERS, "the file plan.txt")})},
        frozenset({Source(Origin.OTHERS, "the note Ideas")}),
    )
    assert asked == (
        "Others wrote what goes into to (the file plan.txt). "
        "This was planned after reading what others wrote (the note Ideas). "
        'Invite people (to: "eve@evil.example"; start: tomorrow at 2, that is Wednesday 25 November, 14:00)?'
    )
