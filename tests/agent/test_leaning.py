"""A small planner leans on what retrieval knows of tools that it was not trained on, and on nothing else."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Mapping, Sequence

from scrubjay.agent.grammar import PlanGrammar
from scrubjay.agent.leaning import Leaning
from scrubjay.agent.planner import PastTurn, Planner
from scrubjay.models.constrained import Constraint
from scrubjay.models.dialects import tool_fingerprint
from scrubjay.models.outbox import Chunk
from scrubjay.models.prompt import Prompt
from scrubjay.tools.tool import Tool

ROW, SAIL, SWIM = (Tool(name, f"To {name} over.", {"type": "object"}) for name in ("row", "sail", "swim"))


class Judge:
    """Knows how likely each tool is needed."""

    def __init__(self) -> None:
        self.asked = 0

    def log_odds(self, request: str, tools: Sequence[Tool]) -> list[float]:
        self.asked += 1
        return [{"row": 2.0, "sail": -1.0, "swim": -3.0}[tool.name] for tool in tools]


class Engine:
    """Writes `none`; keeps what it was told to lean on."""

    def __init__(self, *trained: Tool, ours: bool = True) -> None:
        known = " ".join(tool_fingerprint(tool.schema()) for tool in trained)
        self.metadata: Mapping[str, str] = {"scrubjay.dialect": "scrubjay-1"} if ours else {}
        self.metadata = {**self.metadata, "scrubjay.tools": known}
        self.beginnings: Mapping[str, float] = {}

    async def generate(
        self, prompt: Prompt, *, constraint: Constraint | None = None, max_tokens: int = 512
    ) -> AsyncGenerator[Chunk, None]:
        assert isinstance(constraint, PlanGrammar)
        self.beginnings = constraint.next_beginnings("")
        yield Chunk("none\n", tokens=1, forced=0, logprob=0.0)


async def test_tools_never_seen_are_weighed_against_each_other_and_against_none() -> None:
    engine = Engine()
    await Planner(engine, relevance=Judge()).write("cross the lake", [ROW, SAIL])
    assert engine.beginnings["$1 = row("] > engine.beginnings["none\n"] == 0.0
    assert engine.beginnings["$1 = row("] > engine.beginnings["$1 = sail("]


async def test_among_tools_that_it_was_trained_on_the_planner_alone_chooses() -> None:
    engine, judge = Engine(ROW, SAIL), Judge()
    await Planner(engine, relevance=judge).write("cross the lake", [ROW, SAIL])
    assert engine.beginnings["$1 = row("] == engine.beginnings["$1 = sail("]
    engine = Engine(ROW, SAIL)
    await Planner(engine, relevance=judge).write("cross the lake", [ROW, SAIL, SWIM])
    assert engine.beginnings["$1 = row("] == engine.beginnings["$1 = sail("] > engine.beginnings["$1 = swim("]


async def test_follow_ups_and_models_of_others_lean_on_nothing() -> None:
    judge = Judge()
    turn = PastTurn("row over", "$1 = row()\ndone\n", ["rowed"], {1: "rowed"})
    await Planner(Engine(), relevance=judge).write("and back", [ROW, SAIL], [turn])
    await Planner(Engine(ours=False), relevance=judge).write("cross the lake", [ROW, SAIL])
    assert not judge.asked


def test_when_no_tool_that_it_was_trained_on_is_likely_that_speaks_for_none() -> None:
    sure, doubtful, unlikely = (
        Leaning({"row": odds, "sail": -9.0}, frozenset(("row", "sail"))) for odds in (5.0, 1.0, -4.0)
    )
    assert set(sure.weights(()).values()) == {0.0}
    assert 0.0 > doubtful.weights(())["row"] == doubtful.weights(())["sail"] > unlikely.weights(())["row"]
    assert not unlikely.weights(("row",))


def test_nothing_is_so_certain_that_the_planner_has_no_say() -> None:
    for known in (frozenset[str](), frozenset(("row", "sail"))):
        for odds in ({"row": math.inf, "sail": -math.inf}, dict.fromkeys(("row", "sail"), -math.inf)):
            weights = [Leaning(odds, known).weights(called) for called in ((), ("row",))]
            assert all(abs(weight) < 100 for part in weights for weight in part.values())


def test_a_likely_tool_that_no_step_has_called_speaks_for_going_on_and_an_unlikely_one_for_the_end() -> None:
    leaning = Leaning({"row": 3.0, "sail": 2.0, "swim": -4.0})
    assert leaning.weights(["row"])["sail"] > 0.0 > leaning.weights(["row"])["row"]
    assert all(weight < 0.0 for weight in leaning.weights(["row", "sail"]).values())


def test_a_lone_tool_that_was_called_may_be_called_again() -> None:
    assert math.isfinite(Leaning({"row": 3.0}).weights(["row"])["row"])


def test_a_tool_is_the_less_likely_the_more_often_it_was_called() -> None:
    weights = [Leaning({"row": 3.0}).weights(["row"] * times)["row"] for times in range(1, 5)]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == 4
