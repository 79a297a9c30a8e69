"""The extra `mcp` is there where the project's own tests run; elsewhere these are left out."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("mcp") else ["test_*.py"]
