"""Plans are held against the wanted ones by what they do, not by how their steps are numbered."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scrubjay.agent.reader import parse_plan
from scrubjay.apps.plan_json import plan_json, plan_text
from scrubjay.apps.scoring import same_plan, score, summarise

LOOK_UP_BOTH: list[dict[str, Any]] = [
    {"tool": "get_phone_number", "args": {"name": "Sid"}},
    {"tool": "get_phone_number", "args": {"name": "Lutfi"}},
    {"tool": "send_sms", "args": {"to": ["$1", "$2"], "message": "late"}},
]


def call(name: str, **args: object) -> dict[str, Any]:
    return {"tool": name, "args": args}


def test_independent_steps_may_come_in_any_order() -> None:
    swapped = [LOOK_UP_BOTH[1], LOOK_UP_BOTH[0], call("send_sms", to=["$2", "$1"], message="late")]
    assert same_plan(swapped, LOOK_UP_BOTH)


def test_the_same_calls_wired_otherwise_are_another_plan() -> None:
    swapped = [LOOK_UP_BOTH[1], LOOK_UP_BOTH[0], LOOK_UP_BOTH[2]]
    assert not same_plan(swapped, LOOK_UP_BOTH)


def test_a_missing_or_repeated_step_is_another_plan() -> None:
    assert not same_plan(LOOK_UP_BOTH[:2], LOOK_UP_BOTH)
    assert not same_plan([LOOK_UP_BOTH[0], LOOK_UP_BOTH[0], LOOK_UP_BOTH[2]], LOOK_UP_BOTH)


def test_numbers_are_equal_by_value_and_truth_is_no_number() -> None:
    assert same_plan([call("f", n=5)], [call("f", n=5.0)])
    assert not same_plan([call("f", n=1)], [call("f", n=True)])


def test_references_into_results_keep_their_path() -> None:
    wanted = [call("find"), call("open", path="$1.path")]
    assert same_plan(wanted, wanted)
    assert not same_plan([call("find"), call("open", path="$1")], wanted)


def test_a_summary_counts_refusals_both_ways() -> None:
    served: list[dict[str, Any]] = [call("f")]
    refused: list[dict[str, Any]] = []
    summary = summarise(
        [score(served, served), score(refused, refused), score(refused, served), score(served, refused)]
    )
    assert (summary.cases, summary.exact) == (4, 0.5)
    assert (summary.refusal_precision, summary.refusal_recall, summary.false_refusals) == (0.5, 0.5, 0.5)
    assert summary.tool_f1 == 0.5


steps = st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.integers(0, 5), max_size=2)), max_size=6)


@given(steps, st.randoms(use_true_random=False))
def test_renumbering_never_changes_the_score(drawn: list[tuple[str, list[int]]], rng: random.Random) -> None:
    plan = [
        call(name, of=[f"${reference}" for reference in references if 0 < reference <= number])
        for number, (name, references) in enumerate(drawn)
    ]
    order: list[int] = []  # a random order in which everything still comes after what it refers to
    while len(order) < len(plan):
        ready = [
            number
            for number in range(len(plan))
            if number not in order and all(int(r[1:]) - 1 in order for r in plan[number]["args"]["of"])
        ]
        order.append(rng.choice(ready))
    place = {f"${number + 1}": f"${order.index(number) + 1}" for number in order}
    renumbered = [call(str(plan[n]["tool"]), of=[place[r] for r in plan[n]["args"]["of"]]) for n in order]
    assert same_plan(renumbered, plan)


def test_plans_as_json_become_the_text_that_reads_back_to_them() -> None:
    plan = [
        *LOOK_UP_BOTH,
        call("note", title='say "{$1}"', tags=[], extra={"a b": [1, None, True]}, last="$0.2"),
    ]
    assert plan_json(parse_plan(plan_text(plan)).steps) == plan
    assert plan_text([]) == "none\n"
