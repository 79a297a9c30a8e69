"""The text encoder that retrieval runs: a BERT such as all-MiniLM-L6-v2, in plain PyTorch.

It is written out here so that training and export need neither transformers nor its download machinery; the
parameters carry the names of the sentence-transformers file, so that it loads and saves as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """Sizes as in a BERT's config.json; the defaults are all-MiniLM-L6-v2's."""

    vocabulary: int = 30522
    width: int = 384
    layers: int = 6
    heads: int = 12
    feed_forward: int = 1536
    positions: int = 512


class Encoder(nn.Module):
    """Token ids (batch, length) and their mask, 0 for padding, to unit vectors (batch, width)."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.shape = shape
        self.embeddings = _Embeddings(shape)
        self.encoder = _Layers(shape)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden = self.embeddings(ids)
        visible = mask[:, None, None, :].bool()
        for layer in self.encoder.layer:
            hidden = layer(hidden, visible)
        weights = mask[:, :, None].to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1)
        return functional.normalize(mean.float(), dim=-1)


class _Layers(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.layer = nn.ModuleList(_Layer(shape) for _ in range(shape.layers))


class _Embeddings(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(shape.vocabulary, shape.width)
        self.position_embeddings = nn.Embedding(shape.positions, shape.width)
        self.token_type_embeddings = nn.Embedding(2, shape.width)
        self.LayerNorm = nn.LayerNorm(shape.width, eps=1e-12)

    def forward(self, ids: Tensor) -> Tensor:
        positions = self.position_embeddings.weight[: ids.shape[1]]
        summed = self.word_embeddings(ids) + positions + self.token_type_embeddings.weight[0]
        normal: Tensor = self.LayerNorm(summed)
        return normal


class _Layer(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.attention = _Attention(shape)
        self.intermediate = _Linear(shape.width, shape.feed_forward)
        self.output = _Addition(shape.feed_forward, shape.width)

    def forward(self, hidden: Tensor, visible: Tensor) -> Tensor:
        hidden = self.attention(hidden, visible)
        added: Tensor = self.output(functional.gelu(self.intermediate.dense(hidden)), hidden)
        return added


class _Attention(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.heads = shape.heads
        projections = {name: nn.Linear(shape.width, shape.width) for name in ("query", "key", "value")}
        self.add_module("self", nn.ModuleDict(projections))
        self.output = _Addition(shape.width, shape.width)

    def forward(self, hidden: Tensor, visible: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        query, key, value = (
            project(hidden).view(batch, length, self.heads, -1).transpose(1, 2)
            for project in self.get_submodule("self").children()
        )
        # Written out: for texts this short, PyTorch's own on a CPU takes as long as all else together.
        fit = (query @ key.transpose(2, 3)).float() * query.shape[-1] ** -0.5
        mixed = fit.masked_fill(~visible, -1e4).softmax(-1).to(value.dtype) @ value
        added: Tensor = self.output(mixed.transpose(1, 2).reshape(batch, length, width), hidden)
        return added


class _Linear(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.dense = nn.Linear(before, after)


class _Addition(_Linear):
    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after)
        self.LayerNorm = nn.LayerNorm(after, eps=1e-12)

    def forward(self, change: Tensor, hidden: Tensor) -> Tensor:
        normal: Tensor = self.LayerNorm(self.dense(change) + hidden)
        return normal


def load_encoder(folder: Path) -> Encoder:
    """The encoder of a sentence-transformers folder: `config.json` and `model.safetensors`."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    shape = EncoderShape(
        vocabulary=config["vocab_size"],
        width=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        feed_forward=config["intermediate_size"],
        positions=config["max_position_embeddings"],
    )
    encoder = Encoder(shape)
    stored = read_safetensors(folder / "model.safetensors")
    encoder.load_state_dict({name: stored[name] for name in encoder.state_dict()})
    return encoder.eval()


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The float32 tensors of a safetensors file: a length (8 bytes), a JSON header, then the numbers."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if isinstance(entry, dict) and entry.get("dtype") == "F32":
            first, last = entry["data_offsets"]
            numbers = np.frombuffer(data, np.float32, (last - first) // 4, start + first)
            tensors[name.removeprefix("bert.")] = torch.from_numpy(numbers.reshape(entry["shape"]).copy())
    return tensors
