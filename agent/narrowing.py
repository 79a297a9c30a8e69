"""Fewer tools for a request that is thought about: small adapters have learnt to think beside a few."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ..tools.tool import Tool
from .reader import PlanSyntaxError, parse_plan


class Relevance(Protocol):
    """Who knows which tools a request needs, without a planner's model."""

    def log_odds(self, request: str, tools: Sequence[Tool]) -> Sequence[float]:
        """For each of `tools`, which are offered together, ln(p / (1 - p)) that the request needs it."""
        ...


def likeliest(
    tools: Sequence[Tool], requests: Sequence[str], used: Collection[str], relevance: Relevance, most: int
) -> list[Tool]:
    """At most `most` of `tools`, in their order.

    First those whose names are in `used`, then those that one of `requests`, such as the present one and the
    one before it, most likely needs. Raises ModelFilesError.
    """
    if len(tools) <= most:
        return list(tools)
    scored = zip(*(relevance.log_odds(request, tools) for request in requests), strict=True)
    odds = {tool.name: max(scores) for tool, scores in zip(tools, scored, strict=True)}
    best = sorted(tools, key=lambda tool: (tool.name not in used, -odds[tool.name]))[:most]
    kept = {tool.name for tool in best}
    return [tool for tool in tools if tool.name in kept]


def tools_used(plan: str) -> set[str]:
    """The names of the tools that a plan's text calls."""
    try:
        return {step.tool for step in parse_plan(plan).steps}
    except PlanSyntaxError:  # of another version, or damaged: the request still tells most
        return set()
