import asyncio
import subprocess
import sys
import threading
import time
from queue import SimpleQueue

import pytest

from scrubjay.agent import calls as calls_module
from scrubjay.agent.calls import CallFailed, Calls
from scrubjay.agent.outcome import Failure
from scrubjay.agent.plan import Json
from scrubjay.agent.threads import Threads, TooManyHangingCalls
from scrubjay.tools.effect import Effect
from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.tool import Tool

from .running import make_tool


class Flaky:
    """A tool's function that fails as often as told before it works."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.attempts = 0
        self.failures = failures
        self.error = error or ConnectionError("busy")

    def tool(self, effect: Effect, retries: int = 2) -> Tool:
        def flaky() -> str:
            self.attempts += 1
            if self.attempts <= self.failures:
                raise self.error
            return "worked"

        return make_tool(flaky, effect=effect, retries=retries)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "RETRY_AFTER_S", 0.001)


async def call(tool: Tool) -> Json:
    calls = Calls()
    try:
        return await calls.call(tool, {})
    finally:
        calls.close()


@pytest.mark.parametrize("effect", [Effect.READ, Effect.WRITE])
async def test_what_breaks_is_tried_again_as_often_as_the_tool_says(effect: Effect) -> None:
    flaky = Flaky(failures=2)
    assert await call(flaky.tool(effect)) == "worked"
    flaky = Flaky(failures=3)
    with pytest.raises(CallFailed, match="ConnectionError: busy"):
        await call(flaky.tool(effect))
    assert flaky.attempts == 3


@pytest.mark.parametrize("effect", [Effect.SEND, Effect.DESTROY])
async def test_what_may_have_been_sent_or_destroyed_is_never_tried_again(effect: Effect) -> None:
    flaky = Flaky(failures=1)
    with pytest.raises(CallFailed) as caught:
        await call(flaky.tool(effect))
    assert flaky.attempts == 1
    assert caught.value.may_have_happened


async def test_a_tool_that_says_it_failed_is_not_tried_again() -> None:
    flaky = Flaky(1, ToolFailed("No such note."))
    with pytest.raises(CallFailed) as caught:
        await call(flaky.tool(Effect.READ))
    assert flaky.attempts == 1
    assert caught.value.failure is Failure.REFUSED
    assert not caught.value.may_have_happened


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize(
    ("effect", "attempts"), [(Effect.READ, 2), (Effect.WRITE, 1), (Effect.SEND, 1), (Effect.DESTROY, 1)]
)
async def test_after_a_time_out_only_reads_are_tried_again(
    effect: Effect, attempts: int, blocking: bool
) -> None:
    begun = 0

    def hang() -> None:
        nonlocal begun
        begun += 1
        time.sleep(1.0)

    async def hang_async() -> None:
        nonlocal begun
        begun += 1
        await asyncio.sleep(60)

    function = hang if blocking else hang_async
    with pytest.raises(CallFailed, match="took longer than") as caught:
        await call(make_tool(function, effect=effect, timeout_s=0.3, retries=1))
    assert caught.value.failure is Failure.TIMED_OUT
    assert begun == attempts


async def test_a_time_out_of_the_tools_own_is_not_taken_for_ours() -> None:
    def slow_server() -> None:
        raise TimeoutError("the server is slow")

    with pytest.raises(CallFailed, match="broke: TimeoutError: the server is slow") as caught:
        await call(make_tool(slow_server))
    assert caught.value.failure is Failure.BROKEN


async def test_a_tool_that_is_only_a_schema_cannot_be_called() -> None:
    with pytest.raises(CallFailed, match="only a schema") as caught:
        await call(Tool("planned", "Is planned only", {"type": "object"}))
    assert not caught.value.may_have_happened


async def test_at_most_so_many_run_at_once() -> None:
    running = most = 0

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1

    tool, calls = make_tool(work), Calls(at_once=3)

    async def one() -> None:
        async with calls.turn(tool):
            await calls.call(tool, {})

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == 3


async def test_threads_are_used_again_and_end_on_close() -> None:
    threads = Threads(4)
    first = await threads.run(threading.current_thread)
    assert await threads.run(threading.current_thread) is first
    threads.close()
    first.join(1)
    assert not first.is_alive()


async def test_a_call_that_is_given_up_before_its_thread_began_never_begins() -> None:
    threads, ran = Threads(1), list[int]()
    await threads.run(lambda: None)
    thread = threads._idle[0]
    thread.jobs, jobs = SimpleQueue(), thread.jobs
    request = asyncio.create_task(threads.run(lambda: ran.append(1)))
    await asyncio.sleep(0)
    request.cancel()
    await asyncio.wait([request])
    job = thread.jobs.get_nowait()
    assert job is not None
    job()
    assert not ran
    jobs.put(None)


async def test_when_too_many_calls_hang_new_ones_fail_at_once() -> None:
    threads, released = Threads(2), threading.Event()
    hanging = [asyncio.create_task(threads.run(released.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    for task in hanging:
        task.cancel()
    with pytest.raises(TooManyHangingCalls, match="2 calls of tools hang"):
        await threads.run(time.time)
    released.set()
    for _ in range(1000):
        await asyncio.sleep(0.001)
        if len(threads._idle) == 2:
            break
    assert await threads.run(lambda: "again") == "again"
    threads.close()


def test_a_hung_thread_does_not_keep_the_program_from_ending() -> None:
    program = (
        "import asyncio, time\n"
        "from scrubjay.agent.threads import Threads\n"
        "async def main():\n"
        "    try:\n"
        "        async with asyncio.timeout(0.05):\n"
        "            await Threads(1).run(lambda: time.sleep(60))\n"
        "    except TimeoutError:\n"
        "        print('given up')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "given up\n", "")


async def test_a_result_that_would_fill_the_memory_is_a_failure() -> None:
    def flood() -> list[str]:
        return ["x" * 1_000_000] * 11

    with pytest.raises(CallFailed, match="returned more than 10,000,000 characters"):
        await call(make_tool(flood))


async def test_what_a_tool_says_is_cut() -> None:
    def refuse() -> None:
        raise ToolFailed("no " * 1_000_000)

    with pytest.raises(CallFailed) as caught:
        await call(make_tool(refuse))
    assert len(str(caught.value)) == 4_000
