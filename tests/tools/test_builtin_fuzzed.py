"""Any arguments that fit a built-in tool's schema: no crash, no write outside its folders, no connection.

SCRUBJAY_FUZZED_CALLS sets how many calls are made in all; docs/safety.md tells of 100,000.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.demo import seed_demo_contacts
from scrubjay.tools.errors import ToolError, ToolFailed
from scrubjay.tools.tool import Tool

from .calling import call
from .watching import watched

CALLS = int(os.environ.get("SCRUBJAY_FUZZED_CALLS", "1200"))
"""In all; each tool gets its share, those aside that have only a few different calls."""

SECRET = "4471-secret"
LONGEST_CALL_S = 60.0
LARGEST_RESULT = 2_000_000

_NASTY = [
    *("../../secret.txt", "/etc/passwd", "~/.ssh/id", "~root", "link/secret.txt", "files/../../secret.txt"),
    *("/proc/self/environ", "/dev/zero", "\0", "", " ", ".", "..", "/", "a/" * 500, "x" * 5000, "CON", "-"),
    *("file:///etc/passwd", "http://127.1/", "http://[::1]/", "https://example.com", "javascript:alert(1)"),
    *("http://0x7f.1/", "https://user:pw@example.com", "http://example.com\\@127.0.0.1/", "data:text/html,x"),
    *("$(x)", "`x`", "; rm -rf /", "--x", "-rf", "%s%n", "{0}", "{result}", "{$1}", "$1", "a\nBcc: x@y.zz"),
    *("x\r\nBEGIN:VALARM\r\nEND:VALARM", "END:VEVENT", "X;Y:Z", "\u202e", "\ud800", "e\u0301" * 40, "🧑‍🚀"),
    *("sid@example.com", "a@b@c", '"a b"@x.org', "+1 555-0101", "911", "0" * 40),
    *("tomorrow at 2pm", "every day at 9", "in 99999999999 years", "9999-12-31T23:59:59", "2026-02-30T25:00"),
    *("last Friday of the month", "from 3 to 4", "-1 minutes", "1e400 seconds", "midnight", "0001-01-01"),
    *("1/0", "9**9**9", "((((((1))))))", "2**-1024", "a third of 7", "-1", "9" * 400, "nan", "0x10"),
    *("m", "fl oz", "kelvin", "furlong per fortnight", "Europe/Lisbon", "../../etc/localtime", "UTC+99"),
    *(
        "Documents",
        "files",
        "plan",
        "plan.txt",
        "report.pdf",
        "broken.pdf",
        "Sid",
        "Lunch",
        "Shopping",
        "Ann",
    ),
]
_STRINGS = (
    st.sampled_from(_NASTY)
    | st.text(max_size=30)
    | st.tuples(st.sampled_from(_NASTY), st.sampled_from(_NASTY)).map(" ".join)
)


def seed(data: Path, outside: Path) -> None:
    """A data folder with something of everything in it, and a link that leads out."""
    shutil.rmtree(data, ignore_errors=True)
    (data / "files").mkdir(parents=True)
    (data / "files/link").symlink_to(outside)
    (data / "files/plan.txt").write_text("plan")
    (data / "files/broken.pdf").write_bytes(b"%PDF-1.4\n1 0 obj\n<< /Type")
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    pdf.multi_cell(0, text="The ferry is late. It waits for the storm to end. Bread is baked at five.")
    pdf.output(str(data / "files/report.pdf"))
    seed_demo_contacts(data)
    tools = {tool.name: tool for tool in builtin_tools(data)}
    call(tools["create_note"], title="Shopping", content="milk")
    call(tools["create_event"], title="Lunch with Ann", start="tomorrow at noon", end="1pm")
    call(tools["create_event"], title="Lunch", start="every Monday at 12")
    call(tools["create_reminder"], text="call Sid", due="tomorrow")
    for part in ("new", "cur", "tmp"):
        (data / "mail" / part).mkdir(parents=True, exist_ok=True)
    raw = b"From: Sid Jha <sid@example.com>\nTo: me@example.com\nSubject: Lunch\nMessage-ID: <2@x>\n\nNoon?\n"
    (data / "mail/new/1795000001.M1P1.host").write_bytes(raw)


class World:
    """A folder `top` with a secret beside the data folder, which is made anew every so many calls."""

    def __init__(self, top: Path) -> None:
        self.top, self.data, self._calls = top, top / "data", 0
        for name in ("home", "bin"):
            (top / name).mkdir()
        (top / "secret.txt").write_text(SECRET)
        self.tools: Mapping[str, Tool] = {}
        self.renew()

    def renew(self) -> None:
        if self._calls % 200 == 0:
            seed(self.data, self.top)
            self.tools = {tool.name: tool for tool in builtin_tools(self.data)}
        self._calls += 1


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("fuzzed"))


@pytest.fixture(autouse=True)
def bare_machine(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed, and there is no desktop."""
    monkeypatch.setenv("PATH", str(world.top / "bin"))
    monkeypatch.setenv("HOME", str(world.top / "home"))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


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
            return st.floats(allow_nan=False, allow_infinity=False) | st.integers()
    return _STRINGS


