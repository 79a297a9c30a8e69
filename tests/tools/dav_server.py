"""A real CalDAV and CardDAV server (Radicale) in its own process, on a free port of the loopback."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

USER, PASSWORD = "ana", "blue door"

_SETTINGS = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/collections
predefined_collections = {{
  "work": {{"tag": "VCALENDAR", "D:displayname": "Work"}},
  "home": {{"tag": "VCALENDAR", "D:displayname": "At home"}},
  "people": {{"tag": "VADDRESSBOOK", "D:displayname": "People"}}
  }}
[logging]
level = warning
"""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Serve what is in `folder`; gives the server's address. It has two calendars and an address book."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    (folder / "settings").write_text(_SETTINGS.format(port=port, folder=folder))
    command = [sys.executable, "-m", "radicale", "--config", str(folder / "settings")]
    server = subprocess.Popen(command, stderr=(folder / "log").open("wb"))
    try:
        _wait(f"http://127.0.0.1:{port}/.web/", folder / "log")
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(10)


def _wait(url: str, log: Path) -> None:
    for _ in range(200):
        try:
            urlopen(url).close()
            return
        except (URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text()}")
