"""The planner network: a Qwen3-shaped decoder that llama.cpp runs as it is, in plain PyTorch.

RMSNorm, rotary positions (halves rotated, llama.cpp's NEOX type), normalised queries and keys, SwiGLU, tied
embeddings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .attention import attention


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes of the network. `width` and `feed_forward` should be multiples of 256 so that K-quants apply."""

    vocabulary: int
    width: int = 256
    layers: int = 10
    heads: int = 4
    feed_forward: int = 768
    rope_base: float = 10000.0
    norm_epsilon: float = 1e-6

    @property
    def head_width(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads


class Block(nn.Module):
    """One layer: attention, then the feed-forward network, each on a normalised copy of the stream."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        width, ff = shape.width, shape.feed_forward
        self.heads, self.head_width = shape.heads, shape.head_width
        self.attention_norm = nn.RMSNorm(width, eps=shape.norm_epsilon)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.query_norm = nn.RMSNorm(self.head_width, eps=shape.norm_epsilon)
        self.key_norm = nn.RMSNorm(self.head_width, eps=shape.norm_epsilon)
        self.feed_forward_norm = nn.RMSNorm(width, eps=shape.norm_epsilon)
        self.gate = nn.Linear(width, ff, bias=False)
        self.up = nn.Linear(width, ff, bias=False)
        self.down = nn.Linear(ff, width, bias=False)

    def forward(
        self,
        x: torch.Tensor,
        cos: torch.Tensor,
        sin: torch.Tensor,
        attend: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor],
    ) -> torch.Tensor:
        """x: [rows, row, width], tool rows first; `attend` as `attention.attention` makes it."""
        rows, length, width = x.shape
        h = self.attention_norm(x)

        def heads(y: torch.Tensor) -> torch.Tensor:
            return y.view(rows, length, self.heads, self.head_width)

        v = heads(self.value(h))
        q = rotate(self.query_norm(heads(self.query(h))), cos, sin).to(v.dtype)
        k = rotate(self.key_norm(heads(self.key(h))), cos, sin).to(v.dtype)
        x = x + self.output(attend(q, k, v).reshape(rows, length, width))
        h = self.feed_forward_norm(x)
        return torch.add(x, self.down(F.silu(self.gate(h)) * self.up(h)))


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary position embedding; x: [rows, row, heads, head width], cos, sin: [rows, row, 1, head width]."""
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


class PlannerModel(nn.Module):
    """Embeddings, layers and a tied output; `forward` is the training loss."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        nn.init.normal_(self.embedding.weight, std=0.02)
        for block in self.blocks:
            for name, parameter in block.named_parameters():
                if parameter.dim() == 2:
                    zero = name.startswith(("output", "down"))  # the stream starts as the embeddings alone
                    nn.init.normal_(parameter, std=0.0 if zero else 0.5 / math.sqrt(parameter.shape[1]))
        self.frequencies: torch.Tensor
        exponents = torch.arange(0, shape.head_width, 2).float() / shape.head_width
        self.register_buffer("frequencies", shape.rope_base**-exponents, persistent=False)

    def hidden(
        self,
        tokens: torch.Tensor,
        positions: torch.Tensor,
        segments: torch.Tensor,
        sees: torch.Tensor,
        table: torch.Tensor,
    ) -> torch.Tensor:
        """Last layer's normalised stream, [rows, row, width]; arguments as in `packing.Batch`."""
        attend = attention(segments, sees, table, self.shape.head_width)
        angles = positions[..., None].float() * self.frequencies
        angles = torch.cat([angles, angles], -1)[:, :, None]
        cos, sin = angles.cos(), angles.sin()
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, cos, sin, attend)
        normalised: torch.Tensor = self.norm(x)
        return normalised

    def forward(
        self,
        tokens: torch.Tensor,
        positions: torch.Tensor,
        segments: torch.Tensor,
        sees: torch.Tensor,
        table: torch.Tensor,
        target_index: torch.Tensor,
        target: torch.Tensor,
        weight: torch.Tensor,
    ) -> torch.Tensor:
        """Mean cross-entropy (nats) over the weighted targets; arguments as in `packing.Batch`."""
        hidden = self.hidden(tokens, positions, segments, sees, table).flatten(0, 1)[target_index]
        logits = F.linear(hidden, self.embedding.weight.to(hidden.dtype)).float()
        losses = F.cross_entropy(logits, target, reduction="none")
        mean: torch.Tensor = (losses * weight).sum() / weight.sum()
        return mean
