"""From a Python function to a schema."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, Field

from scrubjay.tools.decorator import tool
from scrubjay.tools.errors import ToolDefinitionError
from scrubjay.tools.schema import Free

MARKER = object()


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    """A place."""

    title: str
    tags: list[str] = []


class Tree(BaseModel):
    value: int
    children: list["Tree"] = []


@dataclass
class Point:
    x: int
    y: int = 0


def properties(function: Callable[..., Any]) -> dict[str, Any]:
    found: dict[str, Any] = tool(function).parameters["properties"]
    return found


def test_a_function_becomes_a_schema_as_in_the_corpus() -> None:
    @tool
    def start_timer(minutes: Annotated[int, Field(ge=1)], label: str | None = None) -> str:
        """Start a countdown timer.

        Args:
            minutes: Length in minutes
            label: What the
                timer is for

        Returns:
            Id of the new timer

        Raises:
            ValueError: never
        """
        return f"{minutes} {label}"

    assert start_timer.schema() == {
        "name": "start_timer",
        "description": "Start a countdown timer.",
        "parameters": {
            "type": "object",
            "properties": {
                "minutes": {"type": "integer", "description": "Length in minutes", "minimum": 1},
                "label": {"type": "string", "description": "What the timer is for"},
            },
            "required": ["minutes"],
        },
        "returns": {"type": "string", "description": "Id of the new timer"},
    }


def test_a_function_without_parameters_has_an_empty_object() -> None:
    @tool
    def tick() -> None:
        """Do nothing."""

    assert tick.parameters == {"type": "object", "properties": {}, "required": []}
    assert tick.returns == {"type": "null"}


def test_every_kind_of_type_hint_has_its_schema() -> None:
    def f(
        kind: Literal["a", "b"],
        only: Literal["z"],
        colour: Colour,
        many: list[int],
        day: date,
        table: dict[str, float],
        anything: Any,
        number: int | float,
        maybe: Optional[int] = None,  # noqa: UP045 - as others write it
        either: int | str = 3,
    ) -> None:
        """F."""

    assert properties(f) == {
        "kind": {"type": "string", "enum": ["a", "b"]},
        "only": {"type": "string", "enum": ["z"]},
        "colour": {"type": "string", "enum": ["red", "blue"]},
        "many": {"type": "array", "items": {"type": "integer"}},
        "day": {"type": "string", "format": "date"},
        "table": {"type": "object", "additionalProperties": {"type": "number"}},
        "anything": {},
        "number": {"type": "number"},
        "maybe": {"type": "integer"},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string"}], "default": 3},
    }


def test_nested_models_and_dataclasses_are_flat_and_keep_a_property_called_title() -> None:
    def f(place: Place, points: list[Point]) -> Place:
        """F.

        Args:
            place: Where
        """
        return place

    place = {
        "title": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}, "default": []},
    }
    assert properties(f) == {
        "place": {"type": "object", "properties": place, "required": ["title"], "description": "Where"},
        "points": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"x": {"type": "integer"}, "y": {"type": "integer", "default": 0}},
                "required": ["x"],
            },
        },
    }
    assert tool(f).returns["properties"] == place


def test_a_type_that_contains_itself_is_followed_once() -> None:
    def f(tree: Tree) -> None:
        """F."""

    children = properties(f)["tree"]["properties"]["children"]
    assert children == {"type": "array", "items": {"type": "object"}, "default": []}


def test_defaults_are_kept_where_json_can_hold_them() -> None:
    def f(
        count: int = 3, colour: Colour = Colour.RED, marker: Any = MARKER, nothing: str | None = None
    ) -> None:
        """F."""

    found = properties(f)
    assert [part.get("default") for part in found.values()] == [3, "red", None, None]
    assert tool(f).parameters["required"] == []


def test_a_free_parameter_says_so() -> None:
    def f(text: Annotated[str, Free()], maybe: Annotated[str | None, Free()] = None) -> None:
        """F."""

    assert properties(f)["text"] == {"type": "string", "x-scrubjay-free": True}
    assert properties(f)["maybe"] == {"type": "string", "x-scrubjay-free": True}


def test_field_descriptions_stand_where_the_docstring_has_none() -> None:
    def f(a: Annotated[str, Field(description="from the field")], b: str) -> None:
        """F.

        Args:
            b: from the docstring
        """

    assert [part["description"] for part in properties(f).values()] == [
        "from the field",
        "from the docstring",
    ]


def no_hint(name) -> str:  # type: ignore[no-untyped-def]
    """F."""
    return str(name)


def no_result(name: str):  # type: ignore[no-untyped-def]
    """F."""


def no_docstring(name: str) -> str:
    return name


def wrong_docstring(name: str) -> str:
    """F.

    Args:
        nmae: Contact's name
    """
    return name


def no_form_in_json(connection: socket.socket) -> None:
    """F."""


def no_form_in_json_either(callback: Callable[[int], int]) -> None:
    """F."""


def no_form_of_the_result() -> socket.socket:
    """F."""
    raise NotImplementedError


def by_position(name: str, /) -> None:
    """F."""


def any_number(*names: str) -> None:
    """F."""


def any_name(**names: str) -> None:
    """F."""


def field_as_default(count: int = Field(3, ge=1)) -> None:
    """F."""


def hint_out_of_reach(name: "NoSuchType") -> None:  # type: ignore[name-defined]  # noqa: F821
    """F."""


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (no_hint, "parameter name has no type hint; write `name: str`"),
        (no_result, "doesn't say what it returns"),
        (no_docstring, "give it a docstring"),
        (wrong_docstring, "describes nmae, which is no parameter; did you mean name?"),
        (no_form_in_json, "parameter connection has the type socket"),
        (no_form_in_json_either, "parameter callback has the type Callable"),
        (no_form_of_the_result, "the result has the type socket"),
        (by_position, "by position"),
        (any_number, "declare one parameter of a list type"),
        (any_name, "declare each parameter"),
        (field_as_default, "write Annotated[type, Field(...)]"),
        (hint_out_of_reach, "the type hint NoSuchType cannot be found"),
    ],
)
def test_the_author_of_a_tool_is_told_what_to_change(function: Callable[..., Any], words: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        tool(function)
    assert words in str(caught.value)
    assert function.__name__ in str(caught.value)
