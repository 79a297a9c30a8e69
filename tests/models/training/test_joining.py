"""Requests that are said in one breath keep each one's words, and their steps are numbered through."""

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.training.corpus import Call, Example, load_corpus, plan_text
from scrubjay.models.training.joining import join, join_some

CORPUS = Path(__file__).parents[3] / "models" / "training" / "corpus"
LOOK_UP = Example(
    "mail Sid.",
    (Call("get_email_address", {"name": "Sid"}), Call("compose_email", {"to": ["$1"]})),
    {},
)
PRICE = Example("Price of $49 shoes", (Call("shop", {"about": "$49 shoes"}),), {})


def test_steps_are_numbered_through_and_text_that_is_no_reference_stays() -> None:
    joined = join([PRICE, LOOK_UP, LOOK_UP], random.Random(1))
    assert plan_text(joined.plan).splitlines()[1:5] == [
        '$2 = get_email_address(name="Sid")',
        "$3 = compose_email(to=[$2])",
        '$4 = get_email_address(name="Sid")',
        "$5 = compose_email(to=[$4])",
    ]
    assert joined.plan[0].args["about"] == "$49 shoes"


def test_refusals_and_follow_ups_are_said_alone() -> None:
    none = Example("sing", (), {})
    examples = join_some([none, LOOK_UP, PRICE], 1.0, random.Random(3))
    assert none in examples
    assert sorted(len(e.plan) for e in examples) == [0, 3]


@given(st.integers(0, 10_000))
def test_every_copied_text_still_stands_in_the_request(seed: int) -> None:
    rng = random.Random(seed)
    pack = load_corpus(CORPUS).builtin[seed % 3]
    examples = [pack.expand(rng.choice(pack.entries), rng) for _ in range(3)]
    joined = join(examples, rng)
    for example in examples:
        for call in example.plan:
            for value in call.args.values():
                if isinstance(value, str) and value in example.query:
                    assert value in joined.query
