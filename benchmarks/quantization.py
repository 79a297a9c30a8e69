"""What quantizing the bundled planner costs and saves, on the development sets.

    python benchmarks/quantization.py CASES.jsonl [CASES.jsonl ...] [--limit 200] [--types Q8_0 Q4_K]

CASES are the files that `python -m scrubjay.models.training cases` writes. Each type is exported from the
run's checkpoint and plans the same requests, greedily and under the grammar. The most memory that a process
ever held is of one that plans alone, with retrieval's encoder loaded as when tools are chosen. How fast the
bundled model decodes is in `benchmarks/decode.py`.
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scrubjay.agent.planner import Planner
from scrubjay.models.engine import LlamaEngine
from scrubjay.tools.tool import Tool

TYPES = ("F16", "Q8_0", "Q6_K", "Q4_K", "Q4_0")
REQUEST = "text Sid and Lutfi that I'm running late and note it in my journal"


def main() -> None:
    """Print the table, or as `--memory FILE` the number of one process."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", type=Path)
    parser.add_argument("--limit", type=int, default=200, help="cases of each file")
    parser.add_argument("--types", nargs="+", choices=TYPES, default=TYPES)
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/planner"), help="where the run's files live"
    )
    parser.add_argument("--memory", type=Path, metavar="FILE", help="plan once and print the MB held")
    arguments = parser.parse_args()
    if arguments.memory:
        print(asyncio.run(memory(arguments.memory)))
        return
    table = Table("type", "MB", *(f"exact, {p.stem}" for p in arguments.cases), "all", "MB held", box=None)
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as folder:
        for file_type in arguments.types:
            model = Path(folder) / f"{file_type}.gguf"
            python("-m", "scrubjay.models.training", "--folder", str(arguments.folder), "export",
                   "--type", file_type, "--out", str(model))  # fmt: skip
            exact = [accuracy(model, cases, arguments.limit) for cases in arguments.cases]
            held = float(python(__file__, "--memory", str(model)))
            table.add_row(
                file_type,
                f"{model.stat().st_size / 1e6:.1f}",
                *(f"{share:.1%}" for share in exact),
                f"{statistics.mean(exact):.1%}" if exact else "",
                f"{held:.0f}",
            )
            console.print(f"{file_type} done", style="dim")
    console.print(table)


def accuracy(model: Path, cases: Path, limit: int) -> float:
    """The share of exact plans, from `scrubjay eval`."""
    command = ("eval", str(cases), "--limit", str(limit), "--model", str(model), "--json")
    scrubjay = "import sys; from scrubjay.apps.main import main; sys.exit(main())"
    exact: float = json.loads(python("-c", scrubjay, *command))["exact"]
    return exact


async def memory(model: Path) -> float:
    """The most that this process has held in MB, after a plan for tools that the model has never seen."""
    tools = [
        Tool(f"remember_{what}", f"Remember a {what}.", {"type": "object"}) for what in ("name", "place")
    ]
    async with await LlamaEngine.load(model) as engine:
        await Planner(engine).write(REQUEST, tools)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def python(*arguments: str) -> str:
    """What this interpreter prints, run with these arguments; its errors go to this terminal."""
    return subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
