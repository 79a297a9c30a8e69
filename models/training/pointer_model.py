"""The pointer's network: retrieval's kind of encoder over request and tool together, and what it says.

The state over a [MASK] (`..pointer.LaidOut`) asks for its parameter, those over the request's tokens answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ..pointer import MOST_PARAMETERS, LaidOut, PointerTokens
from .pointer_data import PointerExample
from .retriever_model import Encoder

WIDTH = 192
"""Of the space in which parameters and words meet."""


class Pointer(nn.Module):
    """What the encoder's states say of each parameter: where its value stands."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.shape.width
        self.nowhere = nn.Linear(width, 2)
        self.asking = nn.Linear(width, 2 * WIDTH)
        self.answering = nn.Linear(width, 2 * WIDTH)

    def forward(self, ids: Tensor, mask: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """ids, mask: [batch, length], mask 0 for padding; parameters: [batch, most], where the [MASK]s are.

        Logits of: absent, elsewhere [batch, most, 2]; each token as the first
        and as the last of a value [batch, most, length].
        """
        return self.read(self.encoder.embeddings.word_embeddings(ids), mask, parameters)

    def read(self, words: Tensor, mask: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same from word embeddings [batch, length, width], as the exported file does it."""
        embeddings = self.encoder.embeddings
        places = embeddings.position_embeddings.weight[: words.shape[1]]
        states = embeddings.LayerNorm(words + places + embeddings.token_type_embeddings.weight[0])
        visible = mask[:, None, None, :].bool()
        for layer in self.encoder.encoder.layer:
            states = layer(states, visible)
        asked = torch.gather(states, 1, parameters[:, :, None].expand(-1, -1, states.shape[-1]))
        first, last = self.asking(asked).chunk(2, -1)
        first_of, last_of = self.answering(states).chunk(2, -1)
        scale = WIDTH**-0.5
        return (
            self.nowhere(asked),
            (first @ first_of.transpose(1, 2)) * scale,
            (last @ last_of.transpose(1, 2)) * scale,
        )


@dataclass(frozen=True, slots=True)
class PointerBatch:
    """Arrays of one step.

    ids, mask: [batch, length]; parameters: [batch, most], asked: whether there is one.
    words: [batch, length], which are the request's. nowhere: [batch, most, 2], first, last:
    [batch, most, length], 1 for what is right.
    """

    ids: Tensor
    mask: Tensor
    parameters: Tensor
    asked: Tensor
    words: Tensor
    nowhere: Tensor
    first: Tensor
    last: Tensor


def pointer_loss(model: Callable[..., tuple[Tensor, ...]], batch: PointerBatch) -> Tensor:
    """Cross-entropy (nats) of each value's first word, or that it has none, and of its last word; means."""
    nowhere, first, last = (x.float() for x in model(batch.ids, batch.mask, batch.parameters))
    outside = ~batch.words[:, None, :]
    first, last = first.masked_fill(outside, -1e4), last.masked_fill(outside, -1e4)
    at_first = torch.cat([nowhere, first], -1).log_softmax(-1)
    right = torch.cat([batch.nowhere, batch.first], -1)
    begins = -torch.logsumexp(at_first.masked_fill(right == 0, -1e4), -1)
    ends = -torch.logsumexp(last.log_softmax(-1).masked_fill(batch.last == 0, -1e4), -1)
    weight = batch.asked.float()
    spans = weight * (batch.first.sum(-1) > 0)
    of_first = (begins * weight).sum() / weight.sum().clamp(min=1)
    of_last = (ends * spans).sum() / spans.sum().clamp(min=1)
    total: Tensor = of_first + of_last
    return total


class PointerReader:
    """Examples to arrays."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokens = PointerTokens(tokenizer)

    def batch(self, examples: Sequence[PointerExample], length: int) -> PointerBatch | None:
        """Arrays of those examples that fit into `length` tokens; None when none does."""
        rows = [row for example in examples if (row := self._row(example, length)) is not None]
        if not rows:
            return None
        return PointerBatch(*(torch.from_numpy(np.stack(arrays)) for arrays in zip(*rows, strict=True)))

    def tokens(self, example: PointerExample) -> int | None:
        """How long an example is; None: its request is too long."""
        laid_out = self._laid_out(example)
        return None if laid_out is None else len(laid_out.ids)

    def _laid_out(self, example: PointerExample) -> LaidOut | None:
        return self._tokens.lay_out(example.request, example.tool, example.parameters[:MOST_PARAMETERS])

    def _row(self, example: PointerExample, length: int) -> tuple[Any, ...] | None:
        laid_out = self._laid_out(example)
        if laid_out is None or len(laid_out.ids) > length:
            return None
        ids, offsets = laid_out.ids, laid_out.offsets
        places = np.zeros(MOST_PARAMETERS, np.int64)
        places[: len(laid_out.parameters)] = laid_out.parameters
        row, mask = np.zeros(length, np.int64), np.zeros(length, np.int64)
        row[: len(ids)], mask[: len(ids)] = ids, 1
        words = np.zeros(length, bool)
        words[1 : 1 + len(offsets)] = True
        nowhere = np.zeros((MOST_PARAMETERS, 2), np.int64)
        first, last = (np.zeros((MOST_PARAMETERS, length), np.int64) for _ in range(2))
        begins = {start: place for place, (start, _) in enumerate(offsets, 1)}
        ends = {end: place for place, (_, end) in enumerate(offsets, 1)}
        for number, pointed in enumerate(example.pointed[:MOST_PARAMETERS]):
            nowhere[number] = pointed.absent, pointed.elsewhere
            for start, end in pointed.spans:
                if start in begins and end in ends:
                    first[number, begins[start]] = last[number, ends[end]] = 1
        known = nowhere.sum(-1) + first.sum(-1) > 0
        return row, mask, places, known, words, nowhere, first, last
