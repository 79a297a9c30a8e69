"""`python -m scrubjay.models.training.retriever_asking`: learns the matrix of `retrieval.asking`.

From the same requests as the encoder, among them pairs of MetaTool's joined into one, with the encoder as it
is: each request is read once, so that 250 steps take seconds. Reading takes two minutes of one processor.
Some of the requests, turned, are kept, and what they say against tools is there from the first step on.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ...retrieval.asking import nearest
from ...retrieval.embedder import WEIGHTS, OnnxEmbedder
from ...retrieval.text import tool_text
from .corpus import load_corpus
from .retriever_bank import SCALE, closest, far
from .retriever_data import Pool, Question, load_pools

REQUESTS = {"metatool": 5000, "pairs": 1500, "packs": 4000, "builtin": 2500}
"""How many are read from each pool."""
SHARES = {"metatool": 0.35, "pairs": 0.25, "packs": 0.25, "builtin": 0.15}
"""Of the steps."""
KEPT = {"packs": 1000, "builtin": 150, "metatool": 350}
"""How many of the requests are kept, to tell how close a tool lies to requests of all kinds."""
CROWDING_EVERY = 25
CROWDING = 0.4
"""What it counts in learning; in use it counts half of that, which suits requests for two tools best."""
STEPS = 250
AT_ONCE = 192
RATE = 1e-3
WARMUP = 20


@dataclass(frozen=True, slots=True)
class Drawn:
    """Requests of one pool with the vectors of their texts, and the vectors of the pool's tools."""

    questions: Sequence[Question]
    vectors: Sequence[Tensor]
    tools: Tensor

    def loss(self, rows: Sequence[int], turn: Tensor, crowding: Tensor) -> Tensor:
        """How far these requests, turned, are from standing closest to their own tools.

        crowding: how close each tool lies to requests of all kinds (tools,).
        """
        some = [self.questions[row] for row in rows]
        turned = functional.normalize(torch.cat([self.vectors[row] for row in rows]) @ turn, dim=-1)
        logits = closest(turned @ self.tools.T - CROWDING * crowding, some) * SCALE
        wanted = torch.zeros_like(logits, dtype=torch.bool)
        for row, question in enumerate(some):
            wanted[row, list(question.tools)] = True
        return far(logits, wanted)


def draw(pool: Pool, count: int, embedder: OnnxEmbedder, rng: random.Random) -> Drawn:
    """`count` requests of a pool, read."""
    questions = pool.draw(count, rng)
    flat = torch.from_numpy(embedder.embed([text for question in questions for text in question.texts]))
    tools = torch.from_numpy(embedder.embed([tool_text(tool) for tool in pool.tools]))
    print(f"{pool.name}: {len(questions)} requests", flush=True)
    starts = [0, *accumulate(len(question.texts) for question in questions)]
    return Drawn(questions, [flat[start:end] for start, end in pairwise(starts)], tools)


def kept(drawn: dict[str, Drawn], rng: random.Random) -> Tensor:
    """Requests of all kinds (requests, width), whole."""
    return torch.stack(
        [vectors[0] for name, count in KEPT.items() for vectors in rng.sample(drawn[name].vectors, count)]
    )


def learn(drawn: dict[str, Drawn], requests: Tensor, rng: random.Random) -> Tensor:
    """The matrix (width, width): a row vector of a request goes in front of it. requests: those kept."""
    width = next(iter(drawn.values())).tools.shape[1]
    turn = torch.eye(width, requires_grad=True)
    optimizer = torch.optim.AdamW([turn], lr=RATE, weight_decay=0.0)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARMUP) * (1 - step / STEPS)
        if step % CROWDING_EVERY == 0:
            turned = functional.normalize(requests @ turn.detach(), dim=-1)
            crowding = {
                name: torch.from_numpy(nearest((one.tools @ turned.T).numpy())) for name, one in drawn.items()
            }
        name = rng.choices(list(SHARES), list(SHARES.values()))[0]
        rows = rng.choices(range(len(drawn[name].questions)), k=AT_ONCE)
        loss = drawn[name].loss(rows, turn, crowding[name])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1} of {STEPS}: {name} {loss.item():.3f}", flush=True)
    return turn.detach()


def main() -> None:
    """Learn and write."""
    parser = argparse.ArgumentParser(
        prog="python -m scrubjay.models.training.retriever_asking", description=__doc__
    )
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--encoder", type=Path, default=WEIGHTS, help="the folder of the encoder")
    parser.add_argument("--out", type=Path, default=WEIGHTS / "asking.npz")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    embedder, rng = OnnxEmbedder(arguments.encoder), random.Random(0)
    pools = {pool.name: pool for pool in load_pools(load_corpus(arguments.corpus), arguments.data)}
    single = replace(pools["metatool"], joined=0.0)
    pools |= {"metatool": single, "pairs": replace(single, name="pairs", joined=1.0)}
    drawn = {name: draw(pools[name], count, embedder, rng) for name, count in REQUESTS.items()}
    requests = kept(drawn, rng)
    turn = learn(drawn, requests, rng)
    turned = functional.normalize(requests @ turn, dim=-1).numpy()
    scale = abs(turned).max() / 127
    np.savez_compressed(
        arguments.out,
        turn=turn.numpy().astype(np.float16),
        requests=np.round(turned / scale).astype(np.int8),
        scale=np.float32(scale),
        encoder=np.array(embedder.fingerprint),
    )
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
