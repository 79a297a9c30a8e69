"""An agent as a tool of another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ..tools.decorator import tool
from ..tools.effect import Effect
from ..tools.errors import ToolFailed, ToolQuestion
from ..tools.tool import Tool
from .events import Status
from .provenance import of_others
from .within import READ

if TYPE_CHECKING:
    from .agent import Agent

_STRENGTH = tuple(Effect)


def sub_agent(
    agent: Agent, name: str, description: str, *, timeout_s: float, examples: Sequence[str]
) -> Tool:
    """See `Agent.as_tool`."""
    tools = list(agent.tools)

    @tool(
        name=name,
        description=description,
        effect=max((part.effect for part in tools), key=_STRENGTH.index, default=Effect.DESTROY),
        delegates=True,
        timeout_s=timeout_s,
        say="{result}",
        examples=examples,
    )
    async def serve(request: Annotated[str, Field(description="What is to be done, in words")]) -> str:
        answer = await agent.run(request)
        if (read := READ.get()) is not None:
            read.update(*(of_others(outcome.source) for outcome in answer.steps))
        if answer.status is Status.ASKED:
            raise ToolQuestion(answer.text)
        if answer.status in (Status.DONE, Status.PARTLY):
            return answer.text
        raise ToolFailed(answer.text)

    return serve
