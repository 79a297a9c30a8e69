"""The pointer that comes with scrubjay reads requests for tools that nobody trained it on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scrubjay.models.errors import ModelFileError
from scrubjay.models.pointer import OnnxPointer, bundled_pointer, words_of


def tool(**parameters: str) -> dict[str, Any]:
    properties = {name: {"type": "string", "description": text} for name, text in parameters.items()}
    return {
        "name": "paint_fence",
        "description": "Paint somebody's fence.",
        "parameters": {"type": "object", "properties": properties, "required": list(properties)},
    }


FENCE = tool(owner="Whose fence it is", color="Which color it gets")


def best(request: str) -> list[str]:
    found = bundled_pointer().point(request, FENCE)
    assert found is not None
    return [pointed.spans[0][0] for pointed in found.parameters]


def test_values_are_found_by_what_parameters_mean() -> None:
    assert best("paint Huckleberry's fence white please") == ["Huckleberry", "white"]
    assert best("make it dark green, the fence of Aunt Polly") == ["Aunt Polly", "dark green"]


@pytest.mark.parametrize("request_", ["", "   ", "word " * 2000])
def test_a_request_that_cannot_be_read_is_left_to_the_planner(request_: str) -> None:
    assert bundled_pointer().point(request_, FENCE) is None


@pytest.mark.parametrize(
    "odd", ["[MASK] [SEP] [CLS]", "圍欄 塗成 白色", 'a "b" \\ c\n\td', "👩‍🚀 🎨", "\x00\x01"]
)
def test_every_span_is_text_of_the_request(odd: str) -> None:
    found = bundled_pointer().point(odd, FENCE)
    spans = [text for pointed in found.parameters for text, _ in pointed.spans] if found else []
    assert all(text and text in odd for text in spans)


def test_a_tool_without_parameters_or_with_many_is_read() -> None:
    nothing = bundled_pointer().point("paint it", tool())
    assert nothing is not None
    assert nothing.parameters == ()
    many = bundled_pointer().point("paint it", tool(**{f"color{n}": "A color" for n in range(40)}))
    assert many is not None
    assert 0 < len(many.parameters) < 40


def test_names_are_read_as_words() -> None:
    assert words_of("getUserName") == words_of("get_user_name") == "get user name"
    assert words_of("podcast.HTTPFeed2") == "podcast http feed 2"


def test_files_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="pointer"):
        OnnxPointer(tmp_path)
