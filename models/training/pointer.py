"""Trains the pointer and exports it: `python -m scrubjay.models.training.pointer train|export|start`.

One thread, all-MiniLM-L6-v2 as the start, its word embeddings frozen: they are those of retrieval's encoder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from .corpus import UNSEEN_PACKS, load_corpus
from .pointer_data import PointerExample, PointerExamples
from .pointer_model import Pointer, PointerBatch, PointerReader, pointer_loss
from .public import load_public
from .retriever import minilm_folder
from .retriever_model import load_encoder
from .sampling import Mix
from .train import StopFlag, _keep_freed_memory, load_checkpoint

BUCKETS = (64, 96, 128, 176)
"""Lengths that examples are padded to."""
TOKENS = 4096
"""Of a step, padding included."""
RATE = 2e-4
START = Path(__file__).parent / "start" / "pointer.pt"
"""The weights that ship, in 16 bits: a run on a new machine goes on from them."""
WARMUP = 60


@dataclass(frozen=True, slots=True)
class PointerRun:
    """Where a run lives and how long it goes on; the rate falls to zero over the last `cooldown` part."""

    folder: Path
    corpus: Path
    public: Path
    minutes: float
    cooldown: float = 0.7
    seed: int = 0
    save_seconds: float = 120.0


def train(run: PointerRun) -> None:
    """Train until the time is over or a signal comes, and write `pointer.pt`."""
    torch.set_num_threads(1)
    _keep_freed_memory()
    torch.manual_seed(run.seed)
    run.folder.mkdir(parents=True, exist_ok=True)
    stop = StopFlag()
    base = minilm_folder()
    model = Pointer(load_encoder(base))
    start = load_checkpoint(run.folder / "pointer.pt") or load_checkpoint(START)
    if start:
        model.load_state_dict(start["model"], strict=False)  # it has no word embeddings
    model.encoder.embeddings.word_embeddings.requires_grad_(False)
    model.train()
    reader = PointerReader(Tokenizer.from_file(str(base / "tokenizer.json")))
    parameters = [p for p in model.parameters() if p.requires_grad]
    adam = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    seen = start.get("examples", 0)
    corpus = replace(load_corpus(run.corpus), public=load_public(run.public))
    batches = _batches(PointerExamples(corpus, run.seed + seen), reader)
    checks = check_batches(run.corpus, reader)
    loss_of = torch.compile(model, dynamic=False)
    began = told = saved = time.time()
    smooth: float | None = None
    for step, batch in enumerate(batches, 1):
        left = 1 - (time.time() - began) / (60 * run.minutes)
        if left <= 0 or stop.asked:
            break
        for group in adam.param_groups:
            group["lr"] = RATE * min(1.0, left / run.cooldown, step / WARMUP)
        with torch.autocast("cpu", torch.bfloat16):
            loss = pointer_loss(loss_of, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()
        adam.zero_grad(set_to_none=True)
        seen += len(batch.ids)
        value = loss.item()
        smooth = value if smooth is None else 0.97 * smooth + 0.03 * value
        if time.time() - told > 20:
            told = time.time()
            _tell(run, step, seen, began, round(smooth, 4))
        if time.time() - saved > run.save_seconds:
            saved = time.time()
            _tell(run, step, seen, began, right_of(model, checks))
            _save(run, model, seen)
    _tell(run, 0, seen, began, right_of(model, checks))
    _save(run, model, seen)


def _batches(examples: PointerExamples, reader: PointerReader) -> Iterator[PointerBatch]:
    """Examples of like length together, as many as TOKENS allow."""
    waiting: dict[int, list[PointerExample]] = {length: [] for length in BUCKETS}
    for example in examples.all():
        tokens = reader.tokens(example)
        length = next((bucket for bucket in BUCKETS if tokens is not None and tokens <= bucket), None)
        if length is None:
            continue
        waiting[length].append(example)
        if len(waiting[length]) == TOKENS // length:
            if batch := reader.batch(waiting[length], length):
                yield batch
            waiting[length] = []


def check_batches(corpus: Path, reader: PointerReader) -> list[PointerBatch]:
    """Examples of the packs that are never trained on."""
    held_out = load_corpus(corpus, held_out=True)
    unseen = tuple(pack for pack in held_out.others if pack.domain in UNSEEN_PACKS)
    examples = PointerExamples(replace(held_out, others=unseen), seed=1)
    mix = Mix(copying=0, builtin=0, dialogues=0, others=1, public=0)
    fitting = (e for e in examples.all(mix) if (reader.tokens(e) or BUCKETS[-1]) <= BUCKETS[2])
    chosen = list(islice(fitting, 10 * (TOKENS // BUCKETS[2])))
    size = TOKENS // BUCKETS[2]
    made = (reader.batch(chosen[first : first + size], BUCKETS[2]) for first in range(0, len(chosen), size))
    return [batch for batch in made if batch is not None]


def right_of(model: Pointer, batches: list[PointerBatch]) -> dict[str, float]:
    """Which parts of the checks are right: first words, and apart whole spans and that there is none."""
    counts = {"place": [0, 0], "span": [0, 0], "nowhere": [0, 0]}
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for batch in batches:
            nowhere, first, last = model(batch.ids, batch.mask, batch.parameters)
            outside = ~batch.words[:, None, :]
            begins = torch.cat([nowhere, first.masked_fill(outside, -1e4)], -1).argmax(-1)
            ends = last.masked_fill(outside, -1e4).argmax(-1)
            wanted = batch.asked
            right_first = (
                torch.cat([batch.nowhere, batch.first], -1).gather(-1, begins[..., None])[..., 0] > 0
            )
            right_last = batch.last.gather(-1, ends[..., None])[..., 0] > 0
            spans = wanted & (batch.first.sum(-1) > 0)
            counts["place"][0] += int((right_first & wanted).sum())
            counts["place"][1] += int(wanted.sum())
            counts["span"][0] += int((right_first & right_last & (begins > 1) & spans).sum())
            counts["span"][1] += int(spans.sum())
            none = wanted & (batch.first.sum(-1) == 0)
            counts["nowhere"][0] += int((right_first & none).sum())
            counts["nowhere"][1] += int(none.sum())
    return {name: round(right / max(1, total), 4) for name, (right, total) in counts.items()}


def export(checkpoint: Path, folder: Path) -> Path:
    """Write `pointer.onnx`, int8, its table of words and its tokenizer into `folder`; returns the path.

    Raises FileNotFoundError.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    content = _trained(checkpoint)
    base = minilm_folder()
    model = Pointer(load_encoder(base))
    model.load_state_dict(content["model"], strict=False)
    table = model.encoder.embeddings.word_embeddings.weight.detach()
    words, places = table[torch.randint(1000, 20000, (2, 40))], torch.tensor([[20, 28, 34], [20, 28, 34]])
    batch = torch.export.Dim("batch")
    sizes = {0: batch, 1: torch.export.Dim("length", max=model.encoder.shape.positions)}
    with TemporaryDirectory() as scratch:
        plain, out = Path(scratch) / "plain.onnx", folder / "pointer.onnx"
        torch.onnx.export(
            _FromWords(model).eval(),
            (words, torch.ones(2, 40, dtype=torch.int64), places),
            str(plain),
            input_names=["words", "mask", "parameters"],
            output_names=["nowhere", "first", "last"],
            dynamo=True,
            dynamic_shapes={
                "words": sizes,
                "mask": sizes,
                "parameters": {0: batch, 1: torch.export.Dim("asked")},
            },
            external_data=False,
        )
        kinds = ["MatMul", "Gemm"]
        quantize_dynamic(
            plain, out, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=kinds
        )
    scale = table.abs().amax(1, keepdim=True) / 127
    np.save(folder / "pointer-words.npy", (table / scale).round().to(torch.int8).numpy())
    np.save(folder / "pointer-scale.npy", scale[:, 0].half().numpy())
    shutil.copyfile(base / "tokenizer.json", folder / "pointer-tokenizer.json")
    return out


