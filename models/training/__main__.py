"""`python -m scrubjay.models.training`: the parts of the planner's recipe, each on its own."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch

from ...retrieval.embedder import bundled_embedder
from ..dialects import tool_text
from . import cases
from .corpus import load_corpus, plan_text
from .curve import draw
from .export import FILE_TYPES, export, make_shippable
from .meanings import add_meanings
from .model import ModelShape
from .reasoning import commands as reasoning
from .sampling import Mix, Sampler
from .tokenizer import Encoder, train_tokenizer
from .train import Recipe, Run, load_checkpoint, train

HERE = Path(__file__).parent
START = HERE / "start"
"""The vocabulary and weights that training goes on from on a new machine."""


def main() -> None:
    """Read the command line and run one part."""
    parser = argparse.ArgumentParser(prog="python -m scrubjay.models.training", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/planner"), help="where the run's files live"
    )
    parser.add_argument(
        "--corpus", type=Path, default=HERE / "corpus", help="folder with packs/ and dialogues/"
    )
    parser.add_argument(
        "--public", type=Path, default=Path("../shared/data"), help="folder with public data sets"
    )
    parts = parser.add_subparsers(dest="part", required=True)
    tokenizer = parts.add_parser("tokenizer", help="learn the vocabulary")
    tokenizer.add_argument("--vocabulary", type=int, default=6144)
    training = parts.add_parser("train", help="train, or go on training")
    training.add_argument("--minutes", type=float, default=120)
    training.add_argument(
        "--cooldown", type=float, default=0.35, help="last part of the time, in which the rate falls"
    )
    training.add_argument("--peak", type=float, default=1.0, help="factor on the learning rates")
    training.add_argument("--workers", type=int, default=2)
    training.add_argument("--device", default="cpu")
    parts.add_parser("meanings", help="add the encoder's word vectors to the embeddings of stable.pt, once")
    exporting = parts.add_parser("export", help="write latest.pt as a GGUF file")
    exporting.add_argument("--out", type=Path, default=HERE.parent / "weights" / "planner.gguf")
    exporting.add_argument(
        "--type", choices=sorted(FILE_TYPES), default="Q8_0", help="how weights are quantized"
    )
    exporting.add_argument(
        "--confidence",
        type=float,
        nargs=4,
        metavar=("SCALE", "OFFSET", "NEW_SCALE", "NEW_OFFSET"),
        help="what `scrubjay eval --calibrate` fitted for these weights",
    )
    exporting.add_argument("--start", action="store_true", help="also write what a new machine goes on from")
    curve = parts.add_parser("curve", help="draw log.jsonl")
    curve.add_argument("--out", type=Path, default=Path("docs/planner-loss.svg"))
    parts.add_parser("cases", help="write evaluation cases out of the held-out corpus")
    reasoning.add_commands(parts.add_parser("reasoning", help="the reasoning adapter and its switcher"))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.part == "reasoning":
        reasoning.run(arguments)
    elif arguments.part == "tokenizer":
        texts = _texts(Sampler(load_corpus(arguments.corpus), seed=5))
        train_tokenizer(texts, arguments.vocabulary).save(str(arguments.folder / "tokenizer.json"))
    elif arguments.part == "export":
        tokenizer = arguments.folder / "tokenizer.json"
        export(
            arguments.folder / "latest.pt",
            tokenizer,
            arguments.corpus,
            arguments.out,
            arguments.type,
            arguments.confidence,
        )
        if arguments.start:
            START.mkdir(exist_ok=True)
            shutil.copy(tokenizer, START)
            make_shippable(arguments.folder / "stable.pt", START / "stable.pt")
    elif arguments.part == "meanings":
        _add_meanings(arguments.folder)
    elif arguments.part == "curve":
        draw([arguments.folder / "log.jsonl"], arguments.out)
    elif arguments.part == "cases":
        _write_cases(arguments.corpus, arguments.public, arguments.folder)
    else:
        _take_up(arguments.folder)
        encoder = Encoder.load(arguments.folder / "tokenizer.json")
        run = Run(
            arguments.folder,
            arguments.corpus,
            arguments.public,
            arguments.minutes,
            arguments.cooldown,
            arguments.peak,
            arguments.workers,
            arguments.device,
        )
        train(run, Recipe(), ModelShape(encoder.size))


def _add_meanings(folder: Path) -> None:
    _take_up(folder)
    content = load_checkpoint(folder / "stable.pt")
    if content.get("meanings"):
        return
    encoder = Encoder.load(folder / "tokenizer.json")
    words = add_meanings(content["model"]["embedding.weight"], encoder, bundled_embedder())
    torch.save(content | {"meanings": True}, folder / "stable.pt")
    print(f"added the meanings of {words} of {encoder.size} tokens")


def _take_up(folder: Path) -> None:
    """Begin a new run where the weights in the repository are."""
    if not (folder / "tokenizer.json").exists():
        for path in sorted(START.glob("*")):
            shutil.copy(path, folder)


def _write_cases(corpus: Path, public: Path, folder: Path) -> None:
    held_out = load_corpus(corpus, held_out=True)
    sets = {name: make(held_out) for name, make in cases.SETS.items()}
    if public.is_dir():
        sets["sealtools"] = cases.seal_cases(public)
    for name, made in sets.items():
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in made), "utf-8")
        print(path)


def _texts(sampler: Sampler, groups: int = 6000) -> Iterator[str]:
    for _ in range(groups):
        group = sampler.group(Mix(), 20)
        for request in group.requests:
            yield request.query
            yield plan_text(request.plan)
        for tool in group.tools[:4]:
            yield tool_text(tool)


if __name__ == "__main__":
    main()
