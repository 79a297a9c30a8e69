"""How far a small planner's choice of tools leans on what retrieval knows of them.

A planner of ten million parameters was trained on 1,400 tools; of one that it has never seen, the encoder of
retrieval, trained on a billion pairs of sentences, is the better judge. Its log-odds are added to the
planner's own at the name of a tool (a product of experts, Hinton 1999). Among the tools that it was trained
on the planner judges better, so they share the weight of the likeliest of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

CHOICE = 1.0
"""Weight of what stands for one tool against another, in a plan's first step."""
LATER = 1.0
"""The same in later steps."""
REFUSAL = 0.5
"""Weight of what stands for the likeliest tool against `none`."""
MOST = 12.0
"""Log-odds are cut to this: nothing is so certain that the planner has no say."""


@dataclass(frozen=True, slots=True)
class Leaning:
    """What is added to the planner's log-odds of each tool's name: in the first step, and in later ones.

    In the first step `none` stands at 0. Later ones stand only against each other: the likeliest is at 0,
    as is `done`, since relevance says nothing of when a plan is done.
    """

    first: Mapping[str, float]
    later: Mapping[str, float]

    @classmethod
    def from_log_odds(cls, log_odds: Mapping[str, float], known: Set[str]) -> Leaning:
        """From how likely each offered tool is needed, ln(p / (1 - p)), by name.

        known: the names of those that the planner was trained on.
        """
        odds = {name: min(MOST, max(-MOST, value)) for name, value in log_odds.items()}
        of_known = max((odds[name] for name in known), default=0.0)
        odds |= dict.fromkeys(known, of_known)
        best = max(odds.values(), default=0.0)
        return cls(
            {name: CHOICE * (value - best) + REFUSAL * best for name, value in odds.items()},
            {name: LATER * (value - best) for name, value in odds.items()},
        )
