"""Whether a spoken request got the right plan, and whose fault it was when not."""

from __future__ import annotations

from typing import Any

from scrubjay.apps.scoring import same_plan
from scrubjay.models.training.spoken import spoken_words

_SMALL = {"the", "a", "an", "my", "on", "at", "for", "some"}


def normal(plan: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A plan with its texts as they are spoken: no capitals, no digits, no small words."""
    return [{"tool": step["tool"], "args": _normal(step["args"])} for step in plan]


def _normal(value: Any) -> Any:
    if isinstance(value, str) and not value.startswith("$"):
        words = spoken_words(value.replace("cancelled", "canceled"))
        return " ".join(word for word in words if word not in _SMALL) or value
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, dict):
        return {key: _normal(item) for key, item in value.items()}
    return value


def verdict(row: dict[str, Any]) -> str:
    """ "right", "recognition" (the words as they were meant give the right plan), or "planning"."""
    wanted = normal(row["plan_wanted"])
    if same_plan(normal(row["plan"]), wanted):
        return "right"
    return "recognition" if same_plan(normal(row["plan_from_text"]), wanted) else "planning"


def word_errors(row: dict[str, Any]) -> tuple[int, int]:
    """How many words were heard wrong, and how many were said."""
    said, heard = spoken_words(row["say"]), spoken_words(row["heard"])
    costs = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        above, costs[0] = costs[0], number
        for place, other in enumerate(heard, 1):
            above, costs[place] = costs[place], min(
                costs[place] + 1, costs[place - 1] + 1, above + (word != other)
            )
    return costs[-1], len(said)
