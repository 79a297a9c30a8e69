"""`scrubjay mcp`: offers the tools to other programs, as an MCP server."""

import hmac
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import click

from ..agent.policy import ASK
from ..tools.mcp.server import McpError
from .opening import open_registry, open_session
from .setting import data_folder_option, run, session_option

TOKEN = "SCRUBJAY_MCP_TOKEN"

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Scope]]
_Send = Callable[[_Scope], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]


@click.command()
@click.option("--http", "port", type=click.IntRange(0, 65535), help="Serve HTTP at this port of 127.0.0.1.")
@click.option("--yes", is_flag=True, help="Allow effects without asking.")
@data_folder_option
@session_option
def mcp(port: int | None, yes: bool, data_folder: Path, session: str) -> None:
    """Offer the tools to other programs, as an MCP server (modelcontextprotocol.io).

    Over standard input and output, or with --http as streamable HTTP. What writes, sends or destroys asks
    the user through the client; where a client cannot ask, it is not done. Over HTTP a client needs the token
    in the environment variable SCRUBJAY_MCP_TOKEN; without one a new token is printed.
    """
    run(_serve(port, yes, data_folder, session))


async def _serve(port: int | None, yes: bool, data_folder: Path, session: str) -> None:
    try:
        import uvicorn
        from mcp.server.stdio import stdio_server

        from ..agent.mcp_server import mcp_server
    except ImportError as error:
        raise McpError(f"this needs the extra mcp: pip install 'scrubjay[mcp]' ({error})") from error
    tools = open_registry(data_folder)
    async with await open_session(data_folder, session) as conversation:
        server = mcp_server(tools, ask=frozenset() if yes else ASK, journal=conversation.journal)
        if port is None:
            async with stdio_server() as (incoming, outgoing):
                await server.run(incoming, outgoing, server.create_initialization_options())
            return
        app = _with_token(server.streamable_http_app(), _token())
        with socket.create_server(("127.0.0.1", port)) as listening:
            click.echo(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", err=True)
            config = uvicorn.Config(app, log_level="warning")
            await uvicorn.Server(config).serve(sockets=[listening])


def _token() -> str:
    token = os.environ.get(TOKEN, "")
    if not token:
        token = secrets.token_urlsafe()
        click.echo(f"Clients need the header: Authorization: Bearer {token}", err=True)
    return token


def _with_token(app: _App, token: str) -> _App:
    """`app` for those alone who know the token: whoever else has an account here must not read the mail."""
    wanted = f"Bearer {token}".encode()

    async def guarded(scope: _Scope, receive: _Receive, send: _Send) -> None:
        given = dict(scope.get("headers", ())).get(b"authorization", b"")
        if scope["type"] == "lifespan" or hmac.compare_digest(given, wanted):
            await app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b"wrong token"})

    return guarded
