"""The switcher: how many requests of each kind it lets think, and how long it takes to say so.

Reasoning requests are the held-out ones of `python -m scrubjay.models.training reasoning cases`; ordinary
ones are the held-out cases of `python -m scrubjay.models.training cases`, one file for each kind.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

from scrubjay.models.switcher import needs_thought

ORDINARY = ("builtin", "unseen", "dialogues")
FILES = [Path("runs/reasoning/cases.jsonl"), *(Path(f"runs/planner/{name}.jsonl") for name in ORDINARY)]


def main() -> None:
    """Print a line for each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "files", type=Path, nargs="*", default=FILES, help="evaluation cases, as `scrubjay eval` takes them"
    )
    parser.add_argument("--show", type=int, default=0, help="how many that think to print")
    arguments = parser.parse_args()
    needs_thought("the first call reads the weights")
    for path in arguments.files:
        requests = [json.loads(line)["query"] for line in path.read_text("utf-8").splitlines()]
        think, times = [], []
        for request in requests:
            began = time.perf_counter()
            wanted = needs_thought(request)
            times.append(1e3 * (time.perf_counter() - began))
            think += [request] if wanted else []
        print(
            f"{path.stem:12} {len(requests):5} requests, {len(think) / len(requests):6.1%} think;"
            f" median {statistics.median(times):.3f} ms, at most {max(times):.2f} ms"
        )
        for request in think[: arguments.show]:
            print("   ", request)


if __name__ == "__main__":
    main()
