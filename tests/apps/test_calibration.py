"""Confidence that was fitted says how often plans are right."""

from __future__ import annotations

import math
import random

import pytest

from scrubjay.agent.confidence import Calibration
from scrubjay.apps.calibration import expected_calibration_error, fit
from scrubjay.models.dialects import tool_fingerprint
from scrubjay.tools.tool import Tool

LAMP = Tool(
    "set_lamp", "Turn a lamp on or off.", {"type": "object", "properties": {"on": {"type": "boolean"}}}
)
HEATER = Tool("set_heater", "Turn a heater on.", {"type": "object", "properties": {}})


def plans(count: int, seed: int) -> tuple[list[float], list[bool]]:
    """Plans of a model that thinks too well of itself: right with half the odds that it gives them."""
    rng = random.Random(seed)
    logprobs = [-rng.expovariate(1.0) for _ in range(count)]
    return logprobs, [rng.random() < 1 / (1 + math.exp(-(1.0 + 1.5 * value))) for value in logprobs]


def test_a_fit_is_calibrated_on_plans_that_it_has_not_seen() -> None:
    calibration = fit(*plans(2000, seed=0))
    logprobs, right = plans(2000, seed=1)
    raw = [math.exp(value) for value in logprobs]
    fitted = [calibration.confidence(value) for value in logprobs]
    assert expected_calibration_error(fitted, right) < 0.05 < expected_calibration_error(raw, right)


@pytest.mark.parametrize("right", [True, False])
def test_plans_that_are_all_right_or_all_wrong_can_be_fitted(right: bool) -> None:
    confidence = fit([-0.1, -0.5, -3.0], [right] * 3).confidence(-0.5)
    assert (confidence > 0.8) is right


def test_what_a_file_says_is_used_and_extremes_stay_between_0_and_1() -> None:
    calibration = Calibration.of(
        {"scrubjay.confidence.scale": 0.5, "scrubjay.confidence.offset": 1.0}, [LAMP]
    )
    assert calibration is not None
    assert calibration.confidence(-2.0) == 0.5
    assert 0 <= calibration.confidence(-1e9) < calibration.confidence(1e9) <= 1


def test_tools_that_the_model_was_not_trained_on_have_a_curve_of_their_own() -> None:
    metadata: dict[str, str | int | float | bool] = {
        "scrubjay.tools": tool_fingerprint(LAMP.schema()),
        "scrubjay.confidence.scale": 1.0,
        "scrubjay.confidence.offset": 2.0,
        "scrubjay.confidence.new.scale": 3.0,
        "scrubjay.confidence.new.offset": 4.0,
    }
    assert Calibration.of(metadata, [LAMP]) == Calibration(1.0, 2.0)
    assert Calibration.of(metadata, [LAMP, HEATER]) == Calibration(3.0, 4.0)


def test_a_file_that_says_nothing_of_its_confidence_has_none() -> None:
    assert Calibration.of({}, [LAMP]) is None
