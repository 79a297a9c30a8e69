"""The registry and its plug-ins."""

from pathlib import Path

import pytest

from scrubjay.tools.decorator import tool
from scrubjay.tools.errors import DuplicateToolError, ToolDefinitionError, UnknownToolError
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool


def named(*names: str) -> list[Tool]:
    return [Tool(name, "Does something", {}) for name in names]


def test_tools_are_found_by_name_in_the_order_in_which_they_came() -> None:
    registry = ToolRegistry(named("spotify.play", "files/read", "getUser-v2"))
    assert registry.names == ("spotify.play", "files/read", "getUser-v2")
    assert registry.get("files/read").name == "files/read"
    assert "files/read" in registry
    assert len(registry) == len(list(registry)) == 3


def test_two_tools_cannot_share_a_name() -> None:
    registry = ToolRegistry(named("play"))
    with pytest.raises(DuplicateToolError, match="called play already"):
        registry.add(named("play")[0])
    assert len(registry) == 1


def test_an_unknown_name_gets_a_hint() -> None:
    registry = ToolRegistry(named("get_phone_number", "send_sms"))
    with pytest.raises(UnknownToolError, match="did you mean get_phone_number"):
        registry.get("get_phonenumber")
    with pytest.raises(UnknownToolError, match="there is none"):
        ToolRegistry().get("x")


def test_a_removed_tool_is_gone_and_its_name_free() -> None:
    registry = ToolRegistry(named("play"))
    assert registry.remove("play").name == "play"
    registry.add(named("play")[0])
    assert registry.names == ("play",)
    with pytest.raises(UnknownToolError):
        registry.remove("stop")


def test_what_is_no_tool_is_refused_with_what_to_do() -> None:
    with pytest.raises(ToolDefinitionError, match="decorate it with @tool"):
        ToolRegistry([len])  # type: ignore[list-item]
    with pytest.raises(ToolDefinitionError, match=r"Tool\.from_schema"):
        ToolRegistry([{"name": "x"}])  # type: ignore[list-item]


def test_a_method_must_come_from_an_instance() -> None:
    class Counter:
        @tool
        def count(self) -> int:
            """Count."""
            return 1

    with pytest.raises(ToolDefinitionError, match=r"register it from an instance, `thing\.count`"):
        ToolRegistry([Counter.count])
    assert ToolRegistry([Counter().count]).names == ("count",)


def install(folder: Path, entries: str, code: str) -> None:
    """An installed distribution as pip leaves it, in `folder`."""
    (folder / "birds.py").write_text(code)
    metadata = folder / "birds-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: birds\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[scrubjay.tools]\n{entries}\n")


def test_plugins_add_tools_and_a_broken_one_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(
        tmp_path,
        "one = birds:sing\nmany = birds:every\nclash = birds:clash\nbroken = birds:no\ncrash = birds:crash",
        "from scrubjay.tools.decorator import tool\n"
        "@tool\ndef sing() -> str:\n    'Sing.'\n    return 'tschack'\n"
        "@tool\ndef fly() -> None:\n    'Fly.'\n"
        "def every():\n    return [fly]\n"
        "clash = [sing.__class__('hop', 'Hop.', {}), sing.__class__('play', 'Play.', {})]\n"
        "def crash():\n    raise RuntimeError('no wings')\n",
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry = ToolRegistry(named("play"))
    problems = [str(problem) for problem in registry.add_plugins()]
    assert set(registry.names) == {"play", "sing", "fly"}
    assert len(problems) == 3
    assert any("broken (birds:no) is left out" in problem for problem in problems)
    assert any("no wings" in problem for problem in problems)
    assert any("called play already" in problem for problem in problems)
