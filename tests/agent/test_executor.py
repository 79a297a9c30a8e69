import asyncio
import gc
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import BaseModel

from scrubjay.agent.events import ConsentAsked, StepFailed, StepFinished, StepSkipped, StepStarted
from scrubjay.agent.outcome import Failure, Outcome, StepStatus
from scrubjay.agent.plan import Json, Reference, Step
from scrubjay.agent.policy import Policy
from scrubjay.tools.effect import Effect
from scrubjay.tools.errors import ToolFailed, ToolQuestion

from .running import Run, make_tool


async def echo(value: Json = None) -> Json:
    return value


async def nap(seconds: float, after: Json = None) -> float:
    await asyncio.sleep(seconds)
    return seconds


def blocking_nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def broken(value: Json = None) -> Json:
    raise RuntimeError("no connection")


def refusing() -> Json:
    raise ToolFailed("Nobody is called Zed in your contacts.")


def asking() -> Json:
    raise ToolQuestion("Which Sid: Sid Jha or Sid Rao?", ["Sid Jha", "Sid Rao"])


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.status.value for outcome in outcomes]


async def test_results_flow_along_references() -> None:
    run = Run([make_tool(echo, "value")])
    outcomes = await run(
        '$1 = echo(value={"email": "a@b.c", "tags": ["x", "y"]})\n'
        '$2 = echo(value=["to {$1.email}", $1.tags[1]])\n'
    )
    assert outcomes[1].result == ["to a@b.c", "y"]
    assert outcomes[1].args == {"value": ["to a@b.c", "y"]}
    assert [event.args for event in run.of(StepStarted)][1] == {"value": ["to a@b.c", "y"]}


async def test_steps_that_do_not_refer_to_each_other_overlap() -> None:
    run = Run([make_tool(nap, "seconds", "after"), make_tool(blocking_nap, "seconds")])
    await run("$1 = nap(seconds=0.1)\n$2 = blocking_nap(seconds=0.1)\n$3 = blocking_nap(seconds=0.1)")
    started, finished = run.of(StepStarted), run.of(StepFinished)
    assert max(event.at_ms for event in started) < min(event.at_ms for event in finished)


async def test_a_step_runs_while_the_plan_is_still_being_written() -> None:
    run = Run([make_tool(echo, "value")])
    ended_first = asyncio.Event()
    run.on_event = lambda event: ended_first.set() if isinstance(event, StepFinished) else None

    async def writing() -> AsyncIterator[Step]:
        yield Step(1, "echo", {"value": 1})
        await asyncio.wait_for(ended_first.wait(), 5)
        yield Step(2, "echo", {"value": Reference(1)})

    outcomes = await run.stream(writing())
    assert statuses(outcomes) == ["done", "done"]


async def test_a_failed_step_fails_only_what_refers_to_it() -> None:
    run = Run([make_tool(echo, "value"), make_tool(broken, "value")])
    outcomes = await run(
        "$1 = broken()\n$2 = echo(value=$1)\n$3 = echo(value=3)\n"
        "$4 = echo(value=[$2, $3])\n$5 = echo(value=$3)"
    )
    assert statuses(outcomes) == ["failed", "skipped", "done", "skipped", "done"]
    assert outcomes[0].problem == "broken broke: RuntimeError: no connection"
    assert [event.because for event in run.of(StepSkipped)] == [
        "it needs the result of step 1, which failed",
        "it needs the result of step 2, which was skipped",
    ]


async def test_a_tool_that_refuses_or_asks_back_is_quoted_as_it_is() -> None:
    outcomes = await Run([make_tool(refusing), make_tool(asking)])("$1 = refusing()\n$2 = asking()")
    assert [outcome.problem for outcome in outcomes] == [
        "Nobody is called Zed in your contacts.",
        "Which Sid: Sid Jha or Sid Rao?",
    ]
    assert [outcome.failure for outcome in outcomes] == [Failure.REFUSED, Failure.QUESTION]


