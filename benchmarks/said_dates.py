"""How many of the dates and times in the planner's corpus are understood, and how many are asked about.

    python benchmarks/said_dates.py CORPUS [--show]

CORPUS is the folder with packs/ and dialogues/ (their format: models/training). Now is a Tuesday afternoon.
"""

import argparse
import itertools
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from scrubjay.tools.said.dates import NotUnderstood, Speaking, read_when
from scrubjay.tools.said.readings import in_words

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=ZoneInfo("Europe/Lisbon"))
PARAMETERS = {
    ("create_event", "start"): Speaking(NOW),
    ("create_event", "end"): Speaking(NOW, after=NOW.replace(day=25, hour=10)),
    ("list_events", "when"): Speaking(NOW),
    ("move_event", "start"): Speaking(NOW),
    ("cancel_event", "when"): Speaking(NOW),
    ("create_meeting_link", "start"): Speaking(NOW),
    ("create_reminder", "due"): Speaking(NOW),
    ("list_reminders", "when"): Speaking(NOW),
    ("set_alarm", "time"): Speaking(NOW, usually="morning"),
}


def main() -> None:
    """Print the shares; with --show every phrase and its readings too."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--show", action="store_true", help="print every phrase with its readings")
    options = parser.parse_args()
    phrases = sorted(set(said_in(options.corpus)))
    unknown, asked = [], 0
    for tool, parameter, said in phrases:
        try:
            readings = read_when(said, PARAMETERS[tool, parameter])
        except NotUnderstood:
            unknown.append(said)
            continue
        asked += len(readings) > 1
        if options.show:
            print(f"{tool}.{parameter}: {said} = {' or '.join(in_words(one, NOW) for one in readings)}")
    print(f"{len(phrases)} phrases, {1 - len(unknown) / len(phrases):.1%} understood")
    print(f"asked about: {asked / len(phrases):.1%}")
    print(f"not understood: {', '.join(sorted(set(unknown)))}")


def said_in(corpus: Path) -> Iterator[tuple[str, str, str]]:
    """Tool, parameter and phrase of every date in the corpus, slots filled in every way."""
    for path in sorted(corpus.glob("packs/assistant_*.json")):
        pack = json.loads(path.read_text("utf-8"))
        yield from _phrases(pack["single"], pack["slots"])
        for plan in pack["multi"]:
            yield from _phrases(plan["plan"], pack["slots"])
    for path in sorted(corpus.glob("dialogues/*.json")):
        pack = json.loads(path.read_text("utf-8"))
        for dialogue in pack["dialogues"]:
            for turn in dialogue["turns"]:
                yield from _phrases(turn["plan"], pack["slots"])


def _phrases(calls: list[dict[str, Any]], slots: dict[str, list[Any]]) -> Iterator[tuple[str, str, str]]:
    for call in calls:
        for name, template in call["args"].items():
            if (call["tool"], name) not in PARAMETERS or template.startswith("$"):
                continue
            used = dict.fromkeys(re.findall(r"\{(\w+)\}", template))
            for values in itertools.product(*(slots[slot] for slot in used)):
                yield call["tool"], name, template.format_map(dict(zip(used, values, strict=True)))


if __name__ == "__main__":
    main()
