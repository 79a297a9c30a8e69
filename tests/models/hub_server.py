"""A hub on this machine: it speaks the protocol of Hugging Face's, and breaks as it is told."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


@dataclass
class Hub:
    """What it has, and how it fails. files: by `owner/repository/name`. ranges: those it was asked for."""

    files: dict[str, bytes]
    url: str = ""
    fault: str = ""
    """"" or 404, 500, half, checksum, silent (headers never come), stalled (the body stops half way),
    portal (a page of HTML for everything), shape (lists are JSON of another kind), huge (says a file is)."""
    ranges: list[str | None] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def running_hub(files: dict[str, bytes]) -> Iterator[Hub]:
    """Serve `files` until the end of the context."""
    hub = Hub(files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            if hub.fault == "silent":
                hub.closing.wait(30)
                self.close_connection = True
                return
            if hub.fault == "500":
                self._send(500, b"broken")
            elif hub.fault == "portal":
                self._send(200, b"<html>please log in</html>", {"Content-Type": "text/html"})
            elif hub.fault == "shape" and self.path.startswith("/api/"):
                self._send(200, b'{"a": 1}', {"Content-Type": "application/json"})
            elif self.path.startswith("/api/models/"):
                self._list()
            elif "/resolve/" in self.path:
                repository, _, name = unquote(self.path[1:]).partition("/resolve/main/")
                self._file(hub.files.get(f"{repository}/{name}"), body)
            else:
                self._send(404, b"")

        def _list(self) -> None:
            repository = "/".join(self.path.split("?")[0].split("/")[3:5])
            names = [name.split("/", 2)[2] for name in hub.files if name.startswith(repository + "/")]
            if not names:
                self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
            elif "/tree/" in self.path:
                listed = [{"type": "file", "path": name, "size": 1, "oid": "0"} for name in names]
                self._send(200, json.dumps(listed).encode(), {"Content-Type": "application/json"})
            else:
                info = {"id": repository, "sha": "0" * 40, "siblings": [{"rfilename": n} for n in names]}
                self._send(200, json.dumps(info).encode(), {"Content-Type": "application/json"})

        def _file(self, data: bytes | None, body: bool) -> None:
            if data is None or hub.fault == "404":
                self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
                return
            digest = hashlib.sha256(data).hexdigest()
            tag = "f" * 64 if hub.fault == "checksum" else digest
            headers = {"X-Repo-Commit": "0" * 40, "ETag": f'"{tag}"', "Accept-Ranges": "bytes"}
            size = 10**15 if hub.fault == "huge" else len(data)
            headers |= {"X-Linked-Size": str(size), "X-Linked-Etag": f'"{tag}"'}
            if not body:
                self._send(200, data, headers, body=False)
                return
            wanted = self.headers.get("Range")
            hub.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            part = data[start:]
            breaks = hub.fault in ("half", "stalled")
            sent = part[: max(0, len(data) // 2 - start)] if breaks else part
            self._send(206 if start else 200, part, headers, body=False)
            self.wfile.write(sent)
            self.wfile.flush()
            if hub.fault == "stalled":
                hub.closing.wait(30)
            if len(sent) < len(part):
                time.sleep(0.05)
                self.close_connection = True

        def _send(
            self, status: int, data: bytes, headers: dict[str, str] | None = None, body: bool = True
        ) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            if body and self.command == "GET":
                self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        server.server_close()
