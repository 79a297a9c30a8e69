"""What a chat works with, and may exchange while it is open: the model, the session, the agent on both."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from rich.console import Console

from ..agent.agent import Agent
from ..agent.planner import Engine
from ..agent.policy import Policy
from ..agent.session import Session
from ..models.errors import ModelError
from ..tools.mcp.server import McpServer
from ..tools.registry import ToolRegistry
from .opening import load_engine, make_agent, open_session, open_settings, settings_file
from .record import Record
from .thinking import Thoughts, asked_thoughts

OpenEngine = Callable[[Path | None], AbstractAsyncContextManager[Engine]]
"""Opens the engine of a model file, or of the bundled planner, until the context ends. Raises ModelError."""


@asynccontextmanager
async def loaded_engine(model: Path | None) -> AsyncGenerator[Engine, None]:
    """The engine of that model file, or of the bundled planner."""
    async with await load_engine(model) as engine:
        yield engine


def path_said(text: str) -> Path:
    """The path that a person typed; `~` is home."""
    return Path(text).expanduser()


class Talk:
    """One open chat. Make it with `open_talk`.

    mcp: servers of more tools, by name. open_folders: where tools find files.
    served: what came of each request so far. listed_sessions: the names of the sessions that were shown.
    adapter: the one that is used; None: all that were added and fit.
    """

    agent: Agent
    engine: Engine
    session: Session
    model: Path | None = None
    adapter: Path | None = None

    def __init__(
        self,
        tools: ToolRegistry,
        policy: Policy,
        data_folder: Path,
        console: Console,
        open_engine: OpenEngine,
    ) -> None:
        self.tools = tools
        self.policy = policy
        self.data_folder = data_folder
        self.console = console
        self.mcp: Mapping[str, McpServer] = {}
        settings = open_settings(data_folder) if settings_file(data_folder).exists() else None
        self.open_folders = settings.files.folders if settings else (data_folder / "files",)
        self.served: list[Record] = []
        self.listed_sessions: list[str] = []
        self.thoughts = asked_thoughts()
        self._open_engine = open_engine
        self._engine_stack = AsyncExitStack()
        self._session_stack = AsyncExitStack()
        self._agent_stack = AsyncExitStack()

    async def open(self, model: Path | None, session: str) -> None:
        """Load the model and open the session. Raises ModelError and StorageError."""
        await self._enter_engine(model)
        await self.use_session(session)

    async def use_model(self, model: Path | None) -> None:
        """Plan with another model from now on. Raises ModelError, and then the one before stays."""
        engine, path = self.engine, self.model
        before = await self._enter_engine(model)
        try:
            await self._enter_agent()
        except ModelError:
            failed, self._engine_stack = self._engine_stack, before
            self.engine, self.model = engine, path
            await self._enter_agent()
            await failed.aclose()
            raise
        await before.aclose()

    async def use_adapter(self, adapter: Path | None) -> None:
        """Use this adapter and no other from now on. Raises ModelError, and then all is as before."""
        before, self.adapter = self.adapter, adapter
        try:
            await self.use_model(self.model)  # what an engine has loaded, it keeps
        except ModelError:
            self.adapter = before
            raise

    async def use_thoughts(self, thoughts: Thoughts) -> None:
        """Think like this from now on. Raises ModelError, and then all is as before."""
        before, self.thoughts = self.thoughts, thoughts
        try:
            await self._enter_agent()
        except ModelError:
            self.thoughts = before
            await self._enter_agent()
            raise

    async def use_session(self, name: str) -> None:
        """Go on with another conversation, a new one if need be. Raises StorageError."""
        stack = AsyncExitStack()
        self.session = await stack.enter_async_context(await open_session(self.data_folder, name))
        before, self._session_stack = self._session_stack, stack
        await self._enter_agent()
        await before.aclose()

    async def aclose(self) -> None:
        """Close everything, the agent first."""
        for stack in (self._agent_stack, self._session_stack, self._engine_stack):
            await stack.aclose()

    async def _enter_engine(self, model: Path | None) -> AsyncExitStack:
        """Returns what closes the engine before."""
        stack = AsyncExitStack()
        self.engine = await stack.enter_async_context(self._open_engine(model))
        self.model = model
        before, self._engine_stack = self._engine_stack, stack
        return before

    async def _enter_agent(self) -> None:
        """The agent before is closed first: two would both add the tools of MCP servers."""
        await self._agent_stack.aclose()
        adapters = None if self.adapter is None else (self.adapter,)
        agent = make_agent(
            self.tools,
            self.engine,
            self.session,
            self.policy,
            self.data_folder,
            self.mcp,
            self.thoughts,
            adapters,
        )
        self._agent_stack.push_async_callback(agent.aclose)  # also when it cannot be made ready
        self.agent = await agent.__aenter__()


@asynccontextmanager
async def open_talk(talk: Talk, model: Path | None, session: str) -> AsyncGenerator[Talk, None]:
    """`talk`, opened, and closed in the end. Raises ModelError and StorageError."""
    try:
        await talk.open(model, session)
        yield talk
    finally:
        await talk.aclose()
