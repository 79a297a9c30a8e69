"""`python -m scrubjay.models.training.retriever_known`: learns which requests ask for which built-in tool.

From the training templates of the built-in packs: a table of phrases, and a vector for each tool, in the
space of the encoder's vectors of requests. How much each of the two counts is found on a share of the
templates that they have not seen; then they learn from all. About a minute of one processor.
"""

from __future__ import annotations

import argparse
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from ...retrieval.embedder import WEIGHTS, OnnxEmbedder, Vectors
from ...retrieval.known import SLOTS, evidence, phrase_slots, tool_key
from ...retrieval.parts import whole_and_parts
from ...retrieval.text import tool_text
from ...tools.tool import Tool
from .corpus import Corpus, load_corpus
from .retriever_fit import regression

CALIBRATION_ONE_IN = 7
EXPANSIONS = 2
"""Of each template for the phrases, so that what stands in its slots tells little."""
HEARD = 0.9
"""The share of a request's phrases that is read at a time, so that none is relied on alone."""
USUAL, FAR = -3.0, -9.0
"""Log-odds of a tool before anything is said; and of one whose vector is at a right angle to the request."""
SHARPNESS = 12.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests with the tools that they need.

    texts: several expansions of each. parts: of its first. vectors: of those (parts, width). wanted:
    (requests, tools). aside: whether it is kept for calibration.
    """

    texts: list[list[str]]
    parts: list[list[str]]
    vectors: list[Vectors]
    wanted: Tensor
    aside: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Learned:
    """phrases: (SLOTS, tools). directions: (tools, width)."""

    phrases: Vectors
    directions: Vectors

    def evidence(self, parts: Sequence[str], vectors: Vectors) -> Vectors:
        """What speaks for each tool (tools, 3)."""
        said = [self.phrases[phrase_slots(part)].sum(axis=0) for part in parts]
        return evidence(said, vectors @ self.directions.T)


def read_requests(corpus: Corpus, embedder: OnnxEmbedder, rng: random.Random) -> Asked:
    """Every training template of the built-in packs."""
    places = {name: place for place, name in enumerate(corpus.builtin_tools)}
    entries = [(pack, entry) for pack in corpus.builtin for entry in pack.entries if entry.plan]
    texts = [[pack.expand(entry, rng).query for _ in range(EXPANSIONS)] for pack, entry in entries]
    parts = [whole_and_parts(each[0]) for each in texts]
    flat = embedder.embed([part for each in parts for part in each])
    starts = list(accumulate(map(len, parts)))
    wanted = torch.zeros(len(entries), len(places))
    for row, (_, entry) in enumerate(entries):
        wanted[row, [places[call.tool] for call in entry.plan]] = 1
    aside = [zlib.crc32(f"known:{entry.query}".encode()) % CALIBRATION_ONE_IN == 0 for _, entry in entries]
    return Asked(texts, parts, np.split(flat, starts[:-1]), wanted, np.array(aside))


def learn(asked: Asked, rows: Sequence[int], texts_of_tools: Vectors, rng: random.Random) -> Learned:
    """Both witnesses, from these rows. texts_of_tools: where the tools' own vectors begin."""
    return Learned(_phrases(asked, rows, rng), _directions(asked, rows, texts_of_tools, rng))


def _phrases(asked: Asked, rows: Sequence[int], rng: random.Random) -> Vectors:
    slots = [(phrase_slots(text), row) for row in rows for text in asked.texts[row]]
    table = torch.zeros(SLOTS, asked.wanted.shape[1], requires_grad=True)
    usual = torch.full((asked.wanted.shape[1],), USUAL, requires_grad=True)
    optimizer = torch.optim.AdamW([table, usual], lr=5e-3, weight_decay=0.01)
    for _ in range(5):
        rng.shuffle(slots)
        for start in range(0, len(slots), 256):
            some = slots[start : start + 256]
            heard = [[slot for slot in each if rng.random() < HEARD] for each, _ in some]
            flat = torch.tensor([slot for each in heard for slot in each])
            starts = torch.tensor([0, *accumulate(map(len, heard))][:-1])
            odds = functional.embedding_bag(flat, table, starts, mode="sum") + usual
            _step(optimizer, odds, asked.wanted[[row for _, row in some]])
    return table.detach().numpy()


