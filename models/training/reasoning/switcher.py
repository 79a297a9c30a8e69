"""Trains the switcher: reasoning problems against ordinary requests of the corpus."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from ...switcher import SIZE, features
from ..augment import lower_case
from ..corpus import Corpus, load_corpus
from .problems import problems

ORDINARY_THAT_THINK = 0.04
"""The part of ordinary requests for which the threshold is set, on a tenth of the wordings kept apart."""
DROPPED = 0.4
"""The part of a request's features that is hidden in training, so that no single one decides."""


def train_switcher(corpus: Path, out: Path, count: int = 12_000) -> None:
    """Fit the weights, and print how they do on what is held out of both."""
    wanted = [problem.request for problem in islice(problems(3, held_out=False), count)]
    others = ordinary_requests(load_corpus(corpus), count)
    kept = [text for text in others if zlib.crc32(" ".join(text.split()[:3]).encode()) % 10 == 0]
    weights = _fit(wanted, [text for text in others if text not in set(kept)])
    scores = sorted(float(weights[features(text)].sum()) for text in kept)
    bias = -scores[int((1 - ORDINARY_THAT_THINK) * len(scores))]
    np.savez_compressed(out, weights=weights.astype(np.float16), bias=np.float32(bias))
    unseen = [problem.request for problem in islice(problems(20260101, held_out=True), 500)]
    plain = ordinary_requests(load_corpus(corpus, held_out=True), 2000)

    def share(requests: Sequence[str]) -> float:
        thought = [float(weights[features(text)].sum()) + bias > 0 for text in requests]
        return sum(thought) / len(thought)

    print(f"held-out reasoning requests that think: {share(unseen):.1%} of {len(unseen)}")
    print(f"held-out ordinary requests that think: {share(plain):.1%} of {len(plain)}")


def ordinary_requests(corpus: Corpus, count: int, seed: int = 0) -> list[str]:
    """Requests as they come without anything to work out."""
    rng = random.Random(seed)
    packs = [pack for pack in (*corpus.builtin, *corpus.others) if pack.entries]
    requests: list[str] = []
    while len(requests) < count:
        pack = rng.choice(packs)
        example = lower_case(pack.expand(rng.choice(pack.entries), rng), rng)
        requests.append(example.query)
    return requests


def _fit(wanted: Sequence[str], others: Sequence[str], rounds: int = 8) -> np.ndarray:
    torch.manual_seed(0)
    rows = [(features(text), 1.0) for text in wanted] + [(features(text), 0.0) for text in others]
    random.Random(0).shuffle(rows)
    weights = torch.nn.EmbeddingBag(SIZE, 1, mode="sum")
    torch.nn.init.zeros_(weights.weight)
    bias = torch.nn.Parameter(torch.zeros(1))
    chance = np.random.default_rng(0)
    optimizer = torch.optim.AdamW([*weights.parameters(), bias], lr=0.02, weight_decay=0.01)
    for _ in range(rounds):
        for start in range(0, len(rows), 256):
            batch = rows[start : start + 256]
            shown = [row[chance.random(len(row)) > DROPPED] for row, _ in batch]
            indices = torch.from_numpy(np.concatenate(shown))
            offsets = torch.tensor([0, *np.cumsum([len(row) for row in shown])[:-1]])
            logits = weights(indices, offsets)[:, 0] + bias
            target = torch.tensor([label for _, label in batch])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    fitted: np.ndarray = weights.weight.detach().numpy()[:, 0]
    return fitted
