"""An agent as a tool of another one, and several agents on one engine."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from scrubjay import (
    Agent,
    Effect,
    LlamaEngine,
    Policy,
    Session,
    Status,
    Tool,
    ToolFailed,
    ToolQuestion,
    bundled_planner,
    tool,
)
from scrubjay.agent.events import ConsentAnswered, ConsentAsked
from scrubjay.testing import Consent, ScriptedPlanner

ORDER = "order two pizzas and tell me the time"
OUTER = '$1 = kitchen(request="order two pizzas")\n$2 = clock()'
INNER = '$1 = find_shop(dish="pizzas")\n$2 = order(shop=$1, count=2)'


@tool(effect="read")
def find_shop(dish: str) -> str:
    """Find who makes a dish."""
    if dish == "air":
        raise ToolFailed("Nobody makes air.")
    if dish == "something":
        raise ToolQuestion("What shall it be: pizza or soup?", ["pizza", "soup"])
    return "Luigi"


@tool(effect="read", say="It is {result}.")
def clock() -> str:
    """Tell the time."""
    return "noon"


class Shop:
    def __init__(self) -> None:
        self.orders: list[tuple[str, int]] = []

    def tool(self) -> Tool:
        @tool(effect="send", say="{count} are on their way from {shop}.")
        def order(shop: str, count: int) -> None:
            """Order a dish."""
            self.orders.append((shop, count))

        return order


def kitchen(inner: str, shop: Shop, policy: Policy | None = None) -> Agent:
    return Agent([find_shop, shop.tool()], ScriptedPlanner(inner), policy=policy)


def tools(agent: Agent) -> list[Tool]:
    return [agent.as_tool("kitchen", "Order food and find out who makes it."), clock]


def outer(inner: Agent, policy: Policy) -> Agent:
    return Agent(tools(inner), ScriptedPlanner(OUTER), policy=policy)


async def test_the_answer_of_a_sub_agent_is_the_result_of_its_step() -> None:
    shop = Shop()
    policy = Policy(allow_effects=True)
    async with kitchen(INNER, shop) as inner, outer(inner, policy) as agent:
        answer = await agent.run(ORDER)
    assert (answer.status, shop.orders) == (Status.DONE, [("Luigi", 2)])
    assert answer.text == "2 are on their way from Luigi.\nIt is noon."


async def test_each_effect_of_a_sub_agent_asks_where_the_outer_one_does() -> None:
    shop, consent = Shop(), Consent()
    policy = Policy(consent=consent)
    async with kitchen(INNER, shop) as inner, outer(inner, policy) as agent:
        answer = await agent.run(ORDER)
    assert [(asked.step_id, asked.tool, asked.args) for asked in consent.asked] == [
        (1, "order", {"shop": "Luigi", "count": 2})
    ]
    assert answer.status is Status.DONE


async def test_a_refused_effect_of_a_sub_agent_does_not_happen() -> None:
    shop = Shop()
    policy = Policy(consent=Consent(False))
    async with kitchen(INNER, shop) as inner, outer(inner, policy) as agent:
        answer = await agent.run(ORDER)
    assert not shop.orders
    assert "you did not allow it" in answer.text


async def test_questions_of_sub_agents_are_answered_from_the_events() -> None:
    shop, answered = Shop(), []
    plan = '$1 = kitchen(request="a")\n$2 = kitchen(request="b")'
    async with (
        kitchen(INNER, shop) as inner,
        Agent(tools(inner), ScriptedPlanner(plan)) as agent,
        aclosing(agent.events("a and b")) as events,
    ):
        async for event in events:
            if isinstance(event, ConsentAsked):
                assert agent.answer_consent(event, event.step_id == 2)
            if isinstance(event, ConsentAnswered):
                answered.append((event.step_id, event.allowed))
    assert sorted(answered) == [(1, False), (2, True)]
    assert shop.orders == [("Luigi", 2)]


async def test_a_sub_agent_with_a_policy_of_its_own_asks_nobody_else() -> None:
    shop, consent = Shop(), Consent()
    policy = Policy(consent=consent)
    async with (
        kitchen(INNER, shop, Policy(allow_effects=True)) as inner,
        Agent(tools(inner), ScriptedPlanner(OUTER), policy=policy) as agent,
    ):
        await agent.run(ORDER)
    assert shop.orders
    assert not consent.asked


@pytest.mark.parametrize(
    ("dish", "status", "text"),
    [
        ("air", Status.FAILED, "Nobody makes air."),
        ("something", Status.ASKED, "What shall it be: pizza or soup?"),
    ],
)
async def test_what_a_sub_agent_cannot_do_or_asks_is_told_as_its_own(
    dish: str, status: Status, text: str
) -> None:
    inner_plan = f'$1 = find_shop(dish="{dish}")'
    plan = '$1 = kitchen(request="order")'
    async with kitchen(inner_plan, Shop()) as inner, Agent(tools(inner), ScriptedPlanner(plan)) as agent:
        answer = await agent.run("order")
    assert (answer.status, answer.text) == (status, text)


async def test_effects_of_a_sub_agent_are_journaled_in_the_session_of_the_outer_one(tmp_path: Path) -> None:
    shop = Shop()
    policy = Policy(allow_effects=True)
    async with (
        await Session.open(tmp_path / "sessions.db") as session,
        kitchen(INNER, shop) as inner,
        Agent(tools(inner), ScriptedPlanner(OUTER), policy=policy, session=session) as agent,
    ):
        await agent.run(ORDER)
        journaled = await session._database.run(
            lambda connection: connection.execute("SELECT tool FROM effects").fetchall()
        )
    assert journaled == [("order",)]


async def test_cancelling_the_outer_request_stops_the_sub_agent() -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    @tool(effect="read")
    async def wait() -> None:
        """Wait."""
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    async with (
        Agent([wait], ScriptedPlanner("$1 = wait()")) as inner,
        Agent([inner.as_tool("waiter", "Waits.")], ScriptedPlanner('$1 = waiter(request="wait")')) as agent,
    ):
        request = asyncio.create_task(agent.run("wait"))
        await begun.wait()
        request.cancel()
        await asyncio.wait([request])
        assert stopped.is_set()


def test_the_tool_of_an_agent_has_the_strongest_effect_of_its_tools() -> None:
    made = kitchen(INNER, Shop()).as_tool("kitchen", "Order food.")
    assert made.effect is Effect.SEND
    assert Agent([clock], ScriptedPlanner("none")).as_tool("clocks", "Tell the time.").effect is Effect.READ
    assert list(made.parameters["properties"]) == ["request"]


async def test_several_agents_share_one_engine() -> None:
    async with await LlamaEngine.load(bundled_planner()) as engine:
        agents = [Agent([clock, find_shop], engine) for _ in range(3)]
        answers = await asyncio.gather(*(agent.run("tell me the time") for agent in agents))
        await agents[0].aclose()
        answers.append(await agents[1].run("tell me the time"))
    assert len({answer.text for answer in answers}) == 1
