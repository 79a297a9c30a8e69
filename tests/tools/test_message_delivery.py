"""Text messages that leave: through a real program, and to a real web server."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from scrubjay.tools import message_delivery
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.errors import MaybeSent, ToolFailed
from scrubjay.tools.message_delivery import Command, Webhook
from scrubjay.tools.messages import Messages
from scrubjay.tools.settings import Settings

from .calling import answer, call
from .desktop import put_program

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)


@dataclass
class Gateway:
    """A web server that takes texts; `status` is what it answers."""

    url: str = ""
    status: int = 202
    location: str = ""
    hangs_up: bool = False
    got: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Path, Authorization and JSON of each request."""


@contextmanager
def gateway() -> Iterator[Gateway]:
    one = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            one.got.append((self.path, self.headers.get("Authorization", ""), told))
            if one.hangs_up:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(one.status)
            if one.location:
                self.send_header("Location", one.location)
            self.end_headers()
            self.wfile.write(b"no such number")

        do_GET = do_POST

        def log_message(self, *told: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        one.url = f"http://127.0.0.1:{server.server_address[1]}/send?from=scrubjay"
        try:
            yield one
        finally:
            server.shutdown()


def sent(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (folder / "sent").glob("*.json")]


def test_a_program_gets_the_text_and_a_copy_is_kept(tmp_path: Path) -> None:
    got = tmp_path / "got.json"
    program = put_program(tmp_path / "bin", "sms", f"Path({str(got)!r}).write_text(sys.stdin.read())")
    messages = Messages(tmp_path / "messages", Command([str(program)]), lambda: NOW)
    said = answer(messages.send_sms, to=["555-0142"], message="Ich komme später")
    assert said == "Sent your text to 555-0142."
    told = json.loads(got.read_text())
    assert (told["to"], told["message"], told["at"]) == (
        ["555-0142"],
        "Ich komme später",
        "2026-11-24T14:20:00+00:00",
    )
    assert sent(messages.folder) == [told]
    assert not (messages.folder / "outbox").exists()


def test_a_text_is_never_a_word_of_the_command_line(tmp_path: Path) -> None:
    got = tmp_path / "got"
    program = put_program(tmp_path / "bin", "sms", f"Path({str(got)!r}).write_text(repr(sys.argv[1:]))")
    messages = Messages(tmp_path, Command([str(program), "--once"]))
    call(messages.send_sms, to=["555-0142"], message="--help; $(rm -rf /)")
    assert got.read_text() == "['--once']"


def test_a_program_that_fails_has_sent_nothing(tmp_path: Path) -> None:
    program = put_program(tmp_path / "bin", "sms", "sys.exit('no SIM card')")
    messages = Messages(tmp_path / "messages", Command([str(program)]))
    with pytest.raises(ToolFailed, match="sms did not send the text: no SIM card"):
        call(messages.send_sms, to=["555-0142"], message="hello")
    with pytest.raises(ToolFailed, match=r"cannot be started .* See \[messages\] in the settings"):
        Command([str(tmp_path / "none")]).deliver({})
    assert not messages.folder.exists()


def test_nobody_knows_of_a_program_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_delivery, "SECONDS", 0.3)
    with pytest.raises(MaybeSent, match="took longer than"):
        Command([sys.executable, "-c", "import time; time.sleep(60)"]).deliver({})


def test_a_web_hook_gets_the_text_and_its_token_from_the_keyring(tmp_path: Path) -> None:
    with gateway() as server:
        hook = Webhook(server.url, "sms-gateway", {"sms-gateway": "4471"}.__getitem__)
        messages = Messages(tmp_path, hook, lambda: NOW)
        assert answer(messages.send_sms, to=["555-0142", "555-0117"], message="hi") == (
            "Sent your text to 555-0142 and 555-0117."
        )
    ((path, token, told),) = server.got
    assert (path, token) == ("/send?from=scrubjay", "Bearer 4471")
    assert sent(tmp_path) == [told]
    assert "4471" not in json.dumps(sent(tmp_path))


@pytest.mark.parametrize(("status", "location"), [(401, ""), (404, ""), (302, "http://127.0.0.1:1/elsewhere")])
def test_what_a_web_hook_refuses_is_told_and_not_sent_elsewhere(
    status: int, location: str, tmp_path: Path
) -> None:
    with gateway() as server:
        server.status, server.location = status, location
        messages = Messages(tmp_path / "messages", Webhook(server.url))
        with pytest.raises(ToolFailed, match=rf"does not take the text: {status} .*no such number"):
            call(messages.send_sms, to=["555-0142"], message="hi")
    assert len(server.got) == 1
    assert not messages.folder.exists()


@pytest.mark.parametrize("hangs_up", [True, False])
def test_nobody_knows_what_became_of_a_text_when_the_server_breaks(hangs_up: bool, tmp_path: Path) -> None:
    with gateway() as server:
        server.status, server.hangs_up = 502, hangs_up
        with pytest.raises(MaybeSent):
            Webhook(server.url).deliver({})


def test_a_server_that_is_not_there_has_got_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ToolFailed, match=r"cannot be reached: .* Nothing was sent"):
        Webhook(f"http://127.0.0.1:{port}/").deliver({})


def test_the_settings_choose_the_way(tmp_path: Path) -> None:
    with gateway() as server:
        settings = Settings.model_validate({"messages": {"webhook": server.url}})
        tools = {tool.name: tool for tool in builtin_tools(tmp_path, settings)}
        call(tools["send_sms"], to=["555-0142"], message="hi")
    assert len(server.got) == 1
    assert len(sent(tmp_path / "messages")) == 1


@pytest.mark.parametrize(
    ("set_to", "words"),
    [
        ({"webhook": "http://sms.example.com/send"}, "in the clear"),
        ({"webhook": "https://sms.example.com/", "command": ["sms"]}, "one of the two"),
        ({"webhook": "ftp://sms.example.com/"}, "URL scheme"),
    ],
)
def test_ways_that_are_not_safe_or_not_clear_are_refused(set_to: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings.model_validate({"messages": set_to})
