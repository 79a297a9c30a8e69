"""What a model is shown of a conversation is what it was trained on, token for token."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="training needs the `train` extra")

from scrubjay.agent.agent import Agent
from scrubjay.agent.policy import Policy
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.layout import Layout
from scrubjay.models.library import load_model
from scrubjay.models.training.corpus import Corpus, Example, load_corpus, plan_text
from scrubjay.models.training.packing import Packer, Shape
from scrubjay.models.training.sampling import Request
from scrubjay.models.training.tokenizer import Encoder
from scrubjay.models.vocabulary import Vocabulary
from scrubjay.testing import ScriptedPlanner
from scrubjay.tools.errors import ToolQuestion
from scrubjay.tools.tool import Tool

TRAINING = Path(__file__).parents[2] / "models" / "training"
CORPUS = load_corpus(TRAINING / "corpus")


def last_turns(corpus: Corpus, every: int) -> Iterator[Example]:
    """The last turn of some dialogues, with the turns before it as history."""
    rng = random.Random(3)
    for dialogue in corpus.dialogues[::every]:
        yield corpus.expand_dialogue(dialogue, rng)[-1]


def tools_of(example: Example) -> list[Tool]:
    """The tools of a dialogue, which return what the corpus says that they returned, one after another."""
    coming = [result for turn in example.history for result in turn.results if result != "skipped"]

    def returning(**_: Any) -> Any:
        result = coming.pop(0) if coming else "done"
        if isinstance(result, str) and result.endswith("?"):
            raise ToolQuestion(result)
        return result

    plans = [*(turn.plan for turn in example.history), example.plan]
    names = {call.tool for plan in plans for call in plan}
    return [one_after_another(example.tools[name], returning) for name in sorted(names)]


def one_after_another(schema: dict[str, Any], function: Callable[..., Any]) -> Tool:
    name, description, parameters = schema["name"], schema["description"], schema["parameters"]
    return Tool(name, description, parameters, state="all", function=function)


@pytest.fixture(scope="module")
def layout() -> Layout:
    """How the bundled model's prompts become tokens."""
    model = load_model(bundled_planner())
    return Layout(model, Vocabulary(model))


@pytest.fixture(scope="module")
def packer() -> Packer:
    """How training's prompts do."""
    return Packer(Encoder.load(TRAINING / "start" / "tokenizer.json"), Shape())


@pytest.mark.parametrize("example", list(last_turns(CORPUS, every=16)), ids=lambda example: example.query)
async def test_a_conversation_that_was_served_is_laid_out_as_in_training(
    example: Example, layout: Layout, packer: Packer
) -> None:
    script = {turn.query: plan_text(turn.plan) for turn in example.history}
    script[example.query] = plan_text(example.plan)
    planner = ScriptedPlanner(script)
    async with Agent(tools_of(example), planner, policy=Policy(allow_effects=True)) as agent:
        for turn in example.history:
            await agent.run(turn.query)
        await agent.run(example.query)
    shown = layout.tokens(planner.prompts[-1]).rest
    request = Request(example.query, example.plan, frozenset(), example.history)
    assert list(shown) == packer.prompt_ids(request)
