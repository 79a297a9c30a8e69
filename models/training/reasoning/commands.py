"""`python -m scrubjay.models.training reasoning`: train, export, cases."""

from __future__ import annotations

import argparse
import json
import random
from itertools import islice
from pathlib import Path

from ..corpus import in_schema_order
from .problems import problems
from .tools import MORE_TOOLS, deed

HERE = Path(__file__).parent
WEIGHTS = HERE.parent.parent / "weights"
CASES = 500


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare what the part `reasoning` takes."""
    parser.add_argument("what", choices=("train", "export", "cases", "switcher"))
    parser.add_argument("--base", type=Path, default=WEIGHTS / "planner.gguf", help="checkpoint or GGUF file")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--rank", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument(
        "--cooldown", type=float, default=0.6, help="last part of the time, in which the rate falls"
    )
    parser.add_argument("--kind", choices=("reasoning", "answers"), default="reasoning")
    parser.add_argument("--out", type=Path, help="file to write")


def run(arguments: argparse.Namespace) -> None:
    """Do what was asked on the command line."""
    folder = arguments.folder.parent / arguments.kind
    tokenizer = HERE.parent / "start" / "tokenizer.json"
    if arguments.what == "train":
        from .train import AdapterRun, train

        train(
            AdapterRun(
                folder,
                arguments.base,
                tokenizer,
                arguments.corpus,
                arguments.minutes,
                arguments.kind,
                shipped(arguments.kind),
                arguments.rank,
                arguments.rate,
                cooldown=arguments.cooldown,
            )
        )
    elif arguments.what == "export":
        from .export import export

        export(folder / "adapter.pt", tokenizer, arguments.out or WEIGHTS / f"{arguments.kind}.gguf")
    elif arguments.what == "switcher":
        from .switcher import train_switcher

        train_switcher(arguments.corpus, arguments.out or WEIGHTS / "switcher.npz")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        path = arguments.out or folder / "cases.jsonl"
        write_cases(arguments.corpus, path)
        print(path)


def shipped(kind: str) -> Path:
    """The adapter of this kind that comes with scrubjay, or its preview, which is not used by itself."""
    whole = WEIGHTS / f"{kind}.gguf"
    return whole if whole.exists() else WEIGHTS / f"{kind}-preview.gguf"


def write_cases(corpus: Path, path: Path, count: int = CASES) -> None:
    """Write held-out problems as evaluation cases: other numbers, names and wordings than training has."""
    builtin = json.loads((corpus / "builtin_tools.json").read_text("utf-8"))
    schemas = {**{tool["name"]: tool for tool in builtin}, **MORE_TOOLS}
    rng = random.Random(7)
    with path.open("w") as file:
        for number, problem in enumerate(islice(problems(20260101, held_out=True), count)):
            needed = {call.tool for call in problem.plan}
            deeds = {deed(name) for name in needed}
            free = sorted(name for name in schemas if deed(name) not in deeds)
            others = rng.sample(free, 6 - len(needed))
            offered = [*needed, *others]
            rng.shuffle(offered)
            case = {
                "id": f"reasoning-{problem.kind}-{number}",
                "query": problem.request,
                "facts": problem.facts,
                "tools": [schemas[name] for name in offered],
                "plan": [
                    {"tool": call.tool, "args": in_schema_order(call.args, schemas[call.tool])}
                    for call in problem.plan
                ],
                "history": [
                    {
                        "query": turn.query,
                        "plan": [{"tool": call.tool, "args": call.args} for call in turn.plan],
                        "results": list(turn.results),
                    }
                    for turn in problem.history
                ],
                "thought": problem.thought,
            }
            file.write(json.dumps(case, ensure_ascii=False) + "\n")
