"""Any arguments that fit a built-in tool's schema: no crash, no write outside its folders, no connection."""

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.errors import ToolError
from scrubjay.tools.tool import Tool

from .calling import call

_NASTY = [
    *(
        "../../x",
        "/etc/passwd",
        "~/.ssh/id",
        "a\nBcc: x@y.zz",
        "\0",
        "",
        " ",
        "file:///etc/passwd",
        "$(x)",
        "{0}",
    ),
    *(
        "sid@example.com",
        "http://127.1/",
        "https://example.com",
        "tomorrow at 2pm",
        "-1",
        "9" * 400,
        "%s%n",
        "--x",
    ),
    *(
        "Documents",
        "plan.txt",
        "link/x",
        "Sid",
        "Lunch",
        "2026-02-30T25:00",
        "1/0",
        "9**9**9",
        "\u202e",
        "\ud800",
    ),
]
_STRINGS = st.sampled_from(_NASTY) | st.text(max_size=30)


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder `top/data` with a link that leads out of it, beside a secret."""
    top = tmp_path_factory.mktemp("fuzzed")
    (top / "home").mkdir()
    (top / "bin").mkdir()
    (top / "secret.txt").write_text("4471")
    (top / "data/files").mkdir(parents=True)
    (top / "data/files/link").symlink_to(top)
    (top / "data/files/plan.txt").write_text("plan")
    return top


@pytest.fixture(scope="module")
def tools(top: Path) -> list[Tool]:
    return builtin_tools(top / "data")


@pytest.fixture
def connections(top: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was connected to; nothing is installed, there is no desktop, and names have no addresses."""
    made: list[Any] = []
    monkeypatch.setenv("PATH", str(top / "bin"))
    monkeypatch.setenv("HOME", str(top / "home"))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *host: [])
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: made.append(address))
    return made


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """JSON values that fit a parameter's schema."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "array":
            return st.lists(fitting(schema["items"]), max_size=3)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum", -(10**6)), schema.get("maximum", 10**6))
        case "number":
            return st.floats(allow_nan=False, allow_infinity=False)
    return _STRINGS


@settings(
    max_examples=400,
    deadline=timedelta(seconds=10),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_arguments_crash_a_tool_or_lead_it_out(
    data: st.DataObject, tools: list[Tool], top: Path, connections: list[Any]
) -> None:
    tool = data.draw(st.sampled_from(tools), "tool")
    parameters = tool.parameters["properties"]
    arguments = {
        name: data.draw(fitting(schema), name)
        for name, schema in parameters.items()
        if name in tool.parameters["required"] or data.draw(st.booleans())
    }
    try:
        result = call(tool, **arguments)
    except ToolError:
        result = None
    assert "4471" not in str(result)
    assert connections == []
    assert (top / "secret.txt").read_text() == "4471"
    assert {path.name for path in top.iterdir()} == {"home", "bin", "data", "secret.txt"}
    assert not list((top / "home").iterdir())
