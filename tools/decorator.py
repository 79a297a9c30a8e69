"""The `@tool` decorator: a Python function becomes a tool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar, overload

from .effect import Effect
from .schema import read_function
from .tool import Tool

P = ParamSpec("P")
R = TypeVar("R")

if TYPE_CHECKING:

    class FunctionTool(Tool, Generic[P, R]):
        """What type checkers take a decorated function for: a tool that is called as the function is."""

        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    class Decorator(Protocol):
        """What `@tool(...)` does to a function."""

        def __call__(self, function: Callable[P, R], /) -> FunctionTool[P, R]: ...


@overload
def tool(function: Callable[P, R], /) -> FunctionTool[P, R]: ...


@overload
def tool(
    *,
    effect: Effect | str = ...,
    name: str | None = ...,
    description: str | None = ...,
    state: str | None = ...,
    timeout_s: float | None = ...,
    retries: int = ...,
    say: str | None = ...,
    from_others: bool = ...,
    source: str | None = ...,
    recipients: Sequence[str] = ...,
    targets: Sequence[str] | None = ...,
    others_choose: str = ...,
    delegates: bool = ...,
    undo: Callable[..., str] | None = ...,
    understood: Callable[..., Mapping[str, str]] | None = ...,
    examples: Sequence[str] = ...,
) -> Decorator: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    effect: Effect | str = Effect.WRITE,
    name: str | None = None,
    description: str | None = None,
    state: str | None = None,
    timeout_s: float | None = None,
    retries: int = 0,
    say: str | None = None,
    from_others: bool = False,
    source: str | None = None,
    recipients: Sequence[str] = (),
    targets: Sequence[str] | None = None,
    others_choose: str = "",
    delegates: bool = False,
    undo: Callable[..., str] | None = None,
    understood: Callable[..., Mapping[str, str]] | None = None,
    examples: Sequence[str] = (),
) -> Any:
    """Make a `Tool` of a function or method, from its signature, type hints and Google-style docstring.

    `@tool` alone, or `@tool(effect="read", ...)`: an effect that isn't declared counts as write. `name` and
    `description` replace the function's own; the rest are the fields of `Tool` (a method's `undo` and
    `understood` are methods of its class too). The result can still be
    called like the function, and as a method it is bound by its instance. Raises ToolDefinitionError that
    says what to change.
    """

    def make(function: Callable[..., Any]) -> Tool:
        read = read_function(function, description)
        return Tool(
            name=name or function.__name__,
            description=read.description,
            parameters=read.parameters,
            returns=read.returns,
            effect=Effect(effect),
            state=state,
            timeout_s=timeout_s,
            retries=retries,
            say=say,
            from_others=from_others,
            source=source,
            recipients=tuple(recipients),
            targets=None if targets is None else tuple(targets),
            others_choose=others_choose,
            delegates=delegates,
            undo=undo,
            understood=understood,
            examples=tuple(examples),
            function=function,
            argument_validators=read.argument_validators,
            result_validator=read.result_validator,
        )

    return make if function is None else make(function)


def tools_of(instance: object) -> list[Tool]:
    """The methods of `instance` that are tools, bound to it, in the order in which its class defines them."""
    names = dict.fromkeys(
        name
        for kind in reversed(type(instance).__mro__)
        for name, value in vars(kind).items()
        if _is_tool(value)
    )
    return [getattr(instance, name) for name in names]


def _is_tool(value: object) -> bool:
    return isinstance(value, Tool)
