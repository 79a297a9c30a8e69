"""The built-in tools as a whole."""

import json
from pathlib import Path
from typing import Any

import pytest

from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.demo import PEOPLE, seed_demo_contacts
from scrubjay.tools.effect import Effect
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool

from .calling import call

EXPECTED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data/builtin_tools.json").read_text())

EFFECTS = {
    **dict.fromkeys(["send_sms", "compose_email", "reply_to_email", "forward_email"], Effect.SEND),
    **dict.fromkeys(["add_contact", "create_note", "append_to_note", "create_reminder"], Effect.WRITE),
    **dict.fromkeys(["write_file", "open_file", "open_location", "show_directions"], Effect.WRITE),
    "open_app": Effect.WRITE,
    **dict.fromkeys(["set_volume", "set_brightness", "take_screenshot"], Effect.WRITE),
    **dict.fromkeys(["play_media", "control_playback"], Effect.WRITE),
    "open_url": Effect.SEND,
    **dict.fromkeys(["create_event", "move_event", "create_meeting_link"], Effect.WRITE),
    "cancel_event": Effect.DESTROY,
    **dict.fromkeys(["complete_reminder", "set_timer", "set_alarm"], Effect.WRITE),
}


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, Tool]:
    return {tool.name: tool for tool in builtin_tools(tmp_path)}


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda entry: str(entry["name"]))
def test_each_is_letter_by_letter_what_the_planner_was_trained_on(
    expected: dict[str, Any], tools: dict[str, Tool]
) -> None:
    without_app = {key: value for key, value in expected.items() if key != "app"}
    assert json.dumps(tools[expected["name"]].schema()) == json.dumps(without_app)


def test_there_are_no_others(tools: dict[str, Tool]) -> None:
    assert tools.keys() == {entry["name"] for entry in EXPECTED}


def test_each_declares_its_effect_its_state_and_what_it_says(tools: dict[str, Tool]) -> None:
    apps = {entry["name"]: entry["app"] for entry in EXPECTED}
    for name, tool in tools.items():
        assert tool.effect is EFFECTS.get(name, Effect.READ), name
        assert tool.state == apps[name], name
        assert tool.say, name


def test_they_fit_into_a_registry(tmp_path: Path) -> None:
    assert len(ToolRegistry(builtin_tools(tmp_path))) == len(EXPECTED)


def test_nothing_is_written_until_a_tool_is_called(tmp_path: Path) -> None:
    builtin_tools(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_the_demo_fills_an_empty_address_book_only(tmp_path: Path, tools: dict[str, Tool]) -> None:
    assert seed_demo_contacts(tmp_path)
    for person in PEOPLE:
        assert call(tools["get_phone_number"], name=person.name) == person.phones[0].value
        assert call(tools["get_email_address"], name=person.name) == person.emails[0].value
    assert not seed_demo_contacts(tmp_path)
