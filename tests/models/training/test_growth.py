"""A model that has grown computes what the smaller one did."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from scrubjay.models.training.growth import GrowthError, grown
from scrubjay.models.training.model import ModelShape, PlannerModel

SMALL = ModelShape(40, width=32, layers=3, heads=2, feed_forward=64)


def logits(model: PlannerModel) -> torch.Tensor:
    tokens = torch.arange(16).view(2, 8)
    positions = torch.arange(8).expand(2, 8)
    segments = torch.tensor([[0, 1, 1, 1, 2, 2, -1, -1], [0, 1, 1, 1, 1, 1, 1, -1]], dtype=torch.int32)
    sees = torch.full((1, 1, 8), 2, dtype=torch.int32)
    with torch.no_grad():
        return model.hidden(tokens, positions, segments, sees, torch.zeros(0, 6)) @ model.embedding.weight.T


def trained() -> PlannerModel:
    torch.manual_seed(0)
    model = PlannerModel(SMALL)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize(("layers", "feed_forward"), [(3, 96), (5, 64), (6, 128), (7, 96)])
def test_a_deeper_and_wider_model_gives_the_same_logits(layers: int, feed_forward: int) -> None:
    small = trained()
    shape = ModelShape(40, width=32, layers=layers, heads=2, feed_forward=feed_forward)
    large = PlannerModel(shape)
    large.load_state_dict(grown(small.state_dict(), SMALL, shape))
    assert torch.allclose(logits(large), logits(small), atol=1e-5)


def test_a_model_does_not_shrink_or_change_its_width() -> None:
    weights = trained().state_dict()
    for shape in (
        ModelShape(40, width=32, layers=2, heads=2, feed_forward=64),
        ModelShape(40, width=64, layers=3, heads=2, feed_forward=64),
    ):
        with pytest.raises(GrowthError, match="can only grow"):
            grown(weights, SMALL, shape)
