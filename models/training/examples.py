"""Writes `agent/examples.jsonl`: requests with their plans, shown to models that others made.

    python -m scrubjay.models.training.examples

From the training split of the corpus alone, so that what is held out stays unseen: for each tool its first
two requests of one call, then plans of several calls, one for each different set of tools.
"""

import json
import random
from pathlib import Path

from .corpus import Entry, Pack, load_corpus, plan_text

CORPUS = Path(__file__).parent / "corpus"
TARGET = Path(__file__).parents[2] / "agent" / "examples.jsonl"

SINGLE = 2
SEVERAL = 80


def main() -> None:
    """Write the file anew; the same corpus gives the same file."""
    rng = random.Random(1)
    entries = [(pack, entry) for pack in load_corpus(CORPUS).builtin for entry in pack.entries]
    chosen: list[tuple[Pack, Entry]] = []
    singles: dict[str, int] = {}
    several: set[tuple[str, ...]] = set()
    for pack, entry in entries:
        tools = tuple(call.tool for call in entry.plan)
        if len(tools) == 1 and singles.get(tools[0], 0) < SINGLE:
            singles[tools[0]] = singles.get(tools[0], 0) + 1
            chosen.append((pack, entry))
        elif len(tools) > 1 and tools not in several and len(several) < SEVERAL:
            several.add(tools)
            chosen.append((pack, entry))
    lines = []
    for pack, entry in chosen:
        example = pack.expand(entry, rng)
        lines.append(
            json.dumps({"request": example.query, "plan": plan_text(example.plan)}, ensure_ascii=False)
        )
    TARGET.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} examples in {TARGET}")


if __name__ == "__main__":
    main()
