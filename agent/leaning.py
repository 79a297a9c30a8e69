"""How far a small planner's choice of tools leans on what retrieval knows of them.

A planner of ten million parameters was trained on 1,400 tools; of one that it has never seen, the encoder of
retrieval, trained on a billion pairs of sentences, is the better judge. Its log-odds are added to the
planner's own at the name of a tool (a product of experts, Hinton 1999). Among the tools that it was trained
on the planner judges better, so they share the weight of the likeliest of them. Where it was trained on all
of them the encoder only warns: when no tool is likely, that speaks for `none`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass

from ..models.dialects import tool_fingerprint
from ..tools.tool import Tool

CHOICE = 1.0
"""Weight of what stands for one tool against another, in a plan's first step."""
LATER = 1.5
"""The same in later steps, among tools that no step has called."""
REFUSAL = 0.8
"""Weight of what stands for the likeliest tool against `none`."""
READY = 1.0
"""What stands for any tool against `none` besides: the planner alone says `none` too readily."""
MORE = 1.0
"""Weight of what stands for the likeliest tool not yet called against `done`."""
AGAIN = -4.0
"""What is added to a tool for each step that has called it: what it was needed for is done."""
DOUBT = 0.5
"""Weight of what stands against the likeliest tool where all are known, as far as it is below SURE."""
SURE = 1.5
"""Log-odds from which on the encoder has nothing against a tool."""
MOST = 12.0
"""Log-odds are cut to this: nothing is so certain that the planner has no say."""


def known_tools(metadata: Mapping[str, str | int | float | bool], tools: Sequence[Tool]) -> set[str]:
    """Names of those of `tools` that a model was trained on, as its file lists them."""
    trained = str(metadata.get("scrubjay.tools", ""))
    return {tool.name for tool in tools if tool_fingerprint(tool.schema()) in trained}


@dataclass(frozen=True, slots=True)
class Leaning:
    """What is added to the planner's log-odds of each tool's name at the beginning of a line.

    odds: how likely each offered tool is needed, ln(p / (1 - p)).
    known: those that the planner was trained on.
    """

    odds: Mapping[str, float]
    known: Set[str] = frozenset()

    @property
    def only_warns(self) -> bool:
        """Whether the planner was trained on all tools."""
        return self.odds.keys() == self.known

    def weights(self, called: Collection[str]) -> dict[str, float]:
        """By tool, in the line after steps that called `called`; the plan's end, `none` or `done`, is at 0.

        The likeliest tool that no step has called yet speaks for going on, or, when unlikely, for the end.
        """
        if self.only_warns:
            return {} if called else dict.fromkeys(self.known, self._doubt())
        times = Counter(called)
        odds = {name: min(MOST, max(-MOST, value)) for name, value in self.odds.items()}
        of_known = max((odds[name] for name in self.known), default=0.0)
        odds |= dict.fromkeys(self.known, of_known)
        best = max((value for name, value in odds.items() if name not in called), default=0.0)
        choice, end = (LATER, MORE * best) if called else (CHOICE, REFUSAL * best + READY)
        return {
            name: AGAIN * times[name] if name in times else choice * (value - best) + end
            for name, value in odds.items()
        }

    def _doubt(self) -> float:
        return DOUBT * min(0.0, max(-MOST, max(self.odds.values(), default=SURE)) - SURE)
