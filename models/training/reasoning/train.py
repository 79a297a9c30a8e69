"""Trains an adapter on a frozen base: workers of one thread each, which share its matrices.

The base is a checkpoint, or a planner's GGUF file as the runtime sees it. A run goes on from `adapter.pt` in
its folder, whichever base that was trained on, where the shapes fit.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...dialects import SYSTEM, TOOL, tool_text
from ..corpus import load_corpus
from ..model import PlannerModel
from ..muon import Muon
from ..tokenizer import Encoder
from ..train import StopFlag, _keep_freed_memory, load_checkpoint
from .base import base_weights
from .examples import Examples
from .export import exported
from .model import AdaptedPlanner, Adapter, Cells
from .packing import PAGES, Page, PagePacker, Tools, tools_page


@dataclass(frozen=True, slots=True)
class AdapterRun:
    """Where a run lives, what it stands on and how long it goes on.

    The learning rate rises over `warmup` steps and falls to zero over the last `cooldown` part of `minutes`.
    kind: `reasoning`, or `answers` for the adapter that puts results into words. start: an exported adapter
    to go on from where the folder has no `adapter.pt`.
    """

    folder: Path
    base: Path
    tokenizer: Path
    corpus: Path
    minutes: float
    kind: str = "reasoning"
    start: Path | None = None
    rank: int = 64
    rate: float = 2e-3
    muon: bool = False
    cooldown: float = 0.6
    warmup: int = 30
    seed: int = 0
    save_seconds: float = 120.0
    compiled: bool = True
    workers: int = 2


def train(run: AdapterRun) -> None:
    """Train until the time is over or a signal comes, and write `adapter.pt`.

    Workers change the shared matrices without waiting for each other, as in Hogwild (arXiv 1106.5730), each
    with its own optimizer and examples.
    """
    torch.manual_seed(run.seed)
    run.folder.mkdir(parents=True, exist_ok=True)
    _, shape, identity = base_weights(run.base)
    adapter, progress = Adapter(shape, run.rank), _Progress(run, identity)
    progress.take_up(adapter)
    adapter.share_memory()
    context = multiprocessing.get_context("spawn")
    counter = context.Array("q", [progress.steps, progress.examples])
    children = [
        context.Process(target=_work, args=(number, run, adapter, counter, progress.began))
        for number in range(1, run.workers)
    ]
    for child in children:
        child.start()
    try:
        _work(0, run, adapter, counter, progress.began, progress)
    finally:
        for child in children:
            child.terminate()
            child.join()
    progress.end(adapter, counter)


def _work(
    number: int,
    run: AdapterRun,
    adapter: Adapter,
    counter: Any,
    began: float,
    progress: _Progress | None = None,
) -> None:
    """One worker's share, until the time is over; the first one tells how far all are."""
    torch.set_num_threads(1)
    _keep_freed_memory()
    stop = StopFlag()
    weights, shape, _ = base_weights(run.base)
    base = PlannerModel(shape)
    base.load_state_dict(weights)
    model = AdaptedPlanner(base, run.compiled)
    optimizers = _optimizers(run, adapter)
    rates = [(group, group["lr"]) for optimizer in optimizers for group in optimizer.param_groups]
    seed = run.seed + counter[1] + 104729 * number
    examples = Examples(Encoder.load(run.tokenizer), load_corpus(run.corpus), seed, run.kind)
    tools, cells = read_tools(model, examples)
    pages = PagePacker(PAGES[run.kind], tools).pages(examples.all())
    for step, (read, written, count) in enumerate(pages, 1):
        left = 1 - (time.time() - began) / (60 * run.minutes)
        if left <= 0 or stop.asked:
            break
        scale = min(1.0, left / run.cooldown, step / run.warmup)
        for group, rate in rates:
            group["lr"] = rate * scale
        loss = model.loss(written, before(model, read, cells), adapter)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(adapter.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        adapter.zero_grad(set_to_none=True)
        with counter.get_lock():
            counter[0] += 1
            counter[1] += count
        if progress:
            progress.step(adapter, counter, loss.item(), scale)


def read_tools(model: AdaptedPlanner, examples: Examples) -> tuple[Tools, Cells]:
    """The cells of all tools, read once."""
    encoder = examples.encoder
    ids = {name: [encoder.special[TOOL], *encoder(tool_text(tool))] for name, tool in examples.tools.items()}
    tools = Tools.laid_out({name: len(tokens) for name, tokens in ids.items()})
    nothing = torch.zeros(0, model.shape.heads, model.shape.head_width, dtype=torch.bfloat16)
    empty = [(nothing, nothing)] * model.shape.layers
    return tools, model.read(tools_page(tools, ids, encoder.special[SYSTEM]), empty)


def before(model: AdaptedPlanner, read: Page, tools: Cells) -> Cells:
    """The cells that a page of what is written looks back at: its prompts', then those of the tools."""
    prompts = model.read(read, tools)
    return [
        (torch.cat([k, tool_k]), torch.cat([v, tool_v]))
        for (k, v), (tool_k, tool_v) in zip(prompts, tools, strict=True)
    ]


def _optimizers(run: AdapterRun, adapter: Adapter) -> list[torch.optim.Optimizer]:
    if run.muon:
        return [Muon(list(adapter.parameters()), run.rate, weight_decay=0.0)]
    return [
        torch.optim.AdamW(adapter.parameters(), lr=run.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    ]


class _Progress:
    """How far a run is: its log, and `adapter.pt`."""

    def __init__(self, run: AdapterRun, base: str) -> None:
        self._run, self._base = run, base
        self.began = self._told = self._saved = time.time()
        self.steps = self.examples = 0
        self._smooth: float | None = None
        self._since = 0

    def take_up(self, adapter: Adapter) -> None:
        """Go on from `adapter.pt`, or from an exported adapter, if there is one and its shapes fit."""
        start = load_checkpoint(self._run.folder / "adapter.pt")
        if not start and self._run.start and self._run.start.exists():
            matrices, examples = exported(self._run.start, adapter.state_dict())
            start = {"adapter": matrices, "step": 0, "examples": examples}
        wanted = {name: value.shape for name, value in adapter.state_dict().items()}
        if start and wanted == {name: value.shape for name, value in start["adapter"].items()}:
            adapter.load_state_dict(start["adapter"])
            self.steps, self.examples = start["step"], start["examples"]
        self._since = self.examples

    def step(self, adapter: Adapter, counter: Any, loss: float, rate: float) -> None:
        """Take note of a step of one's own; now and then write down how far all are, and the weights."""
        self.steps, self.examples = counter
        self._smooth = loss if self._smooth is None else 0.97 * self._smooth + 0.03 * loss
        now = time.time()
        if now - self._told > 15:
            self._tell(rate, (self.examples - self._since) / (now - self._told))
            self._told, self._since = now, self.examples
        if now - self._saved > self._run.save_seconds:
            self._saved = now
            self._save(adapter)

    def end(self, adapter: Adapter, counter: Any) -> None:
        """Write down how it ended."""
        self.steps, self.examples = counter
        self._tell(0.0, 0.0)
        self._save(adapter)

    def _tell(self, rate: float, speed: float) -> None:
        line = {
            "minutes": round((time.time() - self.began) / 60, 1),
            "step": self.steps,
            "examples": self.examples,
            "loss": round(self._smooth or 0.0, 4),
            "examples_per_s": round(speed, 1),
            "processor_s": round(time.process_time()),
            "rate": round(rate, 3),
        }
        print(json.dumps(line), flush=True)
        with (self._run.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _save(self, adapter: Adapter) -> None:
        content: dict[str, Any] = {
            "adapter": {name: value.detach().clone() for name, value in adapter.state_dict().items()},
            "rank": adapter.rank,
            "base": self._base,
            "kind": self._run.kind,
            "step": self.steps,
            "examples": self.examples,
        }
        temporary = self._run.folder / f"adapter.pt.{os.getpid()}"
        torch.save(content, temporary)
        os.replace(temporary, self._run.folder / "adapter.pt")
