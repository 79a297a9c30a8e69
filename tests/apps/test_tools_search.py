"""`scrubjay tools search`: what is found for a request, and why."""

import json
from pathlib import Path
from typing import Any

from scrubjay.apps.opening import open_usage
from scrubjay.retrieval.usage import Used

from .conftest import Scrubjay


def tool(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "description": description, "parameters": {"type": "object", "properties": {}}}


def test_the_built_in_tool_that_is_asked_for_comes_first(scrubjay: Scrubjay, data_folder: Path) -> None:
    done = scrubjay("tools", "--data-folder", data_folder, "search", "wake me up at seven")
    first = done.stdout.splitlines()[0].split("\t")
    assert (done.returncode, first[:2]) == (0, ["*", "set_alarm"])
    assert first[3].endswith(": wake me up at seven")


def test_tools_of_a_file_are_searched_and_a_bad_one_is_named(scrubjay: Scrubjay, tmp_path: Path) -> None:
    tools = [tool("brew_tea", "Brew a pot of tea."), tool("bad name", "Does."), tool("mow", "Mow the lawn.")]
    (tmp_path / "tools.json").write_text(json.dumps(tools))
    done = scrubjay("tools", "search", "a nice cup of tea", "--tools", tmp_path / "tools.json")
    assert done.stdout.splitlines()[0].startswith("*\tbrew_tea\t")
    assert "bad name" in done.stderr


def test_a_batch_gives_a_line_for_each_line(scrubjay: Scrubjay, data_folder: Path, tmp_path: Path) -> None:
    lines = [json.dumps({"id": "a", "query": "turn it up"}), "{", json.dumps({"id": 7, "query": ""})]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    search = ["tools", "--data-folder", data_folder, "search"]
    done = scrubjay(*search, "--batch", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")
    first, second, third = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert list(first) == ["id", "tools", "handed", "ms"]
    assert "set_volume" in first["tools"][: first["handed"]]
    assert (second["id"], "line 2" in second["error"]) == (None, True)
    assert third["id"] == 7
    assert done.returncode == 1


def test_a_text_or_a_batch_is_needed(scrubjay: Scrubjay) -> None:
    assert scrubjay("tools", "search").returncode == 2


def test_what_was_learned_is_listed_and_forgotten(scrubjay: Scrubjay, data_folder: Path) -> None:
    usage = open_usage(data_folder)
    usage.record(Used("ring Mum", ("get_phone_number", "call_number")))
    usage.record(Used("wake me", ("set_alarm",)))
    tools = ["tools", "--data-folder", data_folder]
    assert (
        scrubjay(*tools, "learned").stdout == "wake me\tset_alarm\nring Mum\tget_phone_number, call_number\n"
    )
    assert scrubjay(*tools, "forget", "ring  Mum").stdout == "Forgot 1 request.\n"
    assert scrubjay(*tools, "forget", "ring Mum").returncode == 1
    assert [used.request for used in usage.all()] == ["wake me"]
    assert scrubjay(*tools, "forget", "--all").stdout == "Forgot 1 request.\n"
    assert usage.all() == []
    assert scrubjay(*tools, "forget").returncode == 2
