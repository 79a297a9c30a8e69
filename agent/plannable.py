"""Whether a tool from elsewhere can be offered: a schema that breaks the grammar would break every plan."""

import json
from collections.abc import Iterable
from functools import cache, lru_cache

from llguidance import LLMatcher, LLTokenizer

from ..tools.errors import ToolDefinitionError
from ..tools.tool import Tool
from .grammar import PlanGrammar
from .schema_grammar import SchemaError


def split_plannable(tools: Iterable[Tool]) -> tuple[list[Tool], list[ToolDefinitionError]]:
    """The tools that can be planned with, and what is wrong with the others."""
    fit: list[Tool] = []
    broken: list[ToolDefinitionError] = []
    for tool in tools:
        problem = _problem(tool.name, json.dumps(tool.parameters, sort_keys=True, default=str))
        if problem is None:
            fit.append(tool)
        else:
            broken.append(problem)
    return fit, broken


@lru_cache(maxsize=10_000)
def _problem(name: str, parameters: str) -> ToolDefinitionError | None:
    """What keeps a tool with these parameters, as JSON, from being planned with."""
    try:
        check_plannable(Tool(name, name, json.loads(parameters)))
    except ToolDefinitionError as error:
        return error
    return None


def check_plannable(tool: Tool) -> None:
    """Raise ToolDefinitionError when no plan with `tool` could be decoded."""
    try:
        grammar = PlanGrammar([tool.schema()]).next_grammar("")
    except SchemaError as error:
        raise ToolDefinitionError(f"{tool.name}: {error}") from error
    matcher = LLMatcher(_bytes(), grammar or "", log_level=0)
    if matcher.is_error():
        raise ToolDefinitionError(f"{tool.name}: its schema makes no grammar: {matcher.get_error():.200}")


@cache
def _bytes() -> LLTokenizer:
    return LLTokenizer("byte")
