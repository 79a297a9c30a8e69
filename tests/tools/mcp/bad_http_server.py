"""An MCP server over streamable HTTP, as bad as the tool that is called says. Prints its port."""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOOLS = [
    {"name": name, "description": f"Does {name}.", "inputSchema": {"type": "object", "properties": {}}}
    for name in ("work", "die", "hang", "flood", "giant", "break", "redirect")
]
NOTE = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x" * 100}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._send(405, b"")

    def do_DELETE(self) -> None:
        self._send(200, b"")

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        number, method = message.get("id"), message["method"]
        if number is None:
            self._send(202, b"")
        elif method == "initialize":
            about = {"name": "bad", "version": "1"}
            version = message["params"]["protocolVersion"]
            self._result(
                number, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about}
            )
        elif method == "tools/list":
            self._result(number, {"tools": TOOLS})
        elif method == "tools/call":
            self._call(message["params"]["name"], number)
        else:
            error = {"code": -32601, "message": "Method not found"}
            self._json({"jsonrpc": "2.0", "id": number, "error": error})

    def _call(self, name: str, number: object) -> None:
        if name == "die":
            os._exit(1)
        elif name == "hang":
            time.sleep(600)
        elif name == "flood":
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            while True:
                self.wfile.write(f"event: message\ndata: {json.dumps(NOTE)}\n\n".encode())
        elif name == "break":
            self._send(200, b"{]", "application/json")
        elif name == "redirect":
            self.send_response(302)
            self.send_header("location", "http://example.org/")
            self.send_header("content-length", "0")
            self.end_headers()
        else:
            text = "x" * 20_000_000 if name == "giant" else f"{name} is done"
            self._result(number, {"content": [{"type": "text", "text": text}]})

    def _result(self, number: object, result: dict[str, Any]) -> None:
        self._json({"jsonrpc": "2.0", "id": number, "result": result})

    def _json(self, message: dict[str, Any]) -> None:
        self._send(200, json.dumps(message).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
