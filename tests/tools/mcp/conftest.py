"""The extra `mcp` is there where the project's own tests run; elsewhere these are left out."""

from importlib.util import find_spec

import pytest

from scrubjay.tools.mcp import servers

collect_ignore_glob = [] if find_spec("mcp") else ["test_*.py"]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines that run tests are slow at times: how long a server takes to start says nothing."""
    monkeypatch.setattr(servers, "PATIENCE_S", 120.0)
    if find_spec("mcp"):
        monkeypatch.setattr("scrubjay.tools.mcp.connection.CONNECT_S", 120.0)
