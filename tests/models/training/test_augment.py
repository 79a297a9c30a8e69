"""Whatever is changed in an example, its plan still says what the request says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("num2words", reason="training needs the `train` extra")

from scrubjay.models.training.augment import (
    lower_case,
    mistype,
    restyle_name,
    rewrite_tool,
    speak_numbers,
)
from scrubjay.models.training.corpus import Call, Example, load_corpus
from scrubjay.models.training.sampling import Mix, Sampler

TIMER = {
    "name": "start_timer",
    "description": "Start a timer.",
    "parameters": {
        "type": "object",
        "properties": {"minutes": {"type": "integer"}, "label": {"type": "string"}},
        "required": ["minutes"],
    },
}
EXAMPLE = Example(
    "Set a timer of 25 minutes for the Pasta, please.",
    (Call("start_timer", {"minutes": 25, "label": "the Pasta"}),),
    {"start_timer": TIMER},
)

seeds = st.integers(0, 5000).map(random.Random)


@given(seeds)
def test_text_values_stay_words_of_the_request(rng: random.Random) -> None:
    changed = lower_case(speak_numbers(mistype(EXAMPLE, rng), rng), rng)
    assert changed.plan[0].args["label"] in changed.query
    assert changed.plan[0].args["minutes"] == 25
    assert "25" in changed.query or "twenty five" in changed.query.lower()


@given(seeds)
def test_a_rewritten_tool_asks_for_the_same_things(rng: random.Random) -> None:
    tool, renamed = rewrite_tool(TIMER, rng, strength=1.0)
    properties = tool["parameters"]["properties"]
    assert set(renamed) == {"minutes", "label"}
    assert set(renamed.values()) == set(properties)
    assert properties[renamed["minutes"]]["type"] == "integer"
    assert tool["parameters"]["required"] == [renamed["minutes"]]


@given(st.sampled_from(["getUser-v2", "spotify.play", "a", "x_1", "HTTPGet"]), seeds)
def test_a_restyled_name_is_a_name(name: str, rng: random.Random) -> None:
    styled = restyle_name(name, rng)
    assert styled
    assert all(character.isalnum() or character in "_-./" for character in styled)


def test_groups_offer_what_their_plans_need_unless_nothing_serves_them() -> None:
    folder = Path(__file__).parents[3] / "models" / "training" / "corpus"
    sampler = Sampler(load_corpus(folder), seed=11)
    for _ in range(60):
        group = sampler.group(Mix(), 20)
        names = {tool["name"] for tool in group.tools}
        for request in group.requests:
            assert {call.tool for call in request.plan} <= request.offered <= names
            assert request.offered
