"""The training loop: workers that share one set of weights, checkpoints, a log, and a stop at any time.

On a CPU several single-threaded workers update the same weights without locks (Hogwild, arXiv 1106.5730):
on cores that others use too, two threads of one worker would wait for each other at every operation. A GPU
has one worker.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import signal
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import torch.multiprocessing as multiprocessing

from .corpus import UNSEEN_PACKS, load_corpus
from .growth import grown
from .model import ModelShape, PlannerModel
from .muon import Muon
from .packing import Batch, Packer, Shape
from .public import load_public
from .sampling import Mix, Sampler
from .tokenizer import Encoder

COPYING_ONLY = Mix(copying=1, builtin=0, dialogues=0, others=0, public=0)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides how training goes; written into checkpoints and into the exported model."""

    mix: Mix = field(default_factory=Mix)
    batch: Shape = field(default_factory=Shape)
    copying_steps: int = 450
    warmup_steps: int = 60
    muon_rate: float = 0.02
    adam_rate: float = 3e-3
    requests_a_group: int = 20
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """Where a run lives and how long it goes on.

    The learning rate is constant until the last `cooldown` part of `minutes`, then falls to zero; `stable.pt`
    holds the weights before it began to fall and is what a later run takes up again. `peak` is a factor on
    the rate, less than one for weights that have cooled once and should keep what they know.
    """

    folder: Path
    corpus: Path
    public: Path
    minutes: float
    cooldown: float = 0.35
    peak: float = 1.0
    workers: int = 2
    device: str = "cpu"
    checkpoint_seconds: float = 240.0


def train(run: Run, recipe: Recipe, shape: ModelShape) -> None:
    """Train until the time is over or a signal comes; takes up `stable.pt` in the folder when it is there."""
    if not run.folder.is_dir():
        raise FileNotFoundError(
            f"{run.folder} does not exist: make the tokenizer first (`... training tokenizer`)"
        )
    model = PlannerModel(shape)
    start = load_checkpoint(run.folder / "stable.pt")
    if start:
        model.load_state_dict(grown(start["model"], ModelShape(**start["shape"]), shape))
    model.share_memory()
    context = multiprocessing.get_context("spawn")
    workers = 1 if run.device != "cpu" else run.workers
    counter = context.Array("q", [start.get("step", 0), start.get("requests", 0)])
    arguments = (model, run, recipe, counter, time.time())
    children = [context.Process(target=_worker, args=(number, *arguments)) for number in range(1, workers)]
    for child in children:
        child.start()
    try:
        _worker(0, *arguments)
    finally:
        for child in children:
            child.terminate()
            child.join()


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's content, or an empty dict when there is none."""
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else {}


