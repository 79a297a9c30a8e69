"""What `make demo` shows: one request on the built-in tools, with data in a temporary folder."""

import asyncio
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from scrubjay import Agent, Tool, ToolRegistry
from scrubjay.agent.events import Status
from scrubjay.agent.policy import Policy
from scrubjay.apps.ask import follow
from scrubjay.apps.display import open_display
from scrubjay.apps.record import Record
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.demo import seed_demo_contacts

REQUEST = "text Sid and Lutfi that I'm running late and add running late to my journal note"
LOOK_UP_S = 0.5


def slowed(tool: Tool) -> Tool:
    """The tool as it would be with an address book across the network."""

    def function(**arguments: Any) -> Any:
        time.sleep(LOOK_UP_S)
        return tool.call(arguments)

    return replace(tool, function=function)


async def main() -> int:
    record = Record()
    with tempfile.TemporaryDirectory(prefix="scrubjay-demo-") as name:
        folder = Path(name)
        seed_demo_contacts(folder)
        tools = [slowed(tool) if tool.name == "get_phone_number" else tool for tool in builtin_tools(folder)]
        ToolRegistry(tools).get("create_note")(title="Journal")
        print(f"> {REQUEST}")
        print(f"(Here a look-up takes {LOOK_UP_S} s, so that one can see what overlaps.)\n", flush=True)
        async with Agent(tools, policy=Policy(allow_effects=True), max_tools=len(tools)) as agent:
            with closing(open_display(Console(), record)) as display:
                await follow(agent, REQUEST, record, display)
    return 0 if record.status is Status.DONE else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
