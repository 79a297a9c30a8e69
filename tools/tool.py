"""A tool: what a planner reads about it, and what runs when a step calls it."""

import copy
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MethodType
from typing import Any, Self

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from .coercion import fitted, holds_broken_text
from .effect import Effect
from .errors import ToolArgumentError, ToolDefinitionError, ToolResultError
from .json_schema import JsonSchema, flat_parameters, flat_schema
from .say import check_template
from .validation import Validator, problems, unknown_names, validator

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]{0,127}")


@dataclass(frozen=True, slots=True)
class Tool:
    """Something an agent can do. `@tool` makes one from a function, `Tool.from_schema` from a JSON schema.

    Raises ToolDefinitionError when a part of it is not well-formed.
    """

    name: str
    """Letters, digits and `_ - . /`, starting with a letter or `_`, at most 128 characters."""
    description: str
    parameters: JsonSchema
    """JSON Schema of an object; kept in the plain form of `json_schema.py`."""
    returns: JsonSchema = field(default_factory=dict)
    """JSON Schema of the result; empty: anything that JSON can hold."""
    effect: Effect = Effect.WRITE
    state: str | None = None
    """What it touches ("notes"): steps on one state keep their written order, unless all only read."""
    timeout_s: float | None = None
    retries: int = 0
    """How often to try again after an error that is no ToolError."""
    say: str | None = None
    """How its result is put to the person; see `say.py`."""
    from_others: bool = False
    """Whether its result holds what others wrote (a mail's text, a file's): data, never instructions."""
    source: str | None = None
    """What its result is called where a question names it, a template as `say`: "the file {path}"."""
    recipients: tuple[str, ...] = ()
    """Parameters that name to whom it sends, by address or number: the person may allow recipients."""
    targets: tuple[str, ...] | None = None
    """Parameters that decide what it hits, beside recipients: where others wrote them, it always asks.
    None: all of them when it sends or destroys, else none."""
    others_choose: str = ""
    """What others decide, though no argument shows it, such as "where the answer goes": it always asks."""
    delegates: bool = False
    """Whether what it does are steps of their own, which ask and are journaled one by one: a sub-agent's."""
    undo: Callable[[Mapping[str, Any], Any], str] | None = None
    """Takes a call back, from its arguments and result (JSON); says what it did, or raises ToolFailed."""
    understood: Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None
    """What it understands arguments to mean, in plain words, by name (JSON values; not all need be there):
    {"start": "tomorrow at 2"} is {"start": "Wednesday 25 November, 14:00"}. For the question before an effect
    and the answer after it. Raises ToolQuestion or ToolFailed as the call itself would; changes nothing."""
    examples: tuple[str, ...] = ()
    """Requests that it serves, for finding it."""
    function: Callable[..., Any] | None = None
    """What runs; None: the tool can be planned with, not called."""
    argument_validators: Mapping[str, Validator] | None = field(default=None, repr=False, compare=False)
    """By parameter; None: made from `parameters`."""
    result_validator: Validator | None = field(default=None, repr=False, compare=False)
    """None: made from `returns`."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ToolDefinitionError(
                f"a tool cannot be called {self.name!r:.140}: a name is letters, digits and _ - . /, "
                "starts with a letter or _, and has at most 128 characters"
            )
        if not isinstance(self.description, str) or not self.description.strip():
            raise ToolDefinitionError(f"{self.name} has no description: say in a sentence what it does")
        if not isinstance(self.returns, Mapping):
            raise ToolDefinitionError(f"{self.name}: returns must be a JSON Schema, not {self.returns!r:.80}")
        parameters = flat_parameters(self.parameters, self.name)
        returns = flat_schema(self.returns, f"{self.name}: returns")
        if self.say is not None:
            check_template(self.say, parameters["properties"], self.name)
        if self.source is not None:
            check_template(self.source, parameters["properties"], self.name)
        for name in (*self.recipients, *(self.targets or ())):
            if name not in parameters["properties"]:
                raise ToolDefinitionError(f"{self.name} has no parameter {name}, which a target has to be")
        validators = self.argument_validators
        if validators is None:
            validators = {name: validator(part) for name, part in parameters["properties"].items()}
        self._set("parameters", parameters)
        self._set("returns", returns)
        self._set("argument_validators", validators)
        self._set("result_validator", self.result_validator or validator(returns))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @classmethod
    def from_schema(cls, schema: Mapping[str, Any]) -> Self:
        """A tool that can be planned with, from a JSON schema as others write it.

        Known are our own form (`name`, `description`, `parameters`, `returns`, and optionally `effect`,
        `state`, `say` and `examples`), OpenAI's (`{"type": "function", "function": {...}}`, or flat) and
        MCP's (`inputSchema`, `outputSchema`). An effect that isn't declared counts as write.
        """
        if not isinstance(schema, Mapping):
            raise ToolDefinitionError(f"a tool must be a JSON object with a name, not {schema!r:.80}")
        inner = schema["function"] if isinstance(schema.get("function"), Mapping) else schema
        name = inner.get("name")
        if not isinstance(name, str):
            raise ToolDefinitionError(f"a tool has no name: {dict(inner)!r:.120}")
        effect = inner.get("effect", Effect.WRITE)
        if effect not in list(Effect):
            raise ToolDefinitionError(f"{name}: effect must be one of {', '.join(Effect)}, not {effect!r}")
        return cls(
            name=name,
            description=inner.get("description") or name,
            parameters=_first(inner, "parameters", "inputSchema", "input_schema"),
            returns=_first(inner, "returns", "outputSchema", "output_schema"),
            effect=Effect(effect),
            state=inner.get("state"),
            say=inner.get("say"),
            examples=tuple(inner.get("examples", ())),
        )

    def schema(self) -> JsonSchema:
        """What a planner reads: name, description, parameters and returns; a copy that may be changed."""
        return copy.deepcopy(
            {
                "name": self.name,
                "description": self.description,
                "parameters": self.parameters,
                "returns": self.returns,
            }
        )

    def targets_among(self, names: Iterable[str]) -> list[str]:
        """Those of these parameters that decide what it hits: where others wrote them, it always asks."""
        if self.targets is None and not self.recipients:
            return list(names) if self.effect in (Effect.SEND, Effect.DESTROY) else []
        return [name for name in names if name in self.recipients or name in (self.targets or ())]

    @property
    def is_async(self) -> bool:
        """Whether `call` returns something to await."""
        return inspect.iscoroutinefunction(self.function) or inspect.iscoroutinefunction(
            getattr(self.function, "__call__", None)  # noqa: B004 - an object whose __call__ is async
        )

    @property
    def needs_instance(self) -> bool:
        """Whether it is a method that was taken from its class rather than from an instance."""
        if self.function is None or isinstance(self.function, MethodType):
            return False
        first = next(iter(inspect.signature(self.function).parameters), None)
        return first == "self" and "self" not in self.parameters["properties"]

    def validate_arguments(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments coerced to what the function takes, from JSON values (references already resolved).

        Raises ToolArgumentError that says which names are missing or unknown or, when none is, which values
        don't fit.
        """
        assert self.argument_validators is not None
        wrong = [f"{name} is missing" for name in self.parameters["required"] if name not in arguments]
        wrong += unknown_names(dict(arguments), self.parameters)
        wrong += [
            f"{name} holds half a character" for name in arguments if holds_broken_text(arguments[name])
        ]
        valid = dict(arguments)
        for name, schema in self.parameters["properties"].items() if not wrong else ():
            if name in arguments:
                try:
                    valid[name] = self.argument_validators[name](fitted(arguments[name], schema))
                except ValidationError as error:
                    wrong += problems(error, name)
        if wrong:
            raise ToolArgumentError(f"{self.name}: {'; '.join(wrong)}")
        return valid

    def plain(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments from `validate_arguments` as JSON values, for showing and keeping them."""
        plain: dict[str, Any] = to_jsonable_python(dict(arguments), inf_nan_mode="constants", fallback=str)
        return plain

    def validate_result(self, value: Any) -> Any:
        """The result of a call as a JSON value, checked against what the tool says it returns.

        Raises ToolResultError when it is something else or nothing that JSON can hold.
        """
        assert self.result_validator is not None
        try:
            return to_jsonable_python(self.result_validator(value), inf_nan_mode="constants")
        except ValidationError as error:
            wrong = "; ".join(problems(error, "its result"))
            raise ToolResultError(f"{self.name} returned something else than it declares: {wrong}") from error
        except (PydanticSerializationError, ValueError) as error:
            raise ToolResultError(
                f"{self.name} returned {type(value).__name__}, which is not JSON: {error}"
            ) from error

    def call(self, arguments: Mapping[str, Any]) -> Any:
        """Run the function with arguments from `validate_arguments`; an awaitable when `is_async`."""
        if self.function is None:
            raise ToolDefinitionError(f"{self.name} is only a schema: there is no function to call")
        return self.function(**arguments)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function as Python would, so that a decorated function stays a function."""
        if self.function is None:
            raise ToolDefinitionError(f"{self.name} is only a schema: there is no function to call")
        return self.function(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> "Tool":
        """A tool made of a method, bound to its instance: `contacts.get_phone_number`."""
        if instance is None or self.function is None:
            return self
        bound = copy.copy(self)
        bound._set("function", MethodType(self.function, instance))
        bound._set("undo", self.undo and MethodType(self.undo, instance))
        bound._set("understood", self.understood and MethodType(self.understood, instance))
        return bound

    def __hash__(self) -> int:
        return hash(self.name)


def _first(schema: Mapping[str, Any], *keys: str) -> Any:
    return next((schema[key] for key in keys if schema.get(key) is not None), {})
