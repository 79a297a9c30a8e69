"""Draws a run's log: the losses over the requests that were trained on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SHOWN = {"builtin": "built-in tools, held out", "dialogues": "dialogues, held out", "unseen": "unseen tools"}


def draw(logs: Iterable[Path], out: Path) -> None:
    """Write the curves of `log.jsonl` files, one after the other, to `out` (its suffix says the format)."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    lines: list[dict[str, Any]] = [json.loads(line) for log in logs for line in log.open(encoding="utf-8")]
    # Identifiers in an SVG are random otherwise, and every drawing would be a change.
    mpl.rcParams["svg.hashsalt"] = "scrubjay"
    axes = (figure := Figure(figsize=(8, 4.5), layout="constrained")).add_subplot()
    axes.plot(*_series(lines, "loss"), color="0.7", linewidth=1, label="training")
    checks = [line | line["held_out"] for line in lines if "held_out" in line]
    for name, label in SHOWN.items():
        axes.plot(*_series(checks, name), marker=".", label=label)
    axes.set(xlabel="requests", ylabel="loss on plan tokens (nats)", yscale="log")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(out, metadata={"Date": None})


def _series(lines: list[dict[str, Any]], name: str) -> tuple[list[float], list[float]]:
    found = [line for line in lines if name in line]
    return [line["requests"] for line in found], [line[name] for line in found]
