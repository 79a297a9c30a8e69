"""For tests of tools: an agent whose plans come from a script instead of a model.

Everything else is real: grammar, references, consent, time-outs, retries, the journal and the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import cache
from textwrap import dedent, indent

from llguidance import LLMatcher, LLTokenizer

from .agent.calls import CallFailed, Calls
from .agent.events import ConsentAsked
from .agent.plan import DONE, NONE, Json
from .models.constrained import Constraint
from .models.outbox import Chunk
from .models.prompt import Prompt
from .tools.errors import ToolError
from .tools.tool import Tool

__all__ = ["CallFailed", "Consent", "Script", "ScriptError", "ScriptedPlanner", "call", "refused"]

Script = str | Sequence[str] | Mapping[str, str | Sequence[str]] | Callable[[str], str]
"""A plan; plans that are written in turn; either of these by request; or a function from request to plan."""

_PIECE = 5


class ScriptError(AssertionError):
    """The script has no plan for a request, or one that no model could have written for these tools."""


class ScriptedPlanner:
    """An engine for `Agent(tools, ScriptedPlanner(script))` that writes plans without a model.

    A plan is text as in docs/plans.md, indented as you like; its last line, `done`, may be left out. Of
    several plans each is written once, the last one again and again. What does not fit the tools raises
    ScriptError.

    evidence: hold plans to what the bundled model may write: texts are words of the request or of results.
    pause_s: seconds between the pieces of five characters that a plan comes in.
    """

    def __init__(self, script: Script, *, evidence: bool = False, pause_s: float = 0.0) -> None:
        self.metadata: Mapping[str, str | int | float | bool] = {
            "scrubjay.dialect": "scrubjay-1",
            "scrubjay.evidence": evidence,
        }
        self.prompts: list[Prompt] = []
        """What it was asked to plan, a prompt for each round."""
        self._script = script
        self._pause_s = pause_s

    @property
    def requests(self) -> list[str]:
        """The requests that it was asked to plan, a text for each round."""
        return [_request(prompt) for prompt in self.prompts]

    async def generate(
        self, prompt: Prompt, *, constraint: Constraint | None = None, max_tokens: int = 512
    ) -> AsyncGenerator[Chunk, None]:
        """Write the plan for `prompt`, a few characters at a time. Raises ScriptError."""
        self.prompts.append(prompt)
        request = _request(prompt)
        plan = _whole(self._plan(request))
        if constraint is not None and (problem := refused(constraint, plan)):
            raise ScriptError(
                f"no model could write this plan for {request!r} with these tools; {problem}\n"
                + indent(plan, "    ")
            )
        for begin in range(0, len(plan), _PIECE):
            await asyncio.sleep(self._pause_s)
            yield Chunk(plan[begin : begin + _PIECE], tokens=1, forced=0, logprob=0.0)

    def _plan(self, request: str) -> str:
        script: str | Sequence[str] | Callable[[str], str] | None
        if isinstance(self._script, Mapping):
            script, earlier = self._script.get(request), self.requests.count(request) - 1
        else:
            script, earlier = self._script, len(self.prompts) - 1
        if callable(script):
            return script(request)
        if not script:
            raise ScriptError(f"the script has no plan for the request {request!r}; add one")
        return script if isinstance(script, str) else script[min(earlier, len(script) - 1)]


class Consent:
    """The answer to every question, for `Policy(consent=Consent(...))`; `asked` are the questions.

    allow: the answer, or a function that gives it: `lambda asked: asked.tool == "send_mail"`.
    """

    def __init__(self, allow: bool | Callable[[ConsentAsked], bool] = True) -> None:
        self.asked: list[ConsentAsked] = []
        self._allow = allow

    async def __call__(self, asked: ConsentAsked) -> bool:
        self.asked.append(asked)
        return self._allow(asked) if callable(self._allow) else self._allow


def call(tool: Tool, /, **arguments: Json) -> Json:
    """What a step gets that calls `tool` with JSON values: they are checked, and so is the result.

    Raises ToolError for wrong arguments and for what the tool says itself (ToolFailed, ToolQuestion), and
    CallFailed when it breaks or takes too long.
    """

    async def run() -> Json:
        calls = Calls()
        try:
            return await calls.call(tool, tool.validate_arguments(arguments))
        except CallFailed as failed:
            if isinstance(failed.__cause__, ToolError):
                raise failed.__cause__ from None
            raise
        finally:
            calls.close()

    return asyncio.run(run())


def _request(prompt: Prompt) -> str:
    return prompt.segments[-1].parts[0]


def _whole(plan: str) -> str:
    text = dedent(plan).strip() + "\n"
    return text if text.endswith(f"\n{DONE}") or text in (DONE, NONE) else text + DONE


def refused(constraint: Constraint, plan: str) -> str:
    """What a grammar (`PlanGrammar`) refuses in `plan`, in words; empty when it admits every line."""
    written = ""
    for number, line in enumerate(plan.splitlines(keepends=True), 1):
        grammar = constraint.next_grammar(written)
        if grammar is None:
            return f"nothing may follow line {number - 1}"
        matcher, data = LLMatcher(_bytes(), grammar, log_level=0), line.encode()
        taken = matcher.try_consume_tokens(list(data))
        if taken < len(data):
            return f"line {number} goes wrong at {data[taken:].decode(errors='replace').rstrip()!r}"
        written += line
    return ""


@cache
def _bytes() -> LLTokenizer:
    return LLTokenizer("byte")
