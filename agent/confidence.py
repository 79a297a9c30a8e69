"""How likely a plan is the wanted one, from what the model thought of the tokens that it chose."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..tools.tool import Tool
from .leaning import known_tools

SCALE, OFFSET = "scrubjay.confidence.scale", "scrubjay.confidence.offset"
"""Where a model's file keeps what was fitted for it (`scrubjay eval --calibrate`)."""
NEW_SCALE, NEW_OFFSET = "scrubjay.confidence.new.scale", "scrubjay.confidence.new.offset"
"""The same for requests that are offered a tool on which the model was not trained.

There other opinions than its own count as well (leaning, pointing), and they are sure in another way.
"""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns the log-probability of a plan's chosen tokens into the probability that the plan is right.

    Platt's scaling (1999): a sigmoid whose two numbers are fitted on requests with known plans.
    """

    scale: float
    offset: float

    @classmethod
    def of(
        cls, metadata: Mapping[str, str | int | float | bool], tools: Sequence[Tool]
    ) -> Calibration | None:
        """What a model's file says of its confidence among these tools; None when it says nothing."""
        if SCALE not in metadata:
            return None
        new = NEW_SCALE in metadata and len(known_tools(metadata, tools)) < len(tools)
        scale, offset = (NEW_SCALE, NEW_OFFSET) if new else (SCALE, OFFSET)
        return cls(float(metadata[scale]), float(metadata.get(offset, 0.0)))

    def confidence(self, logprob: float) -> float:
        """Between 0 and 1, from the sum of the natural logarithms of the chosen tokens' probabilities."""
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, self.offset + self.scale * logprob))))


def plain_confidence(logprob: float, chosen: int) -> float:
    """What stands for a confidence where none was fitted, between 0 and 1: the probability that the model
    gave each of the `chosen` tokens, in the (geometric) mean; 1 where it had no choice. Not calibrated.

    The mean, since a sum would doubt every long plan (Malinin and Gales 2021).
    """
    return math.exp(min(0.0, logprob / chosen)) if chosen else 1.0
