"""Scrubjay: an on-device agent runtime.

Everything a program needs is here; each name is imported when it is first used, so that
`import scrubjay` costs next to nothing and a tool's module never waits for the engine.
`scrubjay.events` has what happens while a request is served, `scrubjay.testing` is for tests of tools.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers know the name; to import typing would take longer than all of this
if TYPE_CHECKING:
    from typing import Any

    from .agent.agent import Agent, Answer
    from .agent.events import Event, Status
    from .agent.policy import Policy
    from .agent.session import Session
    from .models.catalog import bundled_planner
    from .models.engine import EngineSettings, LlamaEngine
    from .tools.builtin import builtin_tools
    from .tools.decorator import tool, tools_of
    from .tools.effect import Effect
    from .tools.errors import ToolFailed, ToolQuestion
    from .tools.registry import ToolRegistry
    from .tools.schema import Free
    from .tools.tool import Tool

__version__ = "0.1.0"

__all__ = [
    "Agent",
    "Answer",
    "Effect",
    "EngineSettings",
    "Event",
    "Free",
    "LlamaEngine",
    "Policy",
    "Session",
    "Status",
    "Tool",
    "ToolFailed",
    "ToolQuestion",
    "ToolRegistry",
    "__version__",
    "builtin_tools",
    "bundled_planner",
    "tool",
    "tools_of",
]

_HOMES = {
    "Agent": ".agent.agent",
    "Answer": ".agent.agent",
    "Effect": ".tools.effect",
    "EngineSettings": ".models.engine",
    "Event": ".agent.events",
    "Free": ".tools.schema",
    "LlamaEngine": ".models.engine",
    "Policy": ".agent.policy",
    "Session": ".agent.session",
    "Status": ".agent.events",
    "Tool": ".tools.tool",
    "ToolFailed": ".tools.errors",
    "ToolQuestion": ".tools.errors",
    "ToolRegistry": ".tools.registry",
    "builtin_tools": ".tools.builtin",
    "bundled_planner": ".models.catalog",
    "tool": ".tools.decorator",
    "tools_of": ".tools.decorator",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