def _trained(checkpoint: Path) -> dict[str, Any]:
    if content := load_checkpoint(checkpoint):
        return content
    raise FileNotFoundError(f"{checkpoint} does not exist: train first (`... pointer train`)")


def write_start(checkpoint: Path, out: Path) -> Path:
    """Write what a run on a new machine goes on from. Raises FileNotFoundError."""
    content = _trained(checkpoint)
    half = {name: value.half() for name, value in content["model"].items()}
    torch.save({"model": half, "examples": content["examples"]}, out)
    return out


class _FromWords(torch.nn.Module):
    """The pointer behind its word embeddings, whose table stays a file of its own: little of it is read."""

    def __init__(self, pointer: Pointer) -> None:
        super().__init__()
        self.pointer = pointer

    def forward(self, words: Tensor, mask: Tensor, parameters: Tensor) -> tuple[Tensor, ...]:
        return self.pointer.read(words, mask, parameters)


def _tell(run: PointerRun, step: int, seen: int, began: float, what: Any) -> None:
    line = {"minutes": round((time.time() - began) / 60, 1), "step": step, "examples": seen, "now": what}
    print(json.dumps(line), flush=True)
    with (run.folder / "log.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def _learned(model: Pointer) -> dict[str, Tensor]:
    return {name: value for name, value in model.state_dict().items() if "word_embeddings" not in name}


def _save(run: PointerRun, model: Pointer, seen: int) -> None:
    temporary = run.folder / f"pointer.pt.{os.getpid()}"
    torch.save({"model": _learned(model), "examples": seen}, temporary)
    os.replace(temporary, run.folder / "pointer.pt")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("train", "export", "start"))
    parser.add_argument("--folder", type=Path, default=Path("runs/pointer"))
    shared = Path(__file__).parent
    parser.add_argument("--corpus", type=Path, default=shared / "corpus")
    parser.add_argument("--public", type=Path, default=Path("../shared/data"))
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--out", type=Path, default=shared.parent / "weights")
    arguments = parser.parse_args()
    if arguments.what == "export":
        print(export(arguments.folder / "pointer.pt", arguments.out))
    elif arguments.what == "start":
        print(write_start(arguments.folder / "pointer.pt", START))
    else:
        train(PointerRun(arguments.folder, arguments.corpus, arguments.public, arguments.minutes))


if __name__ == "__main__":
    main()
