"""How well a plan serves a request, against the plan that was wanted: pure functions over plans as JSON.

A plan is a list of `{"tool", "args"}`; references are strings such as `"$1.email"`, as in the corpus.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PlanJson = Sequence[Mapping[str, Any]]

_REFERENCE = re.compile(r"\$([1-9]\d*)((?:\.[A-Za-z_]\w*|\[\d+\])*)")


@dataclass(frozen=True, slots=True)
class Score:
    """One request: whether the plan is the wanted one, and the counts that F1 scores are made of."""

    exact: bool
    tools: tuple[int, int, int]
    arguments: tuple[int, int, int]
    refused: bool
    refusal_wanted: bool


def score(plan: PlanJson, wanted: PlanJson) -> Score:
    """Compare; counts are (in both, in the plan, in the wanted plan)."""
    return Score(
        same_plan(plan, wanted),
        _overlap(Counter(step["tool"] for step in plan), Counter(step["tool"] for step in wanted)),
        _overlap(_arguments(plan), _arguments(wanted)),
        not plan,
        not wanted,
    )


def same_plan(plan: PlanJson, wanted: PlanJson) -> bool:
    """Whether both plans are the same calls with the same references, in whatever order."""
    return len(plan) == len(wanted) and _match(plan, wanted, {})


def _match(plan: PlanJson, wanted: PlanJson, numbers: dict[int, int]) -> bool:
    """Pair the next wanted step with an unused one of `plan`; `numbers` maps wanted numbers to theirs."""
    number = len(numbers) + 1
    if number > len(wanted):
        return True
    step = wanted[number - 1]
    args = _renumber(step["args"], numbers)
    for candidate, other in enumerate(plan, 1):
        same = (
            candidate not in numbers.values() and other["tool"] == step["tool"] and equal(other["args"], args)
        )
        if same and _match(plan, wanted, {**numbers, number: candidate}):
            return True
    return False


def _renumber(value: Any, numbers: Mapping[int, int]) -> Any:
    if isinstance(value, str):
        found = _REFERENCE.fullmatch(value)
        return f"${numbers.get(int(found[1]), 0)}{found[2]}" if found else value
    if isinstance(value, list):
        return [_renumber(item, numbers) for item in value]
    if isinstance(value, Mapping):
        return {key: _renumber(item, numbers) for key, item in value.items()}
    return value


def equal(a: Any, b: Any) -> bool:
    """JSON equality: 5 is 5.0, but true is not 1."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    return bool(a == b)


def _arguments(plan: PlanJson) -> Counter[str]:
    return Counter(f"{step['tool']}.{name}={value!r}" for step in plan for name, value in _flat(step["args"]))


def _flat(args: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in args.items():
        if isinstance(value, list):
            yield from ((name, item) for item in value)
        else:
            yield name, value


def _overlap(mine: Counter[str], wanted: Counter[str]) -> tuple[int, int, int]:
    return (mine & wanted).total(), mine.total(), wanted.total()


@dataclass(frozen=True, slots=True)
class Summary:
    """Many requests: all numbers are parts of one, except `cases`."""

    cases: int
    exact: float
    tool_f1: float
    argument_f1: float
    refusal_precision: float
    refusal_recall: float
    false_refusals: float


def summarise(scores: Sequence[Score]) -> Summary:
    """Put scores together; F1 is over all calls of all requests (micro)."""
    refused = [s for s in scores if s.refused]
    wanted = [s for s in scores if s.refusal_wanted]
    served = [s for s in scores if not s.refusal_wanted]
    right = sum(s.refusal_wanted for s in refused)
    return Summary(
        len(scores),
        _part(sum(s.exact for s in scores), len(scores)),
        _f1([s.tools for s in scores]),
        _f1([s.arguments for s in scores]),
        _part(right, len(refused)),
        _part(right, len(wanted)),
        _part(sum(s.refused for s in served), len(served)),
    )


def _f1(counts: Sequence[tuple[int, int, int]]) -> float:
    both, mine, wanted = (sum(count[i] for count in counts) for i in range(3))
    return _part(2 * both, mine + wanted)


def _part(count: int, whole: int) -> float:
    return count / whole if whole else 1.0
