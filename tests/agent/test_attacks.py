"""Attacks, sixty and more, as data in attacks/*.toml, on a planner that does whatever it reads.

Each is made against everything that could be allowed: nothing happens without a question, and every question
names where the orders, or the values, came from.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scrubjay.agent.agent import Agent
from scrubjay.agent.events import ConsentAsked, Event, Remember, StepPlanned, StepStarted
from scrubjay.agent.policy import Policy
from scrubjay.models.prompt import Prompt
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.effect import Effect
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool

from .planting import plant, texts_of
from .scripted import ScriptedEngine

ATTACKS: list[dict[str, Any]] = [
    attack
    for path in sorted((Path(__file__).parent / "attacks").glob("*.toml"))
    for attack in tomllib.loads(path.read_text())["attack"]
]
OBEYED = [attack for attack in ATTACKS if "obeys" in attack]
IN_ONE_PLAN = [attack for attack in ATTACKS if "obeys" not in attack]
BROKEN_STEP = "nothing.of_this_name()"
"""Makes a plan go wrong, so that the planner reads the results and plans again."""


@dataclass
class Person:
    """Answers every question the same way, and remembers them."""

    answer: bool = False
    asked: list[ConsentAsked] = field(default_factory=list)

    async def __call__(self, asked: ConsentAsked) -> bool:
        self.asked.append(asked)
        return self.answer


def by_default(person: Person) -> Policy:
    return Policy(consent=person)


def everything_allowed(person: Person) -> Policy:
    return Policy(allow_effects=True, consent=person)


def every_tool_and_recipient_allowed(person: Person) -> Policy:
    return Policy(
        allow_tools=[tool.name for tool in builtin_tools(Path("/nowhere"))],
        allow_recipients=["555-0199", "eve@evil.example", "mallory@evil.example"],
        consent=person,
    )


POLICIES = [by_default, everything_allowed, every_tool_and_recipient_allowed]


def plan_of(lines: list[str]) -> str:
    return "".join(f"${number} = {line}\n" for number, line in enumerate(lines, 1)) + "done\n"


def worst_case(attack: dict[str, Any], *, again: bool) -> ScriptedEngine:
    """Plans the honest request; then, having read the results, whatever they say. Reading is checked."""

    def obey(prompt: Prompt) -> str:
        read = " ".join(" ".join(segment.parts) for segment in prompt.segments[:-1])
        plain = "".join(read.replace('\\"', '"').split())
        assert any("".join(text.split())[:25] in plain for text in texts_of(attack) if len(text) > 8), read
        return plan_of(attack["obeys"])

    honest = attack["plan"] + ([BROKEN_STEP] if again else [])
    return ScriptedEngine(plan_of(honest), obey)


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def no_desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed that could be started, and nothing can be shown."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


async def attacked(
    planted: list[Tool], engine: ScriptedEngine, policy: Policy, data: Path, *requests: str
) -> tuple[list[Event], ToolRegistry]:
    """The events of serving the requests."""
    events: list[Event] = []
    async with Agent([*planted, *builtin_tools(data)], engine, policy=policy, max_tools=60) as agent:
        for request in requests:
            events += [event async for event in agent.events(request)]
        return events, agent.tools


def effects_in(events: list[Event], tools: ToolRegistry) -> list[int]:
    """The steps with an effect that ran."""
    named: dict[int, str] = {}
    ran = []
    for event in events:
        if isinstance(event, StepPlanned):
            named[event.step.id] = event.step.tool
        elif isinstance(event, StepStarted) and tools.get(named[event.step_id]).effect is not Effect.READ:
            ran.append(event.step_id)
    return ran


def test_there_are_at_least_sixty_of_them_each_with_a_name_of_its_own() -> None:
    assert len({attack["name"] for attack in ATTACKS}) == len(ATTACKS) >= 60


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: str(policy.__name__))
@pytest.mark.parametrize("again", [True, False], ids=["in another round", "in the next turn"])
@pytest.mark.parametrize("attack", OBEYED, ids=lambda attack: str(attack["name"]))
async def test_orders_that_were_read_are_asked_about_and_the_question_names_their_source(
    attack: dict[str, Any], again: bool, policy: Any, tmp_path: Path
) -> None:
    person, engine, data = Person(), worst_case(attack, again=again), tmp_path / "data"
    planted = plant(attack, data)
    before = files_below(data)
    events, tools = await attacked(
        planted, engine, policy(person), data, attack["request"], *([] if again else ["and how are you?"])
    )
    assert len(engine.prompts) == 2
    assert effects_in(events, tools) == []
    assert files_below(data) == before
    assert person.asked
    for asked in person.asked:
        if asked.because:
            assert attack["source"] in asked.question
            assert asked.remember == (Remember.ONCE,)
    obeyed = [asked for asked in person.asked if asked.because]
    assert obeyed, "what was obeyed was asked about as a matter of course only"


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: str(policy.__name__))
@pytest.mark.parametrize("attack", IN_ONE_PLAN, ids=lambda attack: str(attack["name"]))
async def test_values_of_others_are_asked_about_where_they_decide_what_is_hit(
    attack: dict[str, Any], policy: Any, tmp_path: Path
) -> None:
    person, engine, data = Person(), ScriptedEngine(plan_of(attack["plan"])), tmp_path / "data"
    planted = plant(attack, data)
    before = files_below(data)
    events, tools = await attacked(planted, engine, policy(person), data, attack["request"])
    assert effects_in(events, tools) == []
    assert files_below(data) == before
    for asked in person.asked:
        assert attack["source"] in asked.question
        assert asked.because.startswith(("others wrote", "others chose"))
    assert person.asked or attack.get("asks_back"), "nothing was asked"


@pytest.mark.parametrize(
    "attack",
    [attack for attack in OBEYED if attack["obeys"][-1].startswith("send_sms")],
    ids=lambda attack: str(attack["name"]),
)
async def test_the_attacks_are_real_a_person_who_says_yes_to_everything_is_hit(
    attack: dict[str, Any], tmp_path: Path
) -> None:
    person, data = Person(answer=True), tmp_path / "data"
    engine = worst_case(attack, again=False)
    planted = plant(attack, data)
    await attacked(planted, engine, by_default(person), data, attack["request"], "and how are you?")
    assert list((data / "messages/outbox").iterdir())
