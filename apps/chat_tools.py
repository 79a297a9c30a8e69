"""`/tools`: what a chat can do."""

from rich.table import Table
from rich.text import Text

from ..tools.tool import Tool
from .chat_talk import Talk
from .display import safe_text
from .own_tools import is_own
from .tools import tool_page


def names(talk: Talk) -> tuple[str, ...]:
    """The names of all tools."""
    return talk.tools.names


async def tools(talk: Talk, wanted: str) -> None:
    """List all tools, those with the words of `wanted` in name or description, or show the one so called."""
    if wanted in talk.tools:
        talk.console.print(Text(safe_text(tool_page(talk.tools.get(wanted)))))
        return
    found = [tool for tool in talk.tools if _has(tool, wanted.lower().split())]
    if not found:
        talk.console.print(f"No tool has {wanted!r} in its name or description.", markup=False)
        return
    table = Table.grid(padding=(0, 2))
    for tool in found:
        table.add_row(Text(tool.name, style="bold"), _effect(tool), Text(safe_text(tool.description)))
    talk.console.print(table)
    ahead = talk.agent.tools_ahead
    if ahead.ready < ahead.total:
        told = f"The model has read {ahead.ready:,} of {ahead.total:,} so far; requests go first."
        talk.console.print(Text(told, style="dim"))


def _has(tool: Tool, words: list[str]) -> bool:
    text = f"{tool.name} {tool.description}".lower()
    return all(word in text for word in words)


def _effect(tool: Tool) -> Text:
    return Text(f"{tool.effect.value}, yours" if is_own(tool) else tool.effect.value, style="dim")
