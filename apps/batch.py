"""Many plans: lines of requests in, lines of plans out, several being written at once on one engine."""

import asyncio
import json
import locale
import time
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import IO, Any

from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..agent.planner import Planner, current_facts
from ..models.dialects import facts_text
from ..retrieval.retriever import Retriever
from ..tools.registry import ToolRegistry
from .opening import MAX_TOOLS
from .plan_json import plan_json
from .tool_files import tools_from

AT_ONCE = 16  # twice what an engine decodes at once: one slow plan at the head must not starve it


class Line(BaseModel):
    """A line in. tools: JSON schemas; without any, those of the whole batch. now: ISO 8601."""

    id: str | int
    query: str
    tools: list[dict[str, Any]] | None = None
    now: datetime | None = None


async def plan_batch(lines: Iterable[bytes], out: IO[str], planner: Planner, tools: ToolRegistry) -> int:
    """Write a line for each line in, in their order, each as soon as those before it are there.

    Returns how many could not be planned; those get `{"id", "error"}`, and the others are not affected.
    """
    failed = 0
    waiting: deque[asyncio.Task[dict[str, Any]]] = deque()
    retriever = Retriever(tools)
    with _progress() as progress:
        bar = progress.add_task("planned")

        async def write_next() -> bool:
            planned = await waiting.popleft()
            out.write(json.dumps(planned, ensure_ascii=False) + "\n")
            out.flush()
            progress.advance(bar)
            return "error" not in planned

        async with asyncio.TaskGroup() as group:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                waiting.append(group.create_task(_plan_line(number, line, planner, retriever)))
                if len(waiting) == AT_ONCE:
                    failed += not await write_next()
            while waiting:
                failed += not await write_next()
    return failed


async def _plan_line(number: int, line: bytes, planner: Planner, retriever: Retriever) -> dict[str, Any]:
    identity: Any = None
    try:
        content = json.loads(line)
        identity = content.get("id") if isinstance(content, Mapping) else None
        request = Line.model_validate(content)
        if request.tools is not None:
            retriever = Retriever(tools_from(request.tools))
        started = time.perf_counter()
        offered = retriever.choose(request.query, MAX_TOOLS)
        written = await planner.write(request.query, offered, facts=_facts(request.now))
    except Exception as error:  # whatever is wrong with one line, the others are planned
        return {"id": identity, "error": f"line {number}: {_told(error)}"}
    ms = round((time.perf_counter() - started) * 1000, 1)
    return {"id": request.id, "plan": plan_json(written.plan.steps), "ms": ms, "tokens": written.tokens}


def _facts(now: datetime | None) -> str:
    return facts_text(now, locale.getlocale()[0] or "en_US") if now else current_facts()


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'the line'}: {e['msg']}" for e in error.errors())
    return str(error) or type(error).__name__


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)
