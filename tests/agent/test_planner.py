import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from scrubjay.agent.agent import Agent
from scrubjay.agent.events import Event, PlanReady, PlanText, StepPlanned, StepStarted
from scrubjay.agent.plan import Plan, print_plan
from scrubjay.agent.planner import MAX_TURNS, PastTurn, Planner, PlanTooLong, current_facts
from scrubjay.agent.policy import Policy
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.constrained import Constraint
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.errors import RequestTooLongError
from scrubjay.models.outbox import Chunk
from scrubjay.models.prompt import Prompt, SegmentKind
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.effect import Effect
from scrubjay.tools.tool import Tool

from ..tiny_model import make_tiny_planner
from .running import make_tool
from .scripted import FOREIGN, OURS, ScriptedEngine

TOOLS = [
    Tool.from_schema(
        {
            "name": name,
            "description": f"Do {name}.",
            "parameters": {
                "type": "object",
                "properties": {"text": {"type": "string", "description": "What"}},
                "required": ["text"],
            },
        }
    )
    for name in ("note", "mail")
]


def turn(number: int, result: str = "ok") -> PastTurn:
    return PastTurn(f"request {number}", '$1 = note(text="a")\ndone\n', [result], {1: result})


async def test_the_prompt_has_what_changes_least_first_and_the_request_last() -> None:
    engine = ScriptedEngine("none\n")
    await Planner(engine).write("hello", TOOLS, [turn(1), turn(2)], "Monday")
    segments = engine.prompts[0].segments
    assert [segment.kind for segment in segments] == [
        SegmentKind.SYSTEM,
        SegmentKind.TOOL,
        SegmentKind.TOOL,
        SegmentKind.TURN,
        SegmentKind.TURN,
        SegmentKind.REQUEST,
    ]
    assert segments[1].parts == ("note(text: str) Do note. | text: What",)
    assert segments[3].parts == ("request 1", '$1 = note(text="a")\ndone\n', "$1: ok")
    assert segments[-1].parts == ("hello",)


async def test_only_models_that_declare_it_see_facts() -> None:
    for metadata in (OURS, FOREIGN):
        engine = ScriptedEngine("none\n", metadata=metadata)
        await Planner(engine).write("hello", TOOLS, facts="Monday")
        assert not engine.prompts[0].of_kind(SegmentKind.FACTS)
    engine = ScriptedEngine("none\n", metadata={**OURS, "scrubjay.facts": True})
    await Planner(engine).write("hello", TOOLS, facts=current_facts())
    assert engine.prompts[0].of_kind(SegmentKind.FACTS)[0].parts[0]


async def test_only_the_latest_turns_are_shown() -> None:
    engine = ScriptedEngine("none\n")
    await Planner(engine).write("hello", TOOLS, [turn(n) for n in range(10)])
    shown = [segment.parts[0] for segment in engine.prompts[0].of_kind(SegmentKind.TURN)]
    assert shown == [f"request {n}" for n in range(10 - MAX_TURNS, 10)]


class SmallEngine(ScriptedEngine):
    """Has room for so many turns, and no room at all for the request "long"."""

    def __init__(self, turns: int) -> None:
        super().__init__("none\n")
        self.turns = turns

    async def generate(
        self, prompt: Prompt, *, constraint: Constraint | None = None, max_tokens: int = 512
    ) -> AsyncGenerator[Chunk, None]:
        too_long = len(prompt.of_kind(SegmentKind.TURN)) > self.turns
        if too_long or prompt.segments[-1].parts == ("long",):
            raise RequestTooLongError("it takes more than fits; shorten it")
        async with aclosing(super().generate(prompt, constraint=constraint, max_tokens=max_tokens)) as chunks:
            async for chunk in chunks:
                yield chunk


async def test_the_oldest_turns_make_room_for_the_request() -> None:
    engine = SmallEngine(turns=1)
    written = await Planner(engine).write("hello", TOOLS, [turn(1), turn(2), turn(3)])
    assert written.plan == Plan()
    assert [segment.parts[0] for segment in engine.prompts[0].of_kind(SegmentKind.TURN)] == ["request 3"]


