"""The tools that are there: one name, one tool."""

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points

from .errors import DuplicateToolError, PluginError, ToolDefinitionError, UnknownToolError
from .tool import Tool
from .validation import close_match

PLUGIN_GROUP = "scrubjay.tools"


class ToolRegistry:
    """Tools by name, in the order in which they were added."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        if isinstance(tools, Tool):
            raise ToolDefinitionError(f"{tools.name} is one tool where a list is wanted: [{tools.name}]")
        for tool in tools:
            self.add(tool)

    def add(self, tool: Tool) -> None:
        """Add a tool. Raises DuplicateToolError when its name is taken, ToolDefinitionError if it is none."""
        if not isinstance(tool, Tool):
            hint = "decorate it with @tool" if callable(tool) else "make one with Tool.from_schema"
            raise ToolDefinitionError(f"{tool!r:.80} is not a Tool; {hint}")
        if tool.needs_instance:
            raise ToolDefinitionError(
                f"{tool.name} is a method: register it from an instance, `thing.{tool.name}`"
            )
        if tool.name in self._tools:
            raise DuplicateToolError(
                f"there is a tool called {tool.name} already; give one of them another name, @tool(name=...)"
            )
        self._tools[tool.name] = tool

    def get(self, name: str) -> Tool:
        """The tool of that name. Raises UnknownToolError with the name that was probably meant."""
        if name not in self._tools:
            raise UnknownToolError(f"no tool is called {name!r}; {close_match(name, self._tools)}")
        return self._tools[name]

    def remove(self, name: str) -> Tool:
        """Take the tool of that name out and return it. Raises UnknownToolError."""
        tool = self.get(name)
        del self._tools[name]
        return tool

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tools, in the order in which they were added."""
        return tuple(self._tools)

    def add_plugins(self) -> list[PluginError]:
        """Add the tools of installed plug-ins: entry points of the group `scrubjay.tools`.

        Each names a Tool, a list of them, or a function without arguments that returns either. A plug-in that
        cannot be used adds nothing and is reported in what is returned; the others are added all the same.
        """
        broken = []
        for entry in entry_points(group=PLUGIN_GROUP):
            try:
                tools = _load(entry)
                ToolRegistry([*self, *tools])
            except Exception as error:  # a plug-in is someone else's code: anything can happen in it
                broken.append(PluginError(f"the plug-in {entry.name} ({entry.value}) is left out: {error}"))
                continue
            for tool in tools:
                self.add(tool)
        return broken

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)


def _load(entry: EntryPoint) -> list[Tool]:
    loaded = entry.load()
    if callable(loaded) and not isinstance(loaded, Tool):
        loaded = loaded()
    return [loaded] if isinstance(loaded, Tool) else list(loaded)
