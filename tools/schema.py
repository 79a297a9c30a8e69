"""From a Python function to what a planner reads: signature, type hints and docstring become JSON Schemas."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

import docstring_parser
from docstring_parser import DocstringStyle
from pydantic import GetJsonSchemaHandler, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticSerializationError, to_jsonable_python

from .errors import ToolDefinitionError
from .json_schema import JsonSchema, flat_schema
from .validation import Validator, close_match

_KINDS_WITHOUT_NAMES = {
    inspect.Parameter.POSITIONAL_ONLY: "can only be passed by position; plans pass arguments by name",
    inspect.Parameter.VAR_POSITIONAL: "takes any number of values; declare one parameter of a list type",
    inspect.Parameter.VAR_KEYWORD: "takes any names; declare each parameter with its type",
}


@dataclass(frozen=True, slots=True)
class Free:
    """Marks a text parameter that the model words itself, rather than copying it from what is known.

    `Annotated[str, Free()]`; the schema then carries `x-scrubjay-free: true`.
    """

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        """Called by pydantic while it makes the JSON Schema."""
        return {**handler(schema), "x-scrubjay-free": True}


@dataclass(frozen=True, slots=True)
class FunctionSchema:
    """What was read from a function: schemas for the planner, validators for calls."""

    description: str
    parameters: JsonSchema
    returns: JsonSchema
    argument_validators: Mapping[str, Validator]
    result_validator: Validator


def read_function(function: Callable[..., Any], description: str | None = None) -> FunctionSchema:
    """Read `function`: a plain or async function, or a method (its `self` is left out).

    Parameters become JSON Schema through pydantic. A parameter's description comes from the docstring's
    `Args:` (Google style) or else from `Annotated[..., Field(description=...)]`; the tool's own is
    `description` or else the docstring's text before `Args:`. Raises ToolDefinitionError that tells its
    author what to change.
    """
    where = getattr(function, "__qualname__", repr(function))
    text = docstring_parser.parse(inspect.getdoc(function) or "", style=DocstringStyle.GOOGLE)
    description = description or _one_line(text.description)
    if not description:
        raise ToolDefinitionError(f"{where} has no description: give it a docstring that says what it does")
    said = {parameter.arg_name: _one_line(parameter.description) for parameter in text.params}
    hints = _hints(function, where)
    properties, required, validators = {}, [], {}
    for parameter in _parameters(function):
        adapter = _adapter(parameter, hints, where)
        schema = _json_schema(adapter, f"parameter {parameter.name}", where)
        if said.get(parameter.name):
            schema["description"] = said[parameter.name]
        if parameter.default is inspect.Parameter.empty:
            required.append(parameter.name)
        elif parameter.default is not None:
            schema |= _as_default(parameter.default)
        properties[parameter.name] = schema
        validators[parameter.name] = adapter.validate_python
    for name in said:
        if name not in properties:
            hint = close_match(name, properties)
            raise ToolDefinitionError(
                f"{where}: its docstring describes {name}, which is no parameter; {hint}"
            )
    returns, result_validator = _read_result(hints, where)
    if text.returns is not None and text.returns.description:
        returns.setdefault("description", _one_line(text.returns.description))
    parameters = {"type": "object", "properties": properties, "required": required}
    return FunctionSchema(description, parameters, returns, validators, result_validator)


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    parameters = list(inspect.signature(function).parameters.values())
    return parameters[1:] if parameters and parameters[0].name in ("self", "cls") else parameters


def _hints(function: Callable[..., Any], where: str) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ToolDefinitionError(
            f"{where}: the type hint {error.name} cannot be found; define it in the module, outside functions"
        ) from error


def _adapter(parameter: inspect.Parameter, hints: Mapping[str, Any], where: str) -> TypeAdapter[Any]:
    name = parameter.name
    if parameter.kind in _KINDS_WITHOUT_NAMES:
        raise ToolDefinitionError(f"{where}: parameter {name} {_KINDS_WITHOUT_NAMES[parameter.kind]}")
    if name not in hints:
        raise ToolDefinitionError(
            f"{where}: parameter {name} has no type hint; write `{name}: str`, for example"
        )
    if isinstance(parameter.default, FieldInfo):
        raise ToolDefinitionError(
            f"{where}: parameter {name} has Field(...) as its default; write Annotated[type, Field(...)]"
        )
    return _adapter_of(hints[name], f"parameter {name}", where)


def _adapter_of(hint: Any, what: str, where: str) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(hint)
    except (PydanticUserError, TypeError) as error:
        raise ToolDefinitionError(_unsupported(hint, what, where)) from error


def _json_schema(adapter: TypeAdapter[Any], what: str, where: str, *, of_result: bool = False) -> JsonSchema:
    try:
        schema = adapter.json_schema(mode="serialization" if of_result else "validation")
    except PydanticUserError as error:
        raise ToolDefinitionError(_unsupported(adapter._type, what, where)) from error
    return flat_schema(schema, f"{where}: {what}")


def _unsupported(hint: Any, what: str, where: str) -> str:
    return (
        f"{where}: {what} has the type {getattr(hint, '__name__', hint)}, which has no form in JSON; use "
        "str, int, float, bool, list, dict, Literal, Enum, datetime, Path, a dataclass or pydantic model"
    )


def _as_default(default: Any) -> JsonSchema:
    """`default` as a schema says it; nothing for a value that JSON cannot hold."""
    try:
        return {"default": to_jsonable_python(default)}
    except (PydanticSerializationError, ValueError):
        return {}


def _read_result(hints: Mapping[str, Any], where: str) -> tuple[JsonSchema, Validator]:
    if "return" not in hints:
        raise ToolDefinitionError(
            f"{where} doesn't say what it returns; write `-> str`, for example, or `-> None`"
        )
    adapter = _adapter_of(hints["return"], "the result", where)
    schema = _json_schema(adapter, "the result", where, of_result=True)

    def validate(value: Any) -> Any:
        return adapter.dump_python(adapter.validate_python(value), mode="json")

    return schema, validate


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
