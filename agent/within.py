"""What a request inside a step of another one, such as a sub-agent's, takes over: its person, its journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING

from .events import ConsentAsked
from .provenance import NOBODY, Provenance, Source

if TYPE_CHECKING:
    from .executor import EffectJournal

ASK: ContextVar[Callable[[ConsentAsked], Awaitable[bool]] | None] = ContextVar("ask", default=None)
"""Puts a question of the inner request to whoever answers for the outer one."""

JOURNAL: ContextVar[Callable[[str], EffectJournal | None] | None] = ContextVar("journal", default=None)
"""Gives the journal for a request's id."""

ASKED_BY: ContextVar[Provenance] = ContextVar("asked_by", default=NOBODY)
"""The others who wrote what the step was called with, or whom the outer planner had read: then they, too,
wrote the inner request."""

READ: ContextVar[set[Source] | None] = ContextVar("read", default=None)
"""Takes the others whose words the inner request has read, and which its answer may hold."""
