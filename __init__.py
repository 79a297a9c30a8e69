"""Scrubjay: an on-device agent runtime.

Everything a program needs is here; each name is imported when it is first used, so that
`import scrubjay` costs next to nothing and a tool's module never waits for the engine.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers know the name; to import typing would take longer than all of this
if TYPE_CHECKING:
    from typing import Any

    from .agent.agent import Agent, Answer
    from .tools.decorator import tool
    from .tools.effect import Effect
    from .tools.registry import ToolRegistry
    from .tools.schema import Free
    from .tools.tool import Tool

__version__ = "0.1.0"

__all__ = ["Agent", "Answer", "Effect", "Free", "Tool", "ToolRegistry", "__version__", "tool"]

_HOMES = {
    "Agent": ".agent.agent",
    "Answer": ".agent.agent",
    "Effect": ".tools.effect",
    "Free": ".tools.schema",
    "Tool": ".tools.tool",
    "ToolRegistry": ".tools.registry",
    "tool": ".tools.decorator",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