def arguments_of(parameters: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    required = {name: fitting(schema) for name, schema in parameters["properties"].items()}
    optional = {name: required.pop(name) for name in list(required) if name not in parameters["required"]}
    return st.fixed_dictionaries(required, optional=optional)


def called(tool: Tool, arguments: dict[str, Any]) -> Any:
    """What a call says and returns: understood, made, and taken back. Errors of other kinds are crashes."""
    try:
        meant = tool.understood(tool.plain(tool.validate_arguments(arguments))) if tool.understood else {}
    except ToolFailed as error:
        return str(error)
    result = call(tool, **arguments)
    assert all(isinstance(text, str) for text in meant.values())
    if tool.undo is not None:
        try:
            assert isinstance(tool.undo(tool.plain(tool.validate_arguments(arguments)), result), str)
        except ToolFailed as error:
            return [result, str(error)]
    return [result, *meant.values()]


def is_endless(schema: dict[str, Any]) -> bool:
    """Whether more values fit than a run would try."""
    return schema.get("type") in ("string", "number", "array") and "enum" not in schema


NAMES = [tool.name for tool in builtin_tools(Path("/nowhere"))]
SCHEMAS = {tool.name: tool.parameters for tool in builtin_tools(Path("/nowhere"))}
ENDLESS = [name for name in NAMES if any(map(is_endless, SCHEMAS[name]["properties"].values()))]


@pytest.mark.parametrize("name", NAMES)
def test_no_arguments_crash_a_tool_or_lead_it_out(name: str, world: World) -> None:
    made = 0

    @settings(
        max_examples=max(5, round(CALLS / len(ENDLESS))),
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(arguments_of(SCHEMAS[name]))
    def check(arguments: dict[str, Any]) -> None:
        nonlocal made
        made += 1
        world.renew()
        began = time.process_time()  # of a busy machine, the clock on the wall says nothing
        with watched(world.data) as seen:
            try:
                result = called(world.tools[name], arguments)
            except ToolError as error:
                result = str(error)
        assert time.process_time() - began < LONGEST_CALL_S
        assert SECRET not in str(result)
        assert len(json.dumps(result, default=str)) < LARGEST_RESULT
        assert (seen.outside, seen.connections) == ([], [])
        # A PDF is read in a process of its own, for its limits.
        assert name == "summarize_pdf" or seen.processes == []
        # The address of a page is looked up before it is opened, to see that it is not in the own network.
        assert not seen.looked_up or name == "open_url"

    check()
    print(f"{name}: {made} calls")
    assert (world.top / "secret.txt").read_text() == SECRET
    assert {path.name for path in world.top.iterdir()} == {"home", "bin", "data", "secret.txt"}
    assert not list((world.top / "home").iterdir())


def test_a_write_elsewhere_and_a_connection_would_be_seen(world: World) -> None:
    import socket

    with watched(world.data) as seen, socket.socket() as one:
        (world.top / "elsewhere").touch()
        (world.top / "elsewhere").unlink()
        one.settimeout(0.01)
        one.connect_ex(("127.0.0.1", 9))
    assert {Path(path).name for path in seen.outside} == {"elsewhere"}
    assert seen.connections == ["('127.0.0.1', 9)"]
