"""The agent in programs that are not async."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scrubjay import Agent, Policy, Session, Status, Tool, ToolFailed, tool
from scrubjay.agent.events import ConsentAsked, RequestCancelled, RequestFinished, RequestStarted, StepStarted
from scrubjay.testing import ScriptedPlanner
from scrubjay.tools.background import LoopRunningError
from scrubjay.tools.effect import Effect
from scrubjay.tools.errors import ToolDefinitionError

PLAN = '$1 = double(number=21)\n$2 = keep(text="{$1} it is")'


@tool(effect="read")
def double(number: int) -> int:
    """Double a number."""
    return 2 * number


def keeper() -> tuple[Tool, list[str]]:
    kept: list[str] = []

    @tool
    def keep(text: str) -> None:
        """Keep a text."""
        if not text:
            raise ToolFailed("There is nothing to keep.")
        kept.append(text)

    return keep, kept


def test_a_request_is_served_without_async() -> None:
    keep, kept = keeper()
    with Agent([double, keep], ScriptedPlanner(PLAN), policy=Policy(allow_effects=True)) as agent:
        answer = agent.run_sync("double 21 and keep it")
    assert (answer.status, kept) == (Status.DONE, ["42 it is"])


def test_an_agent_that_nobody_closes_lets_the_program_end() -> None:
    code = (
        "from scrubjay import Agent, tool\n"
        "from scrubjay.testing import ScriptedPlanner\n"
        "@tool(effect='read')\n"
        "def ask() -> str:\n"
        "    'Ask.'\n"
        "    return 'yes'\n"
        "print(Agent([ask], ScriptedPlanner('$1 = ask()')).run_sync('ask').text)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (run.stdout, run.stderr, run.returncode) == ("yes\n", "", 0)


def test_consent_is_answered_from_the_loop_over_the_events() -> None:
    keep, kept = keeper()
    kinds = []
    with Agent([double, keep], ScriptedPlanner(PLAN)) as agent:
        for event in agent.events_sync("double 21 and keep it"):
            kinds.append(type(event))
            if isinstance(event, ConsentAsked):
                assert agent.answer_consent(event, True)
    assert (kinds[0], kinds[-1], kept) == (RequestStarted, RequestFinished, ["42 it is"])


def test_leaving_the_loop_over_the_events_cancels_the_request() -> None:
    stopped = threading.Event()

    @tool(effect="read")
    async def wait() -> None:
        """Wait."""
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    with Agent([wait], ScriptedPlanner("$1 = wait()")) as agent:
        for event in agent.events_sync("wait"):
            if isinstance(event, StepStarted):
                break
        assert stopped.wait(30)


def test_a_request_is_cancelled_from_another_thread() -> None:
    @tool(effect="read")
    async def wait() -> None:
        """Wait."""
        await asyncio.sleep(60)

    with Agent([wait], ScriptedPlanner("$1 = wait()")) as agent:
        request_id, events = "", []
        for event in agent.events_sync("wait"):
            events.append(event)
            if isinstance(event, RequestStarted):
                request_id = event.request_id
            if isinstance(event, StepStarted):
                threading.Thread(target=agent.cancel, args=[request_id]).start()
    assert isinstance(events[-1], RequestCancelled)


def test_threads_may_share_an_agent() -> None:
    texts: list[str] = []
    with Agent([double], ScriptedPlanner(lambda number: f"$1 = double(number={number})")) as agent:
        threads = [
            threading.Thread(target=lambda n=n: texts.append(agent.run_sync(str(n)).text)) for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(texts, key=int) == [str(2 * n) for n in range(8)]


async def test_a_blocking_call_inside_a_loop_says_what_to_write_instead() -> None:
    agent = Agent([double], ScriptedPlanner("none"))
    with pytest.raises(LoopRunningError, match=r"write `await agent.run\(...\)`"):
        agent.run_sync("double 21")
    with pytest.raises(LoopRunningError, match="async for event in"):
        agent.events_sync("double 21")
    with pytest.raises(LoopRunningError, match="async with Agent"):
        agent.__enter__()


async def test_one_agent_in_two_loops_at_once_is_refused_with_advice() -> None:
    waits = asyncio.Event()

    @tool(effect="read")
    async def wait() -> None:
        """Wait."""
        waits.set()
        await asyncio.sleep(60)

    async with Agent([wait], ScriptedPlanner("$1 = wait()")) as agent:
        first = asyncio.create_task(agent.run("wait"))
        await waits.wait()
        with pytest.raises(RuntimeError, match="make an agent for each loop"):
            await asyncio.to_thread(agent.run_sync, "wait")
        first.cancel()


def test_a_session_is_opened_by_name_and_kept_in_the_users_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    keep, _ = keeper()
    allow = Policy(ask={Effect.DESTROY})
    planner = ScriptedPlanner([PLAN, '$1 = keep(text="{$0.1}")'])
    for text in ("double 21 and keep it", "keep that number again"):
        with Agent([double, keep], planner, session="sums", policy=allow) as agent:
            agent.run_sync(text)

    async def history() -> list[str]:
        async with await Session.open(id="sums") as session:
            return [turn.plan for turn in await session.history()]

    assert len(asyncio.run(history())) == 2


def test_a_tool_that_is_not_in_a_list_is_named() -> None:
    with pytest.raises(ToolDefinitionError, match=r"a list is wanted: \[double\]"):
        Agent(double)  # type: ignore[arg-type]
