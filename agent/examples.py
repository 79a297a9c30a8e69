"""Requests with their plans, to show a model that was not trained on our plans what is wanted of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ..retrieval.keywords import KeywordIndex
from ..retrieval.text import words
from .plan import Plan
from .reader import parse_plan

EXAMPLES = Path(__file__).with_name("examples.jsonl")
"""For the built-in tools; made by `models/training/examples.py`."""

MAX_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A request and the text of the plan that serves it."""

    request: str
    plan: str
    tools: frozenset[str]


class ExampleBook:
    """Examples, found by the words of a request."""

    def __init__(self, examples: Collection[tuple[str, str]]) -> None:
        """`examples` are requests with the texts of their plans. Raises PlanSyntaxError."""
        self._examples: list[Example] = []
        self._index = KeywordIndex()
        for number, (request, text) in enumerate(examples):
            plan: Plan = parse_plan(text)
            self._examples.append(Example(request, text, frozenset(step.tool for step in plan.steps)))
            self._index.add(number, Counter(words(request)))

    def choose(self, request: str, tools: Collection[str], limit: int = MAX_EXAMPLES) -> list[Example]:
        """The examples closest to a request, the closest last; only such as the offered `tools` can serve."""
        offered = frozenset(tools)
        scores = self._index.scores(words(request))
        ranked = [int(number) for number in np.argsort(-scores, kind="stable") if scores[number] > 0]
        fitting = [self._examples[number] for number in ranked if self._examples[number].tools <= offered]
        return fitting[:limit][::-1]


@cache
def bundled_examples() -> ExampleBook:
    """The examples that Scrubjay carries."""
    lines = map(json.loads, EXAMPLES.read_text("utf-8").splitlines())
    return ExampleBook([(line["request"], line["plan"]) for line in lines])
