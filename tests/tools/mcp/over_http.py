"""One of the servers from the package index over streamable HTTP, which their own commands don't offer."""

import asyncio
import sys
from pathlib import Path

from mcp_server_git.server import create_server as git_server
from mcp_server_time.server import create_server as time_server

name, port, folder = sys.argv[1:]
server = time_server("UTC") if name == "time" else git_server(Path(folder))
server.settings.log_level = "WARNING"
asyncio.run(server.run_streamable_http_async(port=int(port)))
