"""A trained model as the start of a larger one that computes the same: new parts write nothing at first.

New layers stand between the old ones with zero output matrices, and feed-forward networks get new columns
whose way back is zero (the idea of Net2Net, arXiv 1511.05641); training fills them.
"""

from __future__ import annotations

from typing import Any

import torch

from .model import ModelShape, PlannerModel


class GrowthError(Exception):
    """Weights that can't become a model of the wanted shape."""


def grown(weights: dict[str, Any], old: ModelShape, new: ModelShape) -> dict[str, torch.Tensor]:
    """Weights of shape `new` that give the same logits as `weights` of shape `old`.

    Raises GrowthError when anything but layers and feed-forward width differs, or shrinks.
    """
    same = ("vocabulary", "width", "heads", "rope_base", "norm_epsilon")
    changed = [name for name in same if getattr(old, name) != getattr(new, name)]
    if changed or new.layers < old.layers or new.feed_forward < old.feed_forward:
        raise GrowthError(
            f"the weights are of {old} and can only grow in layers and feed_forward, not become {new}: "
            "start a new folder, or train the old shape"
        )
    fresh = PlannerModel(new).state_dict()
    places = [(layer + 1) * new.layers // old.layers - 1 for layer in range(old.layers)]
    for name, tensor in weights.items():
        if name.startswith("blocks."):
            _, layer, rest = name.split(".", 2)
            name = f"blocks.{places[int(layer)]}.{rest}"
        target = fresh[name]
        if target.shape != tensor.shape:
            if name.endswith("down.weight"):
                target.zero_()
            target[tuple(slice(size) for size in tensor.shape)] = tensor
        else:
            target.copy_(tensor)
    return fresh
