"""Whether a tool from elsewhere can be offered: a schema that breaks the grammar would break every plan."""

from functools import cache

from llguidance import LLMatcher, LLTokenizer

from ..tools.errors import ToolDefinitionError
from ..tools.tool import Tool
from .grammar import PlanGrammar
from .schema_grammar import SchemaError


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
