"""`scrubjay plan`: plans against any list of schemas, one at a time or many."""

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Scrubjay

PIZZA = {
    "name": "order_food",
    "description": "Order food.",
    "parameters": {
        "type": "object",
        "properties": {"dish": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["dish"],
    },
}


@pytest.fixture
def tool_file(tmp_path: Path) -> Path:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps([PIZZA]))
    return path


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_plan_is_printed_and_nothing_runs(scrubjay: Scrubjay, data_folder: Path) -> None:
    done = scrubjay("plan", "--data-folder", data_folder, "text Sid that I'm late")
    assert done.returncode == 0
    assert done.stdout.startswith('$1 = get_phone_number(name="Sid")\n')
    assert done.stdout.endswith("done\n")
    assert not (data_folder / "messages").exists()


def test_json_holds_the_steps_with_references_as_text(scrubjay: Scrubjay, data_folder: Path) -> None:
    done = scrubjay("plan", "--json", "--data-folder", data_folder, "text Sid that I'm late")
    written = json.loads(done.stdout)
    assert list(written) == ["request", "plan", "ms", "tokens"]
    assert [step["tool"] for step in written["plan"]] == ["get_phone_number", "send_sms"]
    assert written["plan"][1]["args"]["to"] == ["$1"]


def test_only_tools_of_the_file_are_planned_with(scrubjay: Scrubjay, tool_file: Path) -> None:
    done = scrubjay("plan", "--json", "--tools", tool_file, "order two margherita pizzas")
    assert {step["tool"] for step in json.loads(done.stdout)["plan"]} <= {"order_food"}


def test_a_batch_is_planned_in_the_order_of_its_lines(scrubjay: Scrubjay, tmp_path: Path) -> None:
    requests = [{"id": number, "query": f"set a timer for {number} minutes"} for number in range(1, 41)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(request) + "\n" for request in requests))
    done = scrubjay("plan", "--batch", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")
    written = _lines(tmp_path / "out.jsonl")
    assert done.returncode == 0
    assert [line["id"] for line in written] == list(range(1, 41))
    assert all(list(line) == ["id", "plan", "ms", "tokens"] for line in written)


def test_a_bad_line_loses_no_other(scrubjay: Scrubjay, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(
        b'{"id": 1, "query": "what time is it", "now": "2026-11-23T10:00:00Z"}\n'
        b"not json\n"
        b"\xff\xfe\n"
        b'{"id": 4}\n'
        b'{"id": 5, "query": "hello", "tools": [{"name": "no name at all"}]}\n'
        b'{"id": 6, "query": "hello", "now": "some day"}\n'
        b'{"id": 7, "query": "what time is it", "tools": []}\n'
    )
    done = scrubjay("plan", "--batch", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")
    written = _lines(tmp_path / "out.jsonl")
    assert done.returncode == 1
    assert [line["id"] for line in written] == [1, None, None, 4, 5, 6, 7]
    assert [("error" in line) for line in written] == [False, True, True, True, True, True, False]
    assert written[-1]["plan"] == []


def test_tools_of_a_line_stand_in_for_those_of_the_batch(
    scrubjay: Scrubjay, tmp_path: Path, tool_file: Path
) -> None:
    line = {"id": "a", "query": "play some jazz", "tools": [{**PIZZA, "name": "play"}]}
    (tmp_path / "in.jsonl").write_text(json.dumps(line))
    scrubjay("plan", "--batch", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl", "--tools", tool_file)
    (written,) = _lines(tmp_path / "out.jsonl")
    assert {step["tool"] for step in written["plan"]} <= {"play"}


def test_the_requests_of_a_batch_are_never_overwritten(scrubjay: Scrubjay, tmp_path: Path) -> None:
    requests = tmp_path / "in.jsonl"
    requests.write_text('{"id": 1, "query": "what time is it"}\n')
    assert scrubjay("plan", "--batch", requests, "--out", requests).returncode == 2
    assert requests.read_text() == '{"id": 1, "query": "what time is it"}\n'


@pytest.mark.parametrize(
    "content", ["{", "[1]", '{"a": 1}', '[{"name": "x"}, {"name": "x"}]', '[{"name": "x", "parameters": 5}]']
)
def test_a_bad_tool_file_is_wrong_use_and_says_which(
    scrubjay: Scrubjay, tool_file: Path, content: str
) -> None:
    tool_file.write_text(content)
    done = scrubjay("plan", "--tools", tool_file, "hello")
    assert done.returncode == 2
    assert "tools.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_schema_that_no_plan_can_satisfy_is_one_clear_error(scrubjay: Scrubjay, tmp_path: Path) -> None:
    properties = {"a": {"type": "integer", "minimum": 5, "maximum": 1}}
    parameters = {"type": "object", "properties": properties, "required": ["a"]}
    tools = tmp_path / "tools.json"
    tools.write_text(json.dumps([{"name": "f", "description": "Do it.", "parameters": parameters}]))
    done = scrubjay("plan", "do it", "--tools", tools)
    assert done.returncode == 1
    assert "tool 'f', parameter 'a'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_request_is_wrong_use(scrubjay: Scrubjay) -> None:
    for command in ("plan", "ask"):
        done = scrubjay(command, "  ")
        assert done.returncode == 2
        assert "say what is to be done" in done.stderr
