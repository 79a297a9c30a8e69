"""Fits a planner's confidence to how often its plans are right, and says how far it is off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..agent.confidence import Calibration

BINS = 10


def fit(logprobs: Sequence[float], right: Sequence[bool]) -> Calibration:
    """The sigmoid of the plans' log-probabilities that is likeliest to give `right` (Newton's method).

    A little is pulled towards a flat sigmoid, so that plans that are all right don't give an endless slope.
    """
    x = np.stack([np.asarray(logprobs, float), np.ones(len(logprobs))], axis=1)
    y = np.asarray(right, float)
    weights = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -60, 60)))
        gradient = x.T @ (p - y) + 1e-2 * weights
        curvature = (x * (p * (1 - p))[:, None]).T @ x + 1e-2 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    return Calibration(float(weights[0]), float(weights[1]))


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Mean distance between confidence and the part that is right, over ten bins of equal width."""
    confidence, hits = np.asarray(confidences, float), np.asarray(right, float)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    error = 0.0
    for number in range(BINS):
        inside = bins == number
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - hits[inside].mean())
    return float(error)
