"""Tools of an MCP server beside our own. `pip install 'scrubjay[mcp]' mcp-server-time`, then run this.

The connection is made with the official `mcp` package. What the server calls its tools, we call `time.…`;
whatever of them could change something asks first, unless the server says that it only reads.
"""

import sys
from pathlib import Path

from scrubjay import Agent, tool

SERVER = f"{Path(sys.executable).with_name('mcp-server-time')} --local-timezone UTC"


@tool(effect="read", say="{name} lives in {result}.")
def time_zone_of(name: str) -> str:
    """Find out in which time zone somebody lives."""
    return {"Kenji": "Asia/Tokyo", "Ana": "Europe/Lisbon"}[name]


def main(requests: list[str]) -> None:
    with Agent([time_zone_of], mcp=[SERVER]) as agent:
        for request in requests:
            print(f"> {request}\n{agent.run_sync(request).text}\n")
        print("Tools:", ", ".join(f"{tool.name} ({tool.effect})" for tool in agent.tools))
        print("\n".join(agent.mcp_problems))


if __name__ == "__main__":
    main(sys.argv[1:] or ["what time is it in Asia/Tokyo"])
