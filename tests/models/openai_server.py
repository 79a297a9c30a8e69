"""A real server that speaks OpenAI's chat completions and writes what it is told, well or badly."""

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_BLANK = b'data: {"choices": [{"delta": {"content": "\\n"}}]}\n\n'
# What is sent again and again: the status before it, the bytes, and the seconds between.
_ENDLESS = {
    "endless line": (200, b"data: " + bytes(1_000_000), 0.0),
    "endless blanks": (200, _BLANK, 0.001),
    "endless refusal": (500, b"a" * 1_000_000, 0.0),
    "endless comments": (200, b": still here\n\n", 0.001),
    "slow refusal": (500, b"a", 0.05),
}


@dataclass
class OpenAIServer:
    """texts: what it writes, one for each request, then the last again. asked: the bodies it was sent.

    trouble: "401", "404", "500" and so on (a status), "cut" (half an answer), "html" (another protocol),
    "late" (an answer that never begins), "error" (one in the stream), "protocol" (events of another kind),
    "raw" (what `says` says as an event).
    Without an end: "endless line", "endless blanks" (pieces that are line breaks), "endless refusal" (a 500),
    "endless comments", "slow refusal"; "packed" (compressed, unasked).
    says: what an error says. sent: how many bytes went out without an end.
    """

    texts: list[str]
    trouble: str = ""
    says: str = "as the test wants it"
    url: str = ""
    sent: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when a client hung up."""


@contextmanager
def running_openai(
    *texts: str, trouble: str = "", pause_s: float = 0.0, says: str = "as the test wants it"
) -> Iterator[OpenAIServer]:
    """Serve on this machine while the context is open."""
    told = OpenAIServer(list(texts), trouble, says)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.keys.append(self.headers.get("Authorization"))
            told.asked.append({"path": self.path, **body})
            if told.trouble.isdigit():
                self._send(int(told.trouble), json.dumps({"error": {"message": told.says}}).encode())
            elif told.trouble == "html":
                self._send(200, f"data: <html>{told.says}</html>\n\n".encode())
            elif told.trouble == "raw":
                self._send(200, f"data: {told.says}\n\n".encode())
            elif told.trouble == "protocol":
                self._send(200, f"data: {json.dumps({'choices': told.says})}\n\n".encode())
            elif told.trouble in _ENDLESS:
                self._never_end(*_ENDLESS[told.trouble])
            elif told.trouble == "packed":
                self.send_response(200)
                self.send_header("Content-Encoding", "gzip")
                self.end_headers()
                self.wfile.write(gzip.compress(b"data: " + bytes(10_000_000)))
            elif told.trouble == "late":
                told.gone.wait(30)
            else:
                self._stream(told.texts[min(len(told.asked), len(told.texts)) - 1])

        def _send(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _never_end(self, status: int, data: bytes, pause: float) -> None:
            self.send_response(status)
            self.end_headers()
            try:
                while not told.gone.wait(pause):
                    self.wfile.write(data)
                    told.sent += len(data)
            except OSError:
                told.gone.set()

        def _stream(self, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            pieces = [text[begin : begin + 6] for begin in range(0, len(text), 6)]
            try:
                for number, piece in enumerate(pieces):
                    if told.trouble in ("cut", "error") and number >= len(pieces) // 2:
                        break
                    self._event({"choices": [{"index": 0, "delta": {"content": piece}}]})
                    time.sleep(pause_s)
                if told.trouble == "error":
                    self._event({"error": {"message": told.says}})
                elif told.trouble != "cut":
                    self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                    self.wfile.write(b"data: [DONE]\n\n")
            except OSError:
                told.gone.set()

        def _event(self, event: dict[str, Any]) -> None:
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield told
    finally:
        told.gone.set()
        server.shutdown()
        server.server_close()
        thread.join()
