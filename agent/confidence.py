"""How likely a plan is the wanted one, from what the model thought of the tokens that it chose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

SCALE, OFFSET = "scrubjay.confidence.scale", "scrubjay.confidence.offset"
"""Where a model's file keeps what was fitted for it (`scrubjay eval --calibrate`)."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns the log-probability of a plan's chosen tokens into the probability that the plan is right.

    Platt's scaling (1999): a sigmoid whose two numbers are fitted on requests with known plans.
    """

    scale: float
    offset: float

    @classmethod
    def of(cls, metadata: Mapping[str, str | int | float | bool]) -> Calibration | None:
        """What a model's file says of its own confidence; None when nothing was fitted for it."""
        if SCALE not in metadata:
            return None
        return cls(float(metadata[SCALE]), float(metadata.get(OFFSET, 0.0)))

    def confidence(self, logprob: float) -> float:
        """Between 0 and 1, from the sum of the natural logarithms of the chosen tokens' probabilities."""
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, self.offset + self.scale * logprob))))