async def test_a_missing_field_names_what_there_was() -> None:
    outcomes = await Run([make_tool(echo, "value")])(
        '$1 = echo(value={"email": "a@b.c"})\n$2 = echo(value=$1.mail)'
    )
    assert outcomes[1].failure is Failure.PLAN
    assert outcomes[1].problem == "there is no $1.mail: no field 'mail' in a result with the fields 'email'"


async def test_unknown_tools_arguments_and_steps_fail_that_step_only() -> None:
    run = Run([make_tool(echo, "value")])
    outcomes = await run.steps(
        [
            Step(1, "ehco", {}),
            Step(2, "echo", {"valeu": 1}),
            Step(3, "echo", {"value": Reference(9)}),
            Step(4, "echo", {"value": Reference(2, previous_turn=True)}),
            Step(5, "echo", {"value": 5}),
        ]
    )
    assert statuses(outcomes) == ["failed"] * 4 + ["done"]
    assert [event.error for event in run.of(StepFailed)] == [
        "no tool is called 'ehco'; did you mean echo?",
        "echo: valeu is not known; did you mean value?",
        "there is no step 9 before this one",
        "step 2 of the turn before has no result",
    ]


async def test_results_of_the_turn_before_can_be_referred_to() -> None:
    run = Run([make_tool(echo, "value")], previous={1: {"email": "a@b.c"}})
    outcomes = await run("$1 = echo(value=$0.1.email)")
    assert outcomes[0].result == "a@b.c"


@dataclass
class Spot:
    name: str
    at: tuple[float, float]


class Trip(BaseModel):
    spots: list[Spot]


async def test_dataclass_and_pydantic_results_become_json_values() -> None:
    def trip() -> Trip:
        return Trip(spots=[Spot("home", (1.5, 2.0))])

    outcomes = await Run([make_tool(trip), make_tool(echo, "value")])(
        "$1 = trip()\n$2 = echo(value=$1.spots[0].at[1])"
    )
    assert outcomes[0].result == {"spots": [{"name": "home", "at": [1.5, 2.0]}]}
    assert outcomes[1].result == 2.0


async def test_a_result_of_the_wrong_type_fails_its_step() -> None:
    def count() -> object:
        return "many"

    def handle() -> object:
        return object()

    run = Run([make_tool(count, returns={"type": "integer"}), make_tool(handle)])
    outcomes = await run("$1 = count()\n$2 = handle()")
    assert "count returned something else than it declares" in outcomes[0].problem
    assert "which is not JSON" in outcomes[1].problem


async def test_megabytes_are_whole_for_references_and_cut_in_events() -> None:
    def big() -> str:
        return "x" * 5_000_000

    def length(text: str) -> int:
        return len(text)

    run = Run([make_tool(big), make_tool(length, "text")])
    outcomes = await run("$1 = big()\n$2 = length(text=$1)")
    assert outcomes[1].result == 5_000_000
    assert outcomes[0].result == "x" * 5_000_000
    assert all(len(str(event)) < 3_000 for event in run.events)
    assert "(cut: 5,000,000 characters in all)" in str(run.of(StepFinished)[0].result)


async def test_a_hung_blocking_tool_is_given_up_and_holds_nothing_up() -> None:
    def hang() -> None:
        time.sleep(3)

    began = time.perf_counter()
    outcomes = await Run([make_tool(hang, timeout_s=0.05), make_tool(echo, "value")])(
        "$1 = hang()\n$2 = echo(value=1)\n$3 = echo(value=$1)"
    )
    assert time.perf_counter() - began < 1
    assert statuses(outcomes) == ["failed", "done", "skipped"]
    assert outcomes[0].problem == "hang took longer than 0.05 s and was given up"


