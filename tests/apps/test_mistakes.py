"""Wrong plans are told apart by what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from scrubjay.apps.mistakes import mistakes

SCHEMAS = {
    "play": {
        "parameters": {
            "properties": {
                "title": {"type": "string"},
                "room": {"enum": ["den", "hall"]},
                "times": {"type": "integer"},
                "on": {"type": "array"},
            }
        }
    }
}


def play(**args: Any) -> dict[str, Any]:
    return {"tool": "play", "args": args}


def stop(**args: Any) -> dict[str, Any]:
    return {"tool": "stop", "args": args}


@pytest.mark.parametrize(
    ("plan", "wanted", "kind"),
    [
        ([], [play()], "refused, though a tool serves it"),
        ([play()], [], "not refused"),
        ([stop()], [play()], "another tool than the wanted one"),
        ([play(), play()], [play()], "a call too many, of a tool that is needed"),
        ([play(), stop()], [play()], "a call too many"),
        ([play()], [play(), play()], "a second call of a tool left out"),
        ([play()], [play(), stop()], "a call left out"),
        ([play()], [play(room="den")], "an optional argument left out (enum)"),
        ([play(times=2)], [play()], "an optional argument too many (integer)"),
        ([play(room="den")], [play(room="hall")], "another value of an enum"),
        ([play(times=2)], [play(times=3)], "another value (integer)"),
        ([play(title="the blues now")], [play(title="the blues")], "text with words too many"),
        ([play(title="blues")], [play(title="the blues")], "text with words left out"),
        ([play(title="Blues")], [play(title="blues")], "text in other letter case"),
        ([play(title="blues now")], [play(title="the blues")], "text that begins and ends elsewhere"),
        ([play(title="in the den")], [play(title="a song")], "text from another place in the request"),
        ([play(title="a")], [play(title="$1")], "words where a result belongs"),
        ([play(title="$1.name")], [play(title="a")], "a result where words belong"),
        ([play(on=["a"])], [play(on=["a", "b"])], "a list with too few items"),
        ([play(on=["a", "c"])], [play(on=["a", "b"])], "a list with other items"),
        ([stop(), play(title="$1")], [play(title="$2"), stop()], "the same calls, in a wrong order"),
    ],
)
def test_each_kind_of_mistake_is_counted(
    plan: list[dict[str, Any]], wanted: list[dict[str, Any]], kind: str
) -> None:
    (found,) = mistakes(plan, wanted, SCHEMAS).elements()
    assert found.startswith(kind)
