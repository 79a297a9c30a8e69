"""Examples for the pointer: a request, a tool, and where in the request each argument's value stands.

They are drawn from the planner's own sampler, so that tools come renamed, reordered and half described, and
what is held out stays held out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..pointer import parameter_text, tool_words
from .corpus import REFERENCE, Call, Corpus, Json, Schema
from .sampling import Group, Mix, Sampler

MIX = Mix(copying=0.03, builtin=0.12, dialogues=0.0, others=0.55, public=0.30)
REQUESTS_A_GROUP = 12

Span = tuple[int, int]
"""Characters of the request, the end not included."""


@dataclass(frozen=True, slots=True)
class Pointed:
    """What is to be said of one parameter: where its values stand, and whether some have none there.

    absent: a call leaves it out. elsewhere: a call has a value for it that is no span of the request.
    """

    spans: tuple[Span, ...]
    absent: bool
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class PointerExample:
    """A request, a tool that its plan calls, and the tool's parameters, as the pointer reads them."""

    request: str
    tool: str
    parameters: tuple[str, ...]
    pointed: tuple[Pointed, ...]


class PointerExamples:
    """An endless supply of examples; the same seed gives the same ones."""

    def __init__(self, corpus: Corpus, seed: int) -> None:
        self._sampler = Sampler(corpus, seed)
        self._rng = random.Random(seed)

    def all(self, mix: Mix = MIX) -> Iterator[PointerExample]:
        """One after the other, without end, those of several groups in turn."""
        while True:
            groups = [self._sampler.group(mix, REQUESTS_A_GROUP) for _ in range(8)]
            examples = [example for group in groups for example in self._of(group)]
            self._rng.shuffle(examples)
            yield from examples

    def _of(self, group: Group) -> Iterator[PointerExample]:
        tools = {tool["name"]: tool for tool in group.tools}
        for request in group.requests:
            for name in dict.fromkeys(call.tool for call in request.plan):
                calls = [call for call in request.plan if call.tool == name]
                if tools[name]["parameters"]["properties"]:
                    yield pointer_example(request.query, tools[name], calls)


def pointer_example(query: str, tool: Schema, calls: list[Call]) -> PointerExample:
    """What the pointer should say of `tool`, which the plan of `query` calls like this."""
    parameters = tool["parameters"]
    required = set(parameters.get("required", ()))
    specs: Mapping[str, Schema] = parameters["properties"]
    return PointerExample(
        query,
        tool_words(tool),
        tuple(parameter_text(name, spec, name in required) for name, spec in specs.items()),
        tuple(_pointed(query, name, spec, calls) for name, spec in specs.items()),
    )


def _pointed(query: str, name: str, spec: Schema, calls: list[Call]) -> Pointed:
    spans: set[Span] = set()
    absent = elsewhere = False
    for call in calls:
        if name not in call.args:
            absent = True
            continue
        value = call.args[name]
        for part in value if isinstance(value, list) else [value]:
            found = [] if "enum" in spec else list(_where(query, part))
            spans.update(found)
            elsewhere |= not found
    return Pointed(tuple(sorted(spans)), absent, elsewhere)


def _where(query: str, value: Json) -> Iterator[Span]:
    """Where a text or a number stands in the request, as whole words."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return
    text = str(value)
    if not text.strip() or REFERENCE.search(text):
        return
    for found in re.finditer(re.escape(text), query):
        first, end = found.span()
        inside = first > 0 and query[first - 1].isalnum() and text[0].isalnum()
        goes_on = end < len(query) and query[end].isalnum() and text[-1].isalnum()
        if not (inside or goes_on):
            yield first, end