async def test_steps_on_one_state_keep_their_written_order() -> None:
    notes: list[str] = []

    async def write(text: str) -> None:
        await asyncio.sleep(0.01)
        notes.append(text)

    async def read() -> list[str]:
        return list(notes)

    tools = [
        make_tool(write, "text", effect=Effect.WRITE, state="notes"),
        make_tool(read, effect=Effect.READ, state="notes"),
    ]
    outcomes = await Run(tools)('$1 = read()\n$2 = write(text="a")\n$3 = write(text="b")\n$4 = read()')
    assert [outcome.result for outcome in outcomes] == [[], None, None, ["a", "b"]]


async def test_reads_of_one_state_between_writes_overlap() -> None:
    run = Run([make_tool(nap, "seconds", "after", state="notes")])
    await run("$1 = nap(seconds=0.1)\n$2 = nap(seconds=0.1)\n$3 = nap(seconds=0.1)")
    started, finished = run.of(StepStarted), run.of(StepFinished)
    assert max(event.at_ms for event in started) < min(event.at_ms for event in finished)


async def test_a_failed_write_does_not_keep_later_steps_on_its_state_from_running() -> None:
    tools = [
        make_tool(broken, "value", effect=Effect.WRITE, state="notes"),
        make_tool(echo, "value", state="notes"),
    ]
    assert statuses(await Run(tools)("$1 = broken()\n$2 = echo(value=1)")) == ["failed", "done"]


async def test_writers_of_one_state_never_overlap_even_in_different_requests() -> None:
    running = 0

    async def write() -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0.005)
        running -= 1

    tool = make_tool(write, effect=Effect.WRITE, state="notes")
    runs = [Run([tool]) for _ in range(5)]
    for run in runs:
        run.executor._calls = runs[0].calls
    results = await asyncio.gather(*(run("$1 = write()\n$2 = write()") for run in runs))
    assert all(statuses(outcomes) == ["done", "done"] for outcomes in results)


