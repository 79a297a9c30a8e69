"""How steps are put to the person, in the answer, in questions and when something is taken back."""

from __future__ import annotations

from collections.abc import Mapping

from ..tools.say import spoken
from ..tools.tool import Tool
from .display import shown
from .plan import Json


def summary(tool: Tool) -> str:
    """What a tool does: the first sentence of its description, without the full stop."""
    return tool.description.split(". ")[0].rstrip(".")


def deed(tool: Tool | str, args: Mapping[str, Json]) -> str:
    """What a step does, inside a sentence: "create a note (title: Shopping)"; a tool that is gone by name."""
    what = tool if isinstance(tool, str) else summary(tool)
    details = "; ".join(f"{name}: {spoken(shown(value))}" for name, value in args.items())
    what = what[:1].lower() + what[1:]
    return f"{what} ({details})" if details else what


def with_times(said: str, tool: Tool, understood: Mapping[str, str]) -> str:
    """What a tool said, with the dates and times that it was given and didn't mention, as understood."""
    properties = tool.parameters["properties"]
    times = [
        f"{name}: {meant}"
        for name, meant in understood.items()
        if properties.get(name, {}).get("format") == "date-time" and meant not in said
    ]
    return f"{said.rstrip('.')} ({'; '.join(times)})." if times else said


def sentence(text: str) -> str:
    """`text` with a capital letter in front and a full stop at the end."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