async def test_a_request_that_is_too_long_by_itself_is_a_clear_error() -> None:
    with pytest.raises(RequestTooLongError, match="shorten it"):
        await Planner(SmallEngine(turns=1)).write("long", TOOLS, [turn(1)])


async def test_a_plan_without_an_end_is_a_clear_error() -> None:
    endless = ScriptedEngine('$1 = note(text="' + "bla " * 100)
    with pytest.raises(PlanTooLong, match="no end after 50 tokens"):
        await Planner(endless, max_tokens=50).write("hello", TOOLS)


async def test_values_may_be_copied_from_the_request_and_from_earlier_turns_only() -> None:
    engine = ScriptedEngine("none\n")
    await Planner(engine).write("text the bird", TOOLS, [turn(1, result="seven swans")])
    constraint = engine.constraints[0]
    assert constraint is not None
    grammar = constraint.next_grammar("")
    assert grammar is not None
    assert all(word in grammar for word in ("bird", "swans", "request"))
    assert r"\$0\.1" in grammar


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    make_tiny_planner(path)
    return path


async def test_a_real_model_of_noise_still_writes_plans_that_run(tiny: Path) -> None:
    async def note(text: str) -> str:
        return f"noted {text}"

    tool = make_tool(note, "text", effect=Effect.READ)
    async with await LlamaEngine.load(tiny) as engine, Agent([tool], engine) as agent:
        events: list[Event] = [event async for event in agent.events("note that the bird sings")]
    text = "".join(event.text for event in events if isinstance(event, PlanText))
    ready = next(event for event in events if isinstance(event, PlanReady))
    assert print_plan(ready.plan) == text
    planned = [event.step for event in events if isinstance(event, StepPlanned)]
    assert tuple(planned) == ready.plan.steps


async def test_on_the_bundled_planner_the_first_step_starts_before_the_last_token_is_decoded(
    tmp_path: Path,
) -> None:
    async with Agent(builtin_tools(tmp_path), policy=Policy(allow_effects=True)) as agent:
        events = [event async for event in agent.events("text Sid and Lutfi that I'm running late")]
    kinds = [type(event) for event in events]
    assert kinds.count(StepPlanned) > 1
    assert kinds.index(StepStarted) < kinds.index(PlanReady)


async def test_many_requests_on_one_real_engine_get_the_plans_they_get_alone(tmp_path: Path) -> None:
    tools = builtin_tools(tmp_path)
    requests = [
        "what time is it",
        "text Sid that I'm late",
        "note that the bird sings",
        "remind me to call Ada",
    ]
    async with await LlamaEngine.load(bundled_planner()) as engine:
        planner = Planner(engine)
        together = await asyncio.gather(*(planner.write(request, tools) for request in requests))
        alone = [await planner.write(request, tools) for request in requests]
    assert [written.plan for written in together] == [written.plan for written in alone]


async def test_a_request_of_a_hundred_thousand_characters_is_refused_clearly(tiny: Path) -> None:
    settings = EngineSettings(context_tokens=2048)
    async with await LlamaEngine.load(tiny, settings) as engine, Agent(TOOLS, engine) as agent:
        with pytest.raises(RequestTooLongError, match="shorten it"):
            await agent.run("word " * 20_000)


async def test_cancelling_a_request_on_a_real_engine_leaves_it_ready_for_the_next(tiny: Path) -> None:
    async with (
        await LlamaEngine.load(tiny) as engine,
        Agent(TOOLS, engine, policy=Policy(allow_effects=True)) as agent,
    ):
        for seconds in (0.0, 0.001, 0.01):
            with suppress(TimeoutError):  # on a fast machine the last one may be done by then
                async with asyncio.timeout(seconds):
                    await agent.run("note that the bird sings")
        assert (await agent.run("note that the bird sings")).steps is not None
        assert asyncio.all_tasks() == {asyncio.current_task()}
