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

STANDING_EXAMPLES = 2
"""So many are the same for every request with the same tools: what has been read of them is read once."""


@dataclass(frozen=True, slots=True)
class Example:
    """A request and the text of the plan that serves it."""

    request: str
    plan: str
    tools: frozenset[str]
    shows: int
    """How many steps it has, and references to them."""


class ExampleBook:
    """Examples, found by the words of a request."""

    def __init__(self, examples: Collection[tuple[str, str]]) -> None:
        """`examples` are requests with the texts of their plans. Raises PlanSyntaxError."""
        self._examples: list[Example] = []
        self._index = KeywordIndex()
        for number, (request, text) in enumerate(examples):
            plan: Plan = parse_plan(text)
            shows = len(plan.steps) + sum(len(list(step.references())) for step in plan.steps)
            self._examples.append(Example(request, text, frozenset(s.tool for s in plan.steps), shows))
            self._index.add(number, Counter(words(request)))

    def standing(self, tools: Collection[str]) -> list[Example]:
        """Those of the offered `tools` that show most of what plans can be: several steps, and steps that
        need each other. No two are for the same tools."""
        chosen: list[Example] = []
        for example in sorted(self._fitting(tools), key=lambda example: example.shows, reverse=True):
            if all(example.tools != other.tools for other in chosen):
                chosen.append(example)
        return chosen[:STANDING_EXAMPLES]

    def closest(self, request: str, tools: Collection[str]) -> Example | None:
        """The one most like a request, of what the offered `tools` can serve; None: not a word is alike."""
        scores = self._index.scores(words(request))
        ranked = [int(number) for number in np.argsort(-scores, kind="stable") if scores[number] > 0]
        fitting = set(self._fitting(tools))
        return next((self._examples[n] for n in ranked if self._examples[n] in fitting), None)

    def _fitting(self, tools: Collection[str]) -> list[Example]:
        offered = frozenset(tools)
        return [example for example in self._examples if example.tools <= offered]


@cache
def bundled_examples() -> ExampleBook:
    """The examples that Scrubjay carries."""
    lines = map(json.loads, EXAMPLES.read_text("utf-8").splitlines())
    return ExampleBook([(line["request"], line["plan"]) for line in lines])
