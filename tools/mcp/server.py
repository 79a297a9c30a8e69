"""Which MCP server to use, and how."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, model_validator

from ..effect import Effect
from ..errors import ToolError
from ..validation import problems

SERVER_NAME = r"[A-Za-z_][A-Za-z0-9_-]{0,31}"
"""What a server may be called; its tools are called `name.tool`."""


class McpError(ToolError):
    """An MCP server cannot be used; the message says which, why, and what to do."""


class McpServer(BaseModel):
    """An MCP server: a command that talks over its standard input and output, or the URL of one."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    command: tuple[str, ...] = ()
    """The program and its arguments, such as ["mcp-server-git", "--repository", "/home/me/notes"]."""
    url: HttpUrl | None = None
    """Address of a server that is reached by streamable HTTP, such as "https://example.org/mcp"."""
    env: Mapping[str, str] = {}
    """Environment variables for the command; of ours it gets HOME, PATH and the like."""
    folder: Path | None = None
    """The folder that the command runs in; left out: where Scrubjay runs."""
    headers: Mapping[str, str] = {}
    """HTTP headers for the URL."""
    token: str = ""
    """The name of a secret in the keyring that the URL wants as its bearer token."""
    effects: Mapping[str, Effect] = {}
    """What its tools do, by name ("read", "write", "send", "destroy"), where that is known better than the
    server says."""
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How long a call may take."""

    @model_validator(mode="after")
    def _one_way(self) -> McpServer:
        if bool(self.command) == bool(self.url):
            raise ValueError("an MCP server has a command or a url, one of the two")
        return self

    def __str__(self) -> str:
        return str(self.url) if self.url else shlex.join(self.command)


def parse_server(text: str) -> tuple[str, McpServer]:
    """A name and a server, from a command line or a URL: "mcp-server-time", "git=mcp-server-git -r .".

    Without `name=` the name is taken from the program or the host. Raises McpError.
    """
    match = re.match(rf"({SERVER_NAME})=(.*)", text.strip(), re.DOTALL)
    name, where = match.groups() if match else ("", text.strip())
    try:
        if where.startswith(("http://", "https://")):
            server = McpServer(url=HttpUrl(where))
            return name or _named(urlsplit(where).hostname or ""), server
        command = tuple(shlex.split(where))
        return name or _named(PurePath(command[0]).stem if command else ""), McpServer(command=command)
    except ValidationError as error:
        raise McpError(f"{text!r} is no MCP server: {'; '.join(problems(error, 'it'))}") from error
    except ValueError as error:
        raise McpError(f"{text!r} is no command line: {error}") from error


def _named(text: str) -> str:
    """A short name for the tools of a server: "mcp-server-time" gives "time"."""
    plain = re.sub(r"^(mcp[-_]server[-_]|server[-_])|([-_]mcp)?([-_]server)?$", "", text.lower())
    name = re.sub(r"[^a-z0-9_]+", "_", plain).strip("_")[:20] or "mcp"
    return name if name[0].isalpha() else f"mcp_{name}"
