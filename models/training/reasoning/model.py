"""A frozen planner with a LoRA adapter: the base reads prompts, the adapter writes what follows.

Keys and values of prompts come from the base without gradients, those of tools only once in a run; what is
written goes through the adapter and back. That is how the runtime computes it, and most of the work of a
training step falls away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

from ..attention import segment_attention
from ..model import Block, ModelShape, PlannerModel
from .packing import Page

Tensor = torch.Tensor
Cells = list[tuple[Tensor, Tensor]]
"""Keys (rotated) and values of every layer, each [tokens, heads, head width], bf16."""

PARTS = ("query", "key", "value", "output", "gate", "up", "down")


class Adapter(nn.Module):
    """Pairs of matrices for every matrix of every layer; B starts at zero, so that nothing is changed yet."""

    def __init__(self, shape: ModelShape, rank: int) -> None:
        super().__init__()
        self.rank = rank
        self.a, self.b = nn.ParameterDict(), nn.ParameterDict()
        with torch.device("meta"):
            block = Block(shape)
        for number in range(shape.layers):
            for part in PARTS:
                rows, columns = getattr(block, part).weight.shape
                self.a[f"{number}_{part}"] = nn.Parameter(torch.randn(rank, columns) / math.sqrt(columns))
                self.b[f"{number}_{part}"] = nn.Parameter(torch.zeros(rows, rank))

    def of(self, layer: int) -> dict[str, tuple[Tensor, Tensor]]:
        """The pairs of one layer, by the name of the matrix."""
        return {part: (self.a[f"{layer}_{part}"], self.b[f"{layer}_{part}"]) for part in PARTS}


class AdaptedPlanner:
    """The base, and the arithmetic of both, in bf16 on one thread; layers are compiled once for all.

    compiled: False computes operation by operation, slower, but at once.
    """

    def __init__(self, base: PlannerModel, compiled: bool = True) -> None:
        self.shape = base.shape
        self.base = base.requires_grad_(False)
        self.blocks = [block for block in base.blocks if isinstance(block, Block)]
        make: Callable[..., Callable[..., tuple[Tensor, Tensor, Tensor]]] = _layer_of
        layer, loss = make(self.blocks[0]), _loss
        self._layer = torch.compile(layer, dynamic=False) if compiled else layer
        self._loss = torch.compile(loss, dynamic=False) if compiled else loss
        self._parameters = [dict(block.named_parameters()) for block in self.blocks]

    def read(self, page: Page, cells: Cells) -> Cells:
        """Cells of all that the page holds, read by the base; `cells` are those that it looks back at."""
        with torch.no_grad():
            return self._run(page, cells, None)[1]

    def write(self, page: Page, cells: Cells, adapter: Adapter) -> Tensor:
        """The last layer's normalised stream, [tokens, width], under the adapter."""
        return self._run(page, cells, adapter)[0]

    def loss(self, page: Page, cells: Cells, adapter: Adapter) -> Tensor:
        """Mean cross-entropy (nats) of the page's targets, written under the adapter."""
        hidden = self.write(page, cells, adapter)
        with torch.autocast("cpu", torch.bfloat16):
            loss: Tensor = self._loss(hidden, self.base.embedding.weight, page.target, page.weight)
        return loss

    def _run(self, page: Page, cells: Cells, adapter: Adapter | None) -> tuple[Tensor, Cells]:
        angles = page.positions[:, None].float() * self.base.frequencies
        angles = torch.cat([angles, angles], -1)[None, :, None]
        cos, sin = angles.cos(), angles.sin()
        x = F.embedding(page.tokens, self.base.embedding.weight)[None]
        made: Cells = []
        with torch.autocast("cpu", torch.bfloat16):
            for number, parameters in enumerate(self._parameters):
                pairs = adapter.of(number) if adapter else {}
                x, k, v = self._layer(x, cos, sin, parameters, pairs, *cells[number], page.table, page.seen)
                made.append((k, v))
            normalised: Tensor = self.base.norm(x[0])
        return normalised, made


def _layer_of(block: Block) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    """The arithmetic of a layer, on any layer's parameters."""

    def layer(
        x: Tensor,
        cos: Tensor,
        sin: Tensor,
        parameters: Mapping[str, Tensor],
        pairs: Mapping[str, tuple[Tensor, Tensor]],
        keys: Tensor,
        values: Tensor,
        table: Tensor,
        seen: int,
    ) -> tuple[Tensor, Tensor, Tensor]:
        own: list[Tensor] = []

        def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            own.extend((k[0], v[0]))
            every = torch.cat([k[0], keys]), torch.cat([v[0], values])
            mixed: Tensor = segment_attention(q[0], *every, table, seen)[0]
            return mixed[None]

        whole = dict(parameters)
        for part, (a, b) in pairs.items():
            # As one matrix: its products are faster than two narrow ones for each token.
            whole[f"{part}.weight"] = whole[f"{part}.weight"] + b @ a
        x = functional_call(block, whole, (x, cos, sin, attend))
        return x, own[0], own[1]

    return layer


def _loss(hidden: Tensor, embedding: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    logits = F.linear(hidden, embedding).float()
    losses = F.cross_entropy(logits, target, reduction="none")
    mean: Tensor = (losses * weight).sum() / weight.sum()
    return mean
