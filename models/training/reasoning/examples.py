"""Problems and ordinary requests as token ids, in batches for the adapter's training."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from ...dialects import (
    END,
    FACTS,
    PLAN,
    REQUEST,
    RESULT,
    THINK,
    THINK_END,
    TURN,
    results_text,
)
from ...sums import worked_out
from ..corpus import Call, Corpus, Schema, Turn, in_schema_order, plan_text
from ..tokenizer import Encoder
from .answers import answers
from .problems import Problem, problems
from .tools import MORE_TOOLS, deed

ORDINARY = 0.12
"""How many examples are ordinary requests, with nothing to think about."""
CUT = 0.08
"""How many thoughts are cut short, as a budget may cut them; the plan is then a guess."""
EARLIER = 0.4
"""How many come after turns that they have nothing to do with."""
RESULTS = ("{}", "ok", "id-{}", "done", "not allowed", "number {}")
MOST_WRITTEN = 240
MOST_TOOLS = 8
"""How many tools are offered at most."""
_DATE = re.compile(r"\b20\d\d-\d\d-\d\d(?!\d)")
PROBLEMS = {"reasoning": problems, "answers": answers}
"""By the kind of adapter."""


@dataclass(frozen=True, slots=True)
class TokenExample:
    """A prompt after its tools, what is written after it, and from which token on that is learnt.

    targets, scored: for each token of `written` but the first, what is learnt to be written, and whether it
    counts. A thought ends with the token that ends plans: the base never read the one that closes it.
    """

    tools: tuple[str, ...]
    prompt: list[int]
    written: list[int]
    targets: list[int]
    scored: list[bool]


class Examples:
    """An endless supply of examples; the same seed gives the same ones."""

    def __init__(self, encoder: Encoder, corpus: Corpus, seed: int, kind: str = "reasoning") -> None:
        self.encoder = encoder
        self.tools: dict[str, Schema] = {**corpus.builtin_tools, **MORE_TOOLS}
        self._corpus = corpus
        self._rng = random.Random(seed)
        self._ordinary_part = ORDINARY if kind == "reasoning" else 0.0
        self._cut_part = CUT if kind == "reasoning" else 0.0
        self._earlier_part = EARLIER if kind == "reasoning" else 0.0
        self._problems = PROBLEMS[kind](seed, False)

    def all(self) -> Iterator[TokenExample]:
        """One after the other, without end."""
        while True:
            yield self.one()

    def one(self) -> TokenExample:
        """A problem, or now and then an ordinary request."""
        while True:
            problem = self._ordinary() if self._rng.random() < self._ordinary_part else next(self._problems)
            if self._rng.random() < self._earlier_part:
                problem = replace(problem, history=(*self._earlier(problem), *problem.history))
            example = self.example(problem, cut=self._rng.random() < self._cut_part)
            if len(example.written) <= MOST_WRITTEN and len(example.prompt) <= 200:
                return example

    def _earlier(self, problem: Problem) -> list[Turn]:
        """One or two turns that the problem has nothing to do with, with dates around its own."""
        now, turns = now_in(problem.facts), []
        for _ in range(self._rng.choice((1, 1, 2))):
            other = self._ordinary() if self._rng.random() < 0.3 else next(self._problems)
            days = (now - now_in(other.facts)).days if other.lines else 0  # others' days were said
            plan = tuple(Call(call.tool, _later(call.args, days)) for call in other.plan)
            results = tuple(self._rng.choice(RESULTS).format(self._rng.randint(1, 90)) for _ in plan)
            turns.append(Turn(other.request, plan, results))
        return turns

    def example(self, problem: Problem, cut: bool = False) -> TokenExample:
        """A problem's tokens, offered its own tools and some others."""
        special, encode = self.encoder.special, self.encoder
        thought = encode(problem.thought)
        learnt = [not given for given in self._given(problem.lines)]
        close = True
        if cut and thought:
            thought = thought[: self._rng.randrange(len(thought))]
            learnt, close = [False] * len(thought), False
        plan = [*encode(plan_text(self.ordered(problem.plan))), special[END]]
        written = [special[THINK], *thought, special[THINK_END], *plan]
        targets = [*thought, special[END], *plan]
        scored = [*learnt, close, *[True] * len(plan)]
        return TokenExample(self._offered(problem), self.prompt(problem), written, targets, scored)

    def _given(self, lines: Sequence[str]) -> list[bool]:
        """For each token of a thought, whether it is worked out and not written."""
        given: list[bool] = []
        for number, line in enumerate(lines, 1):
            sum_, equals, result = line.partition("=")
            given += [False] * len(self.encoder(sum_ + equals))
            given += [worked_out(sum_ + equals) == result] * len(self.encoder(result))
            given += [False] * (number < len(lines))  # the line's end
        return given

    def prompt(self, problem: Problem) -> list[int]:
        """Tokens after the tools."""
        special, encode = self.encoder.special, self.encoder
        ids: list[int] = []
        for turn in problem.history:
            ids += [
                special[TURN],
                *encode(turn.query),
                special[PLAN],
                *encode(plan_text(self.ordered(turn.plan))),
            ]
            ids += [special[RESULT], *encode(results_text(turn.results))]
        ids += [special[FACTS], *encode(problem.facts)]
        return [*ids, special[REQUEST], *encode(problem.request), special[PLAN]]

    def ordered(self, plan: Sequence[Call]) -> tuple[Call, ...]:
        """Calls with their arguments in the order of the schema."""
        return tuple(
            Call(call.tool, in_schema_order(call.args, self.tools[call.tool]))
            if call.tool in self.tools
            else call
            for call in plan
        )

    def _offered(self, problem: Problem) -> tuple[str, ...]:
        if not problem.plan:
            return ()
        needed = list(dict.fromkeys(call.tool for call in problem.plan))
        deeds = {deed(name) for name in needed}
        others = [name for name in self.tools if deed(name) not in deeds]
        many = max(0, self._rng.choice((1, 2, 2, 3, 4, 6, MOST_TOOLS)) - len(needed))
        return tuple(sorted([*needed, *self._rng.sample(others, many)]))

    def _ordinary(self) -> Problem:
        while True:
            pack = self._rng.choice(self._corpus.builtin)
            if not pack.entries:
                continue
            example = pack.expand(self._rng.choice(pack.entries), self._rng)
            if all(call.tool in self.tools for call in example.plan):
                facts = next(self._problems).facts
                return Problem("ordinary", example.query, facts, (), example.plan)


def now_in(facts: str) -> date:
    """The day that facts tell (`Monday 2026-11-23 14:05 en_GB`)."""
    return date.fromisoformat(facts.split()[1])


def _later(value: Any, days: int) -> Any:
    """The same with the dates in it so many days later."""
    if isinstance(value, dict):
        return {name: _later(item, days) for name, item in value.items()}
    if isinstance(value, list):
        return [_later(item, days) for item in value]
    if isinstance(value, str):
        return _DATE.sub(lambda found: str(date.fromisoformat(found[0]) + timedelta(days=days)), value)
    return value
