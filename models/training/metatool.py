"""MetaTool (MIT): requests for one of 199 tools that have a name and a description, and for two of them."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from ...tools.tool import Tool


def metatool_tools(data: Path) -> tuple[Tool, ...]:
    """MetaTool's 199 tools; names and descriptions are all that it says about them."""
    described = json.loads((data / "metatool" / "tools.json").read_text("utf-8"))
    return tuple(
        Tool(tool_name(name), text, {"type": "object", "properties": {}}) for name, text in described.items()
    )


def tool_name(name: str) -> str:
    """A name of MetaTool's or Seal-Tools' in the letters that a Tool's name may have (`PDF&URLTool`)."""
    return re.sub(r"[^A-Za-z0-9_./-]", "_", name)


def metatool_requests(data: Path, *, development: bool) -> list[tuple[str, frozenset[str]]]:
    """Requests for one tool each: the rows whose number is divisible by 10, or those that may be trained on.

    Whether rows are counted from 0, from 1 or as lines of the file, none of these is trained on.
    """
    with (data / "metatool" / "queries.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (row["Query"], frozenset((tool_name(row["Tool"]),)))
        for number, row in enumerate(rows)
        if (number % 10 == 0 if development else number % 10 not in (0, 8, 9))
    ]


def metatool_pairs(data: Path) -> list[tuple[str, frozenset[str]]]:
    """The requests for two tools, which are never trained on."""
    rows = json.loads((data / "metatool" / "multi_tool_queries.json").read_text("utf-8"))
    return [(row["query"], frozenset(map(tool_name, row["tool"]))) for row in rows]
