"""MCP servers from command lines, URLs and settings."""

import pytest

from scrubjay.tools.effect import Effect
from scrubjay.tools.mcp.server import McpError, McpServer, parse_server
from scrubjay.tools.mcp.servers import named_servers
from scrubjay.tools.settings import Settings


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mcp-server-time --local-timezone UTC", "time"),
        ("/opt/bin/mcp_server_git -r .", "git"),
        ("notes-mcp", "notes"),
        ("weather-mcp-server", "weather"),
        ("other=mcp-server-time", "other"),
        ("https://example.org/mcp", "example_org"),
        ("maps=https://example.org/mcp", "maps"),
        ("./7zip", "mcp_7zip"),
    ],
)
def test_a_server_is_named_after_its_program_or_host(text: str, name: str) -> None:
    assert parse_server(text)[0] == name


def test_words_in_quotes_stay_together() -> None:
    assert parse_server("mcp-server-git -r '/my notes'")[1].command == ("mcp-server-git", "-r", "/my notes")


@pytest.mark.parametrize("text", ["", "a=", "'open", "http://"])
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(McpError, match="is no "):
        parse_server(text)


def test_two_servers_of_one_name_are_refused() -> None:
    with pytest.raises(McpError, match="name one of them"):
        named_servers(["mcp-server-time", "mcp-server-time --local-timezone UTC"])


def test_a_name_that_no_tool_could_have_is_refused() -> None:
    with pytest.raises(McpError, match="'my server'"):
        named_servers({"my server": McpServer(command=("cat",))})


def test_one_server_where_a_list_is_wanted_is_named() -> None:
    with pytest.raises(McpError, match=r"a list is wanted: \['mcp-server-time'\]"):
        named_servers("mcp-server-time")


def test_a_server_has_a_command_or_a_url() -> None:
    with pytest.raises(ValueError, match="a command or a url"):
        McpServer()


def test_servers_stand_in_the_settings() -> None:
    read = Settings.model_validate(
        {"mcp": {"web": {"url": "https://example.org/mcp", "token": "web", "effects": {"search": "read"}}}}
    )
    assert read.mcp["web"].effects == {"search": Effect.READ}
    with pytest.raises(ValueError, match="pattern"):
        Settings.model_validate({"mcp": {"a b": {"command": ["cat"]}}})
