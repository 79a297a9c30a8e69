"""What holds for every plan: random graphs of steps that share states, fail, get cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.agent.events import StepFailed, StepFinished, StepSkipped, StepStarted
from scrubjay.agent.outcome import StepStatus
from scrubjay.agent.plan import Json, Reference, Step
from scrubjay.tools.effect import Effect
from scrubjay.tools.tool import Tool

from .running import Run, make_tool

STATES = (None, "notes", "mail")


@dataclass(frozen=True)
class Shape:
    """One step of a random plan: what it needs, which tool it calls and what that does."""

    needs: tuple[int, ...]
    state: str | None
    reads: bool
    blocking: bool
    fails: bool
    ticks: int
    pause: bool

    @property
    def tool(self) -> str:
        return f"{'b' if self.blocking else 'a'}_{self.state}_{self.reads}"


@st.composite
def shapes(draw: st.DrawFn) -> list[Shape]:
    plan = []
    for earlier in range(draw(st.integers(1, 12))):
        needs = draw(st.lists(st.integers(1, earlier), max_size=3)) if earlier else []
        plan.append(
            Shape(
                needs=tuple(needs),
                state=draw(st.sampled_from(STATES)),
                reads=draw(st.booleans()),
                blocking=draw(st.integers(0, 4)) == 0,
                fails=draw(st.integers(0, 4)) == 0,
                ticks=draw(st.integers(0, 5)),
                pause=draw(st.booleans()),
            )
        )
    return plan


class World:
    """The tools of a random plan; keeps a log of (what, step) as the tools themselves see it."""

    def __init__(self, plan: list[Shape]) -> None:
        self.plan = plan
        self.log: list[tuple[str, int]] = []

    async def run_async(self, step: int, needs: Json) -> int:
        self.log.append(("start", step))
        try:
            for _ in range(self.plan[step - 1].ticks):
                await asyncio.sleep(0)
            return self.end(step)
        except asyncio.CancelledError:
            self.log.append(("cancel", step))
            raise

    def run_blocking(self, step: int, needs: Json) -> int:
        self.log.append(("start", step))
        return self.end(step)

    def end(self, step: int) -> int:
        self.log.append(("end", step))
        if self.plan[step - 1].fails:
            raise RuntimeError("as planned")
        return step

    def tools(self) -> list[Tool]:
        tools = []
        for name, shape in {shape.tool: shape for shape in self.plan}.items():

            async def run_async(step: int, needs: Json) -> int:
                return await self.run_async(step, needs)

            def run_blocking(step: int, needs: Json) -> int:
                return self.run_blocking(step, needs)

            function = run_blocking if shape.blocking else run_async
            function.__name__ = name
            effect = Effect.READ if shape.reads else Effect.WRITE
            tools.append(make_tool(function, "step", "needs", effect=effect, state=shape.state))
        return tools

    async def steps(self) -> AsyncIterator[Step]:
        """The plan as a model would write it: some lines at once, some after a pause."""
        for number, shape in enumerate(self.plan, 1):
            if shape.pause:
                await asyncio.sleep(0)
            yield Step(
                number, shape.tool, {"step": number, "needs": [Reference(need) for need in shape.needs]}
            )

    def times(self, what: str) -> dict[int, int]:
        return {step: place for place, (kind, step) in enumerate(self.log) if kind == what}


def succeeds(plan: list[Shape], step: int) -> bool:
    shape = plan[step - 1]
    return not shape.fails and runs(plan, step)


def runs(plan: list[Shape], step: int) -> bool:
    return all(succeeds(plan, need) for need in plan[step - 1].needs)


@given(shapes())
def test_every_step_runs_once_after_what_it_needs_and_in_its_states_order(plan: list[Shape]) -> None:
    world = World(plan)
    run = Run(world.tools())
    outcomes = asyncio.run(run.stream(world.steps()))
    started, ended = world.times("start"), world.times("end")

    expected = [
        StepStatus.DONE
        if succeeds(plan, step)
        else StepStatus.FAILED
        if runs(plan, step)
        else StepStatus.SKIPPED
        for step in range(1, len(plan) + 1)
    ]
    assert [outcome.status for outcome in outcomes] == expected
    starts = [step for kind, step in world.log if kind == "start"]
    assert sorted(starts) == [step for step in range(1, len(plan) + 1) if runs(plan, step)]
    for step in starts:
        assert all(ended[need] < started[step] for need in plan[step - 1].needs)
    for early in starts:
        for late in starts:
            if early < late and must_keep_order(plan[early - 1], plan[late - 1]):
                assert ended[early] < started[late]


def must_keep_order(early: Shape, late: Shape) -> bool:
    return early.state is not None and early.state == late.state and not (early.reads and late.reads)


@given(shapes())
def test_events_tell_of_each_step_one_start_at_most_and_one_end(plan: list[Shape]) -> None:
    world = World(plan)
    run = Run(world.tools())
    outcomes = asyncio.run(run.stream(world.steps()))
    starts = [event.step_id for event in run.of(StepStarted)]
    ends = [
        event.step_id for event in run.events if isinstance(event, StepFinished | StepFailed | StepSkipped)
    ]
    assert sorted(starts) == sorted(step for kind, step in world.log if kind == "start")
    assert sorted(ends) == [outcome.step.id for outcome in outcomes]
    for event in run.of(StepStarted):
        assert outcomes[event.step_id - 1].started_ms == event.at_ms <= outcomes[event.step_id - 1].ended_ms


@given(shapes(), st.integers(0, 30))
@settings(max_examples=50)
def test_cancelling_at_any_moment_leaves_no_task_and_starts_nothing_more(
    plan: list[Shape], ticks: int
) -> None:
    world = World(plan)
    blocking = {number for number, shape in enumerate(plan, 1) if shape.blocking}

    async def cut_off() -> None:
        request = asyncio.create_task(Run(world.tools()).stream(world.steps()))
        for _ in range(ticks):
            await asyncio.sleep(0)
        request.cancel()
        await asyncio.wait([request])
        assert asyncio.all_tasks() == {asyncio.current_task()}
        known = set(world.times("start"))
        await asyncio.sleep(0.001)
        assert set(world.times("start")) - blocking == known - blocking

    asyncio.run(cut_off())
    started, ended, cancelled = world.times("start"), world.times("end"), world.times("cancel")
    assert set(started) - blocking == set(ended).union(cancelled) - blocking