async def test_cancelling_stops_what_runs_and_leaves_no_task() -> None:
    cleaned: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            cleaned.append("slow")

    def hang() -> None:
        time.sleep(2)

    run = Run([make_tool(slow), make_tool(hang), make_tool(echo, "value")])
    task = asyncio.create_task(run("$1 = slow()\n$2 = hang()\n$3 = echo(value=$1)"))
    await asyncio.sleep(0.05)
    began = time.perf_counter()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.perf_counter() - began < 1
    assert cleaned == ["slow"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_error_in_the_stream_of_steps_cancels_what_runs_and_comes_out_as_it_is() -> None:
    cleaned: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append("slow")

    async def writing() -> AsyncIterator[Step]:
        yield Step(1, "slow")
        await asyncio.sleep(0.01)
        raise ConnectionError("the engine stopped")

    with pytest.raises(ConnectionError, match="the engine stopped"):
        await Run([make_tool(slow)]).stream(writing())
    assert cleaned == ["slow"]


async def test_tools_that_cancel_or_exit_fail_like_any_other() -> None:
    async def cancels() -> None:
        raise asyncio.CancelledError

    async def exits() -> None:
        raise SystemExit(3)

    def exits_in_thread() -> None:
        raise SystemExit(3)

    def stops() -> None:
        raise StopIteration

    tools = [make_tool(function) for function in (cancels, exits, exits_in_thread, stops)]
    outcomes = await Run(tools)("$1 = cancels()\n$2 = exits()\n$3 = exits_in_thread()\n$4 = stops()")
    assert statuses(outcomes) == ["failed"] * 4


async def test_context_variables_reach_blocking_tools() -> None:
    from contextvars import ContextVar

    who = ContextVar("who", default="nobody")

    def ask() -> str:
        return who.get()

    who.set("Ada")
    assert (await Run([make_tool(ask)])("$1 = ask()"))[0].result == "Ada"


async def test_a_later_round_counts_on_and_repeats_no_effect() -> None:
    sent: list[str] = []

    def send(text: str) -> str:
        sent.append(text)
        if text == "lost":
            raise ConnectionError("cut off")
        return f"sent {text}"

    run = Run([make_tool(send, "text", effect=Effect.SEND), make_tool(echo, "value")])
    first = await run('$1 = send(text="hi")\n$2 = send(text="lost")\n$3 = echo(value=3)')
    assert statuses(first) == ["done", "failed", "done"]
    assert first[1].may_have_happened
    second = await run.steps(
        [
            Step(4, "send", {"text": "hi"}),
            Step(5, "send", {"text": "lost"}),
            Step(6, "echo", {"value": [Reference(4), Reference(3)]}),
        ]
    )
    assert statuses(second) == ["done before", "failed", "done"]
    assert second[1].problem == "it is not tried again, for it may have happened in step 2"
    assert second[2].result == ["sent hi", 3]
    assert sent == ["hi", "lost"]
    assert run.of(StepSkipped)[0].because == "step 1 did exactly this already"


async def test_the_same_effect_twice_in_one_plan_is_meant() -> None:
    sent: list[str] = []

    async def ping(text: str) -> None:
        sent.append(text)

    await Run([make_tool(ping, "text", effect=Effect.SEND)])('$1 = ping(text="hi")\n$2 = ping(text="hi")')
    assert sent == ["hi", "hi"]


class Journal:
    def __init__(self, full: bool = False) -> None:
        self.lines: list[tuple[str, int, str]] = []
        self.full = full

    async def begin(self, step_id: int, tool: str, args: object, effect: Effect) -> None:
        if self.full:
            raise OSError("no space left on device")
        self.lines.append(("begin", step_id, tool))

    async def finish(self, step_id: int, result: Json, problem: str) -> None:
        self.lines.append(("finish", step_id, problem))


async def test_effects_are_journaled_before_and_after_they_run() -> None:
    journal = Journal()

    def send() -> None:
        journal.lines.append(("run", 0, ""))

    run = Run([make_tool(send, effect=Effect.SEND), make_tool(echo, "value")], journal=journal)
    await run("$1 = send()\n$2 = echo(value=1)")
    assert journal.lines == [("begin", 1, "send"), ("run", 0, ""), ("finish", 1, "")]


async def test_what_cannot_be_journaled_is_not_run() -> None:
    sent: list[int] = []

    def send() -> None:
        sent.append(1)

    outcomes = await Run([make_tool(send, effect=Effect.SEND)], journal=Journal(full=True))("$1 = send()")
    assert not sent
    assert outcomes[0].failure is Failure.JOURNAL
    assert "no space left on device" in outcomes[0].problem


async def test_without_consent_a_step_is_skipped_and_so_is_what_needs_it() -> None:
    def send(text: str) -> str:
        return "sent"

    async def no(asked: ConsentAsked) -> bool:
        return False

    run = Run([make_tool(send, "text", effect=Effect.SEND), make_tool(echo, "value")], Policy(consent=no))
    outcomes = await run('$1 = echo(value="Ada")\n$2 = send(text="hi {$1}")\n$3 = echo(value=$2)')
    assert statuses(outcomes) == ["done", "denied", "skipped"]
    asked = run.of(ConsentAsked)[0]
    assert asked.args == {"text": "hi Ada"}
    assert asked.question == "Does something (text: hi Ada)?"
    assert outcomes[2].problem == "it needs the result of step 2, which was not allowed"


async def test_a_thousand_steps_in_a_chain_need_no_stack() -> None:
    run = Run([make_tool(broken, "value")])
    outcomes = await run.steps(
        Step(n, "broken", {"value": Reference(n - 1)} if n > 1 else {}) for n in range(1, 1001)
    )
    assert outcomes[0].status is StepStatus.FAILED
    assert {outcome.status for outcome in outcomes[1:]} == {StepStatus.SKIPPED}


async def test_nothing_is_left_waiting_when_a_request_is_over() -> None:
    for _ in range(3):
        await Run([make_tool(echo, "value")])("$1 = echo(value=1)\n$2 = echo(value=$1)")
    gc.collect()
    assert asyncio.all_tasks() == {asyncio.current_task()}
