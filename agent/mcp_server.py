"""Our tools offered to others as an MCP server: each call is a step, with all that belongs to one.

What has an effect asks the person behind the client (elicitation); where a client cannot ask, it is not done.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Set
from importlib.metadata import version
from typing import Any, TypeAlias
from uuid import uuid4

import mcp_types as mcp
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from ..tools.effect import Effect
from ..tools.registry import ToolRegistry
from ..tools.tool import Tool
from .calls import Calls
from .events import ConsentAsked
from .executor import EffectJournal, Executor
from .outcome import Failure, Outcome, StepStatus
from .plan import Json, Step
from .policy import ASK, Policy

MOST_OPEN = 1000
"""Questions that wait for an answer; the oldest are forgotten."""

_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {"allow": {"type": "boolean", "title": "Allow", "description": "Whether it may be done"}},
    "required": ["allow"],
}
_KEY = "consent"

Context: TypeAlias = ServerRequestContext[Any, Any]


def mcp_server(
    tools: ToolRegistry | Iterable[Tool],
    *,
    ask: Set[Effect] = ASK,
    journal: Callable[[str], EffectJournal | None] = lambda request_id: None,
) -> Server[Any]:
    """A server of the `mcp` package that offers `tools`; run it over stdio or as an HTTP app.

    ask: the effects that need consent. journal: where effects are written down, `Session.journal` for one.
    """
    service = _Service(tools if isinstance(tools, ToolRegistry) else ToolRegistry(tools), ask, journal)
    return Server(
        "scrubjay",
        version=version("scrubjay"),
        on_list_tools=service.list_tools,
        on_call_tool=service.call_tool,
    )


class _Service:
    def __init__(
        self, tools: ToolRegistry, ask: Set[Effect], journal: Callable[[str], EffectJournal | None]
    ) -> None:
        self._tools = tools
        self._ask = ask
        self._journal = journal
        self._calls = Calls()
        self._open: dict[str, str] = {}

    async def list_tools(self, context: Context, params: object) -> mcp.ListToolsResult:
        return mcp.ListToolsResult(tools=[offered(tool) for tool in self._tools])

    async def call_tool(
        self, context: Context, params: mcp.CallToolRequestParams
    ) -> mcp.CallToolResult | mcp.InputRequiredResult:
        if params.name not in self._tools:
            raise MCPError(code=mcp.INVALID_PARAMS, message=f"Unknown tool: {params.name}")
        arguments = dict(params.arguments or {})
        answered = self._answer(params, arguments)
        asked: list[ConsentAsked] = []

        async def consent(question: ConsentAsked) -> bool:
            asked.append(question)
            if answered is not None or not _can_ask(context):
                return answered is True
            if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
                return False  # for now: there a question is what the call returns
            result = await context.session.elicit_form(question.question, _ANSWER, context.request_id)
            return _is_yes(result)

        outcome = await self._run(Step(1, params.name, arguments), Policy(ask=self._ask, consent=consent))
        if outcome.status is not StepStatus.DENIED:
            return _told(outcome)
        if not _can_ask(context):
            return _error("Not done: it needs the user's consent, and this client cannot ask (elicitation).")
        if answered is None and context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return self._question(asked[0].question, params.name, arguments)
        return _error("Not done: the user did not allow it.")

    async def _run(self, step: Step, policy: Policy) -> Outcome:
        request_id = uuid4().hex
        executor = Executor(
            self._tools,
            self._calls,
            policy=policy,
            emit=lambda event: None,
            journal=self._journal(request_id),
            request_id=request_id,
        )

        async def steps() -> AsyncIterator[Step]:
            yield step

        (outcome,) = await executor.run(steps())
        return outcome

    def _question(self, question: str, tool: str, arguments: Mapping[str, Any]) -> mcp.InputRequiredResult:
        """The question as a result; the call comes again with the answer and this very state."""
        state = secrets.token_urlsafe()
        self._open[state] = json.dumps([tool, arguments], sort_keys=True)
        if len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]
        params = mcp.ElicitRequestFormParams(message=question, requested_schema=_ANSWER)
        return mcp.InputRequiredResult(
            input_requests={_KEY: mcp.ElicitRequest(params=params)}, request_state=state
        )

    def _answer(self, params: mcp.CallToolRequestParams, arguments: Mapping[str, Any]) -> bool | None:
        """The answer that came with a call, if it is for this very call and was not used before."""
        if not params.request_state:
            return None
        asked = self._open.pop(params.request_state, None)
        response = (params.input_responses or {}).get(_KEY)
        same = asked == json.dumps([params.name, arguments], sort_keys=True)
        return same and isinstance(response, mcp.ElicitResult) and _is_yes(response)


def offered(tool: Tool) -> mcp.Tool:
    """How a tool is listed; what it returns stands in `result`, since MCP wants an object."""
    returns = {"type": "object", "properties": {"result": tool.returns}, "required": ["result"]}
    hints = mcp.ToolAnnotations(
        read_only_hint=tool.effect is Effect.READ,
        destructive_hint=tool.effect is Effect.DESTROY,
        open_world_hint=tool.effect is Effect.SEND,
    )
    return mcp.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.schema()["parameters"],
        output_schema=returns if tool.returns else None,
        annotations=hints,
    )


def _told(outcome: Outcome) -> mcp.CallToolResult:
    if not outcome.has_result:
        question = outcome.failure is Failure.QUESTION
        return _error(outcome.problem + (" (Ask the user, and call again.)" if question else ""))
    result: Json = outcome.result
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return mcp.CallToolResult(content=[mcp.TextContent(text=text)], structured_content={"result": result})


def _error(text: str) -> mcp.CallToolResult:
    return mcp.CallToolResult(content=[mcp.TextContent(text=text)], is_error=True)


def _can_ask(context: Context) -> bool:
    capabilities = context.session.client_capabilities
    return capabilities is not None and capabilities.elicitation is not None


def _is_yes(result: mcp.ElicitResult) -> bool:
    return result.action == "accept" and (result.content or {}).get("allow") is True