def _worker(number: int, model: PlannerModel, run: Run, recipe: Recipe, counter: Any, began: float) -> None:
    _keep_freed_memory()
    torch.set_num_threads(1 if run.device == "cpu" else torch.get_num_threads())
    device = torch.device(run.device)
    stop = StopFlag()
    local = model.to(device)
    matrices, rest = split_parameters(local)
    muon = Muon(matrices, recipe.muon_rate)
    adam = torch.optim.AdamW(rest, lr=recipe.adam_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    rates = [group["lr"] for optimizer in (muon, adam) for group in optimizer.param_groups]
    start = load_checkpoint(run.folder / "stable.pt")
    warm = "muon" in start and start["shape"] == asdict(model.shape)
    if warm:  # not so with weights that came with the repository, or that have grown
        muon.load_state_dict(start["muon"])
        adam.load_state_dict(start["adam"])
    encoder = Encoder.load(run.folder / "tokenizer.json")
    packer = Packer(encoder, recipe.batch)
    seed = recipe.seed + 1000 * number + 7919 * int(counter[0])
    corpus = replace(load_corpus(run.corpus), public=load_public(run.public))
    sampler = Sampler(corpus, seed)
    checks = _Checks(run, recipe, packer, device) if number == 0 else None
    loss_of = torch.compile(local, dynamic=False)
    saved = time.time()
    smooth: float | None = None
    meanings = bool(start.get("meanings"))
    cold_since = -(10**9) if warm else int(counter[0])
    log = _Log(run, recipe, model.shape) if number == 0 else None
    while True:
        step = int(counter[0])
        scale, decaying = learning_rate(time.time() - began, run, step - cold_since, recipe)
        if scale <= 0 or stop.asked:
            break
        mix = COPYING_ONLY if step < recipe.copying_steps else recipe.mix
        batch = packer.pack([sampler.group(mix, recipe.requests_a_group) for _ in range(recipe.batch.groups)])
        groups = muon.param_groups + adam.param_groups
        for group, rate in zip(groups, rates, strict=True):  # a checkpoint's own rate may have fallen to zero
            group["lr"] = rate * scale
        with torch.autocast(device.type, torch.bfloat16):
            loss = loss_of(*batch.to(device))
        loss.backward()
        muon.step()
        adam.step()
        local.zero_grad(set_to_none=True)
        with counter.get_lock():
            counter[0] += 1
            counter[1] += batch.requests
        value = loss.item()
        smooth = value if smooth is None else 0.97 * smooth + 0.03 * value
        if log and checks:
            log.step(int(counter[0]), int(counter[1]), smooth, scale)
            if time.time() - saved > run.checkpoint_seconds:
                saved = time.time()
                log.checks(int(counter[0]), int(counter[1]), checks.losses(local))
                save_checkpoint(run, recipe, local, muon, adam, counter, decaying, meanings)
    if log and checks:
        log.checks(int(counter[0]), int(counter[1]), checks.losses(local))
        decaying = learning_rate(time.time() - began, run, 10**9, recipe)[1]
        save_checkpoint(run, recipe, local, muon, adam, counter, decaying, meanings)


def split_parameters(model: PlannerModel) -> tuple[list[torch.nn.Parameter], list[torch.nn.Parameter]]:
    """Matrices of the layers (for Muon), and everything else (for AdamW)."""
    named = list(model.named_parameters())
    matrices = [p for name, p in named if p.dim() == 2 and not name.startswith("embedding")]
    rest = [p for name, p in named if p.dim() != 2 or name.startswith("embedding")]
    return matrices, rest


def learning_rate(elapsed: float, run: Run, steps: int, recipe: Recipe) -> tuple[float, bool]:
    """The factor on the learning rates, and whether it is falling already.

    `elapsed` is in seconds, `steps` counts from where the optimizers began.
    """
    left = 1 - elapsed / (60 * run.minutes)
    decaying = left < run.cooldown
    scale = run.peak * (left / run.cooldown if decaying else 1.0)
    return min(scale, (steps + 1) / recipe.warmup_steps), decaying


def save_checkpoint(
    run: Run,
    recipe: Recipe,
    model: PlannerModel,
    muon: Muon,
    adam: torch.optim.Optimizer,
    counter: Any,
    decaying: bool,
    meanings: bool,
) -> None:
    """Write `latest.pt` (and `stable.pt` before the learning rate falls), whole or not at all."""
    content = {
        "model": model.state_dict(),
        "muon": muon.state_dict(),
        "adam": adam.state_dict(),
        "step": int(counter[0]),
        "requests": int(counter[1]),
        "shape": asdict(model.shape),
        "recipe": asdict(recipe),
        "meanings": meanings,  # whether `meanings.py` has been at the embeddings
    }
    for name in ("latest.pt",) if decaying else ("latest.pt", "stable.pt"):
        temporary = run.folder / f"{name}.new"
        torch.save(content, temporary)
        os.replace(temporary, run.folder / name)


class StopFlag:
    """Set by SIGINT or SIGTERM; the loop then ends after its step, with a checkpoint."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True


class _Checks:
    """Losses on fixed held-out batches: built-in tools, unseen tools."""

    def __init__(self, run: Run, recipe: Recipe, packer: Packer, device: torch.device) -> None:
        held_out = load_corpus(run.corpus, held_out=True)
        unseen = tuple(pack for pack in held_out.others if pack.domain in UNSEEN_PACKS)
        sampler = Sampler(replace(held_out, others=unseen), seed=1)
        self.device = device
        self.batches: dict[str, list[Batch]] = {}
        nothing = Mix(copying=0, builtin=0, dialogues=0, others=0, public=0)
        for name, mix in {
            "builtin": replace(nothing, builtin=1),
            "dialogues": replace(nothing, dialogues=1),
            "unseen": replace(nothing, others=1),
        }.items():
            groups = [sampler.group(mix, recipe.requests_a_group) for _ in range(4 * recipe.batch.groups)]
            self.batches[name] = [packer.pack(groups[i::4]) for i in range(4)]

    def losses(self, model: PlannerModel) -> dict[str, float]:
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16):
            return {
                name: sum(model(*batch.to(self.device)).item() for batch in batches) / len(batches)
                for name, batches in self.batches.items()
            }


class _Log:
    """Progress on the terminal and in `log.jsonl`."""

    def __init__(self, run: Run, recipe: Recipe, shape: ModelShape) -> None:
        self.path = run.folder / "log.jsonl"
        self.tokens = recipe.batch.tokens
        self.flops = step_flops(shape, recipe.batch)
        self.device = torch.device(run.device)
        self.workers = run.workers if run.device == "cpu" else 1
        self.peak = 0.0
        self.since = time.time()
        self.last: int | None = None
        self.began = time.time()

    def step(self, step: int, requests: int, loss: float, scale: float) -> None:
        if self.last is None:
            self.since, self.last = time.time(), step
        seconds = time.time() - self.since
        if seconds < 30:
            return
        rate = (step - self.last) / seconds
        # The best of all measurements: while others use the machine, the rate looks lower than it is.
        self.peak = max(self.peak, self.workers * matrix_rate(self.device))
        self.since, self.last = time.time(), step
        line = {
            "minutes": round((time.time() - self.began) / 60, 1),
            "step": step,
            "requests": requests,
            "loss": round(loss, 4),
            "tokens_per_s": round(rate * self.tokens),
            "of_peak": round(rate * self.flops / self.peak, 3),
            "rate": round(scale, 3),
        }
        self._write(line)

    def checks(self, step: int, requests: int, losses: dict[str, float]) -> None:
        self._write(
            {"step": step, "requests": requests, "held_out": {k: round(v, 4) for k, v in losses.items()}}
        )

    def _write(self, line: dict[str, Any]) -> None:
        print(json.dumps(line), flush=True)
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def step_flops(shape: ModelShape, batch: Shape) -> float:
    """Floating-point operations of one training step: 6 a weight and token, attention, and scored logits."""
    weights = shape.layers * (4 * shape.width**2 + 3 * shape.width * shape.feed_forward)
    tool_tokens = batch.groups * batch.tool_rows * batch.row
    request_tokens = batch.groups * batch.request_rows * batch.row
    keys = tool_tokens * batch.row + request_tokens * (batch.tool_rows + 1) * batch.row
    return 6.0 * (
        weights * batch.tokens
        + 2 * shape.layers * shape.width * keys
        + shape.width * shape.vocabulary * batch.targets
    )


def matrix_rate(device: torch.device) -> float:
    """Measured bf16 matrix-product rate of one worker, FLOP/s."""
    size = 1024 if device.type == "cpu" else 8192
    a = torch.randn(size, size, device=device).bfloat16()
    best = math.inf
    for _ in range(6):
        began = time.perf_counter()
        (a @ a).sum().item()
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best


def _keep_freed_memory() -> None:
    """Stop glibc from giving a step's tensors back to the system: page faults took half of a step's time."""
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(-4, 0)  # M_MMAP_MAX
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD
    except (AttributeError, OSError):
        return