def _directions(asked: Asked, rows: Sequence[int], texts_of_tools: Vectors, rng: random.Random) -> Vectors:
    """A vector for each tool (tools, width): a request needs it as far as one of its parts lies along it."""
    directions = torch.tensor(SHARPNESS * texts_of_tools).requires_grad_()
    usual = torch.full((len(texts_of_tools),), FAR, requires_grad=True)
    optimizer = torch.optim.AdamW([directions, usual], lr=0.03, weight_decay=0.02)
    order = list(rows)
    passes = 12
    for number in range(passes):
        rng.shuffle(order)
        for group in optimizer.param_groups:
            group["lr"] = 0.03 * (1 - number / passes)
        for start in range(0, len(order), 128):
            some = order[start : start + 128]
            parts = torch.nn.utils.rnn.pad_sequence(
                [torch.from_numpy(asked.vectors[row]) for row in some], batch_first=True
            )
            there = parts.abs().sum(2) > 0
            odds = (parts @ directions.T).masked_fill(~there[:, :, None], float("-inf")).amax(1) + usual
            _step(optimizer, odds, asked.wanted[some])
    return directions.detach().numpy()


def _step(optimizer: torch.optim.Optimizer, odds: Tensor, wanted: Tensor) -> None:
    loss = functional.binary_cross_entropy_with_logits(odds, wanted, reduction="sum") / len(wanted)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def calibrate(asked: Asked, learned: Learned) -> npt.NDArray[np.float64]:
    """What each kind of evidence counts, and an offset for all tools, on the requests that were set aside."""
    rows = np.flatnonzero(asked.aside).tolist()
    told = np.concatenate([learned.evidence(asked.parts[row], asked.vectors[row]) for row in rows])
    table = np.c_[told, np.ones(len(told))].astype(np.float64)
    needed = asked.wanted[rows].numpy() > 0
    coefficients = regression(table, needed.reshape(-1).astype(np.float64))
    odds = (table @ coefficients).reshape(len(rows), -1)
    for threshold in (-4.0, -4.5, -5.0, -5.5):
        handed = odds >= threshold
        share, mean = (handed | ~needed).all(axis=1).mean(), handed.sum(axis=1).mean()
        print(f"from {threshold}: {share:.3f} have all they need, {mean:.2f} tools", flush=True)
    return coefficients


def main() -> None:
    """Learn and write."""
    parser = argparse.ArgumentParser(
        prog="python -m scrubjay.models.training.retriever_known", description=__doc__
    )
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--encoder", type=Path, default=WEIGHTS, help="the folder of the encoder")
    parser.add_argument("--out", type=Path, default=WEIGHTS / "known.npz")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    corpus, rng, embedder = load_corpus(arguments.corpus), random.Random(0), OnnxEmbedder(arguments.encoder)
    tools = [Tool.from_schema(schema) for schema in corpus.builtin_tools.values()]
    asked = read_requests(corpus, embedder, rng)
    print(f"{len(asked.texts)} requests", flush=True)
    own = embedder.embed([tool_text(tool) for tool in tools])
    weights = calibrate(asked, learn(asked, np.flatnonzero(~asked.aside).tolist(), own, rng))
    learned = learn(asked, range(len(asked.texts)), own, rng)
    scales = (abs(learned.phrases).max(axis=0) / 127).astype(np.float32)
    np.savez_compressed(
        arguments.out,
        phrases=np.round(learned.phrases / scales).astype(np.int8),
        scales=scales,
        directions=learned.directions.astype(np.float16),
        offsets=np.full(len(tools), weights[3], np.float32),
        weights=weights[:3].astype(np.float32),
        keys=np.array([tool_key(tool) for tool in tools]),
        encoder=np.array(embedder.fingerprint),
    )
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes, weights {weights.round(2).tolist()}")


if __name__ == "__main__":
    main()
