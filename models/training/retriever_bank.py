"""The loss of the text encoder: a request must lie closer to each of its tools than to others of its pool.

Other tools are not read anew at each step: their vectors come from a bank, into which a slice of tools is
read again at every step; only a request's own tools and the worst confusions are read with a gradient. A
request of several parts is as close to a tool as its closest part, which is how retrieval looks it up, so
nobody has to say which part needs which tool.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from tokenizers import Tokenizer
from torch import Tensor

from ...retrieval.text import tool_text
from .retriever_data import Pool, Question
from .retriever_model import Encoder

MOST_TOKENS = 48
TOKENS_AT_ONCE = 1024

HARD_NEGATIVES = 16
READ_AGAIN = 8
SCALE = 20.0
BACK = 0.3
"""What it counts that a tool lies closer to its requests than to others': none may be close to everything."""
WITHOUT_PARAMETERS = 0.2
WITHOUT_DESCRIPTION = 0.1
WITH_GROUP = 0.25


class Reader:
    """Texts to token ids, and to vectors."""

    def __init__(self, encoder: Encoder, tokenizer: Tokenizer) -> None:
        self.encoder = encoder
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors (texts, width). Texts of like length are read together, so that little is padding."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        read = []
        with torch.autocast("cpu", torch.bfloat16):
            for places in _chunks(order, ids):
                chunk = [torch.tensor(ids[place]) for place in places]
                padded = torch.nn.utils.rnn.pad_sequence(chunk, batch_first=True)
                lengths = torch.tensor([len(row) for row in chunk])
                mask = (torch.arange(padded.shape[1]) < lengths[:, None]).long()
                read.append(self.encoder(padded, mask))
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(read)[back]


class Bank:
    """A pool's tools with the vectors that they had when they were last read; None: they are read now."""

    def __init__(self, pool: Pool, reader: Reader, rng: random.Random, vectors: Tensor | None = None) -> None:
        self.pool = pool
        self._reader, self._rng = reader, rng
        self._texts = [tool_text(tool) for tool in pool.tools]
        self._next = 0
        if vectors is None or len(vectors) != len(self._texts):
            with torch.no_grad():
                vectors = reader.vectors(self._texts)
        self.vectors = vectors

    def loss(self, questions: Sequence[Question]) -> Tensor:
        """How far the requests are from standing closest to their own tools; reads some tools anew."""
        self._read_slice()
        requests = self._reader.vectors([text for question in questions for text in question.texts])
        wanted = torch.zeros(len(questions), len(self._texts), dtype=torch.bool)
        for row, question in enumerate(questions):
            wanted[row, list(question.tools)] = True
        with torch.no_grad():
            stale = closest(requests @ self.vectors.T, questions)
        fresh = self._to_read(stale, wanted)
        vectors = self._reader.vectors([self._shown(number) for number in fresh])
        known = self.vectors.clone().index_put((torch.tensor(fresh),), vectors)
        logits = closest(requests @ known.T, questions) * SCALE
        self.vectors[fresh] = vectors.detach()
        own = wanted.any(0)
        return far(logits, wanted) + BACK * far(logits[:, own].T, wanted[:, own].T)

    def _to_read(self, stale: Tensor, wanted: Tensor) -> list[int]:
        """The requests' own tools, and those that most of them are taken for."""
        confused = Counter(stale.masked_fill(wanted, -2.0).topk(3).indices.flatten().tolist())
        own = wanted.any(0).nonzero().flatten().tolist()
        worst = [number for number, _ in confused.most_common(HARD_NEGATIVES)]
        return list(dict.fromkeys([*own, *worst]))

    def _shown(self, number: int) -> str:
        """Its text; sometimes less of it, for others describe their tools in less detail, and sometimes with
        the group that it belongs to first, as tools of MCP servers are named.
        """
        text = self._texts[number]
        if self.pool.groups and self._rng.random() < WITH_GROUP:
            text = f"{self.pool.groups[number]} {text}".lstrip()
        name, _, rest = text.partition(". ")
        drawn = self._rng.random()
        if drawn < WITHOUT_PARAMETERS:
            return text.partition(" | ")[0]
        if drawn > 1 - WITHOUT_DESCRIPTION:
            return f"{name} | {rest.partition(' | ')[2]}"
        return text

    @torch.no_grad()
    def _read_slice(self) -> None:
        numbers = [(self._next + n) % len(self._texts) for n in range(READ_AGAIN)]
        self._next = numbers[-1] + 1
        self.vectors[numbers] = self._reader.vectors([self._texts[number] for number in numbers])


def far(logits: Tensor, wanted: Tensor) -> Tensor:
    """How far what is wanted is from standing above the rest of its row, on average."""
    others = logits.masked_fill(wanted, float("-inf")).logsumexp(1, keepdim=True)
    return (torch.logaddexp(logits, others) - logits)[wanted].mean()


def closest(scores: Tensor, questions: Sequence[Question]) -> Tensor:
    """Scores of parts (parts, tools) to scores of requests (requests, tools): the best part counts."""
    starts = [0]
    for question in questions:
        starts.append(starts[-1] + len(question.texts))
    return torch.stack([scores[a:b].amax(0) for a, b in pairwise(starts)])


def _chunks(order: Sequence[int], ids: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """`order`, which goes from short to long, in pieces that are small enough to be read at once."""
    chunk: list[int] = []
    for place in order:
        if chunk and (len(chunk) + 1) * len(ids[place]) > TOKENS_AT_ONCE:
            yield chunk
            chunk = []
        chunk.append(place)
    yield chunk
