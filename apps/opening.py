"""Opens what the commands work with: the tools, the engine, and an agent on the data of this machine."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import click
from pydantic import ValidationError

from ..agent.agent import Agent
from ..agent.hand_over import HandOver
from ..agent.planner import Engine
from ..agent.policy import Consent, Policy
from ..agent.session import Session
from ..agent.summaries import summarizer
from ..models.catalog import BUNDLED, Catalog, bundled_planner
from ..models.dialects import DIALECT
from ..models.engine import EngineSettings, LlamaEngine
from ..models.errors import ModelFileError
from ..models.openai_engine import OpenAIEngine, RemoteSettings
from ..models.tuning import remembered
from ..retrieval.entries import Progress
from ..retrieval.retriever import Retriever
from ..retrieval.store import Store
from ..retrieval.usage import Usage
from ..tools.builtin import builtin_tools, open_folders_of
from ..tools.documents import Documents
from ..tools.mcp.server import McpServer
from ..tools.registry import ToolRegistry
from ..tools.secrets import secret
from ..tools.settings import Settings, SettingsError, read_settings
from .display import value_text
from .own_tools import add_tools_of_folder
from .setting import DIALECT_KEY, told_clearly
from .thinking import Thoughts, asked_thoughts, fitting_adapters

MAX_TOOLS = 48
"""How many tools a planner is offered: all built-in ones, with room for a user's own, before any are chosen.

Each is computed once, so that many cost little; one that is needed but not offered costs the request.
"""

NO_SERVERS: Mapping[str, McpServer] = {}


def settings_file(data_folder: Path) -> Path:
    """Where the settings are; see `scrubjay config`."""
    return data_folder / "settings.toml"


def open_settings(data_folder: Path) -> Settings:
    """The settings of this machine; the defaults without a file. Raises SettingsError."""
    return read_settings(settings_file(data_folder))


def _named_settings(data_folder: Path) -> Settings | None:
    """The settings where there is a file of them: without it nobody has named any folders."""
    return open_settings(data_folder) if settings_file(data_folder).exists() else None


@told_clearly()
def open_registry(data_folder: Path) -> ToolRegistry:
    """The built-in tools, those of installed plug-ins, and the user's own in `tools/` of the data folder.

    A plug-in or a file that is broken is named on stderr.

    Without a settings file nobody has named any folders: then tools keep to those below `data_folder`.
    """
    registry = ToolRegistry(builtin_tools(data_folder, _named_settings(data_folder)))
    for problem in registry.add_plugins():
        click.echo(f"Warning: {problem}", err=True)
    add_tools_of_folder(registry, data_folder / "tools")
    return registry


@told_clearly()
def open_policy(data_folder: Path, consent: Consent, *, allow_effects: bool = False) -> Policy:
    """What asks for consent here: [consent] of the settings names what may always run."""
    allowed = open_settings(data_folder).consent
    return Policy(
        allow_effects=allow_effects,
        allow_tools=allowed.tools,
        allow_recipients=allowed.recipients,
        consent=consent,
    )


@told_clearly()
def open_servers(data_folder: Path, named: Mapping[str, McpServer]) -> Mapping[str, McpServer]:
    """The MCP servers of the settings, and those that the command line names."""
    return {**open_settings(data_folder).mcp, **named}


async def load_engine(model: Path | None) -> LlamaEngine:
    """The engine of that model, a file or a name, or of the bundled planner. Raises ModelError.

    It is spoken to as the command's `--dialect` says.
    """
    context = click.get_current_context(silent=True)
    dialect = context.meta.get(DIALECT_KEY) if context else None
    path = Catalog().find(str(model or BUNDLED))
    engine = await LlamaEngine.load(path, remembered(path, EngineSettings(dialect=dialect)))
    if engine.drafts and engine.metadata["scrubjay.dialect"] != DIALECT:
        with suppress(ModelFileError):  # an installation without the bundled planner does without
            engine.drafter = await LlamaEngine.load(bundled_planner())
    return engine


@asynccontextmanager
async def open_agent(
    model: Path | None,
    data_folder: Path,
    session: str,
    policy: Policy,
    mcp: Mapping[str, McpServer] = NO_SERVERS,
) -> AsyncGenerator[Agent, None]:
    """An agent on the tools and the data of this machine, in the conversation `session`.

    What the user must know of the time before goes to stderr: effects that were cut off, a damaged file.
    """
    tools = open_registry(data_folder)
    async with (
        await load_engine(model) as engine,
        await open_session(data_folder, session) as conversation,
        make_agent(tools, engine, conversation, policy, data_folder, open_servers(data_folder, mcp)) as agent,
    ):
        yield agent


async def open_session(data_folder: Path, name: str) -> Session:
    """The conversation of that name; what the user must know of the time before goes to stderr."""
    conversation = await Session.open(data_folder / "sessions.db", name)
    await _tell_of_before(conversation)
    return conversation


def make_agent(
    tools: ToolRegistry,
    engine: Engine,
    conversation: Session,
    policy: Policy,
    data_folder: Path,
    mcp: Mapping[str, McpServer] = NO_SERVERS,
    thoughts: Thoughts | None = None,
    adapters: Sequence[Path] | None = None,
) -> Agent:
    """The agent as the commands use it; what it learns from use is this user's, in `data_folder`.

    thoughts: by default as the command was asked for. adapters: by default all that were added and fit.
    PDFs are summarized in the model's own words where it is one that can.
    """
    documents = Documents(open_folders_of(data_folder, _named_settings(data_folder)), summarizer(engine))
    if documents.summarize_pdf.name in tools:
        tools.remove(documents.summarize_pdf.name)
        tools.add(documents.summarize_pdf)
    thoughts = thoughts or asked_thoughts()
    if adapters is None:
        adapters = fitting_adapters(data_folder, engine.path) if isinstance(engine, LlamaEngine) else ()
    return Agent(
        tools,
        engine,
        session=conversation,
        policy=policy,
        mcp=mcp,
        max_tools=MAX_TOOLS,
        retriever=lambda registry: open_retriever(registry, data_folder),
        hand_over=open_hand_over(data_folder),
        adapters=adapters,
        think=thoughts.think,
        samples=thoughts.samples,
    )


@told_clearly()
def open_hand_over(data_folder: Path) -> HandOver | None:
    """The bigger machine of the settings, if they name one. Raises SettingsError for a key that cannot be
    one."""
    remote = open_settings(data_folder).models.remote
    if remote is None:
        return None
    key = secret(remote.key) if remote.key else ""
    try:
        settings = RemoteSettings(url=str(remote.url), model=remote.model, key=key)
    except ValidationError as error:
        wrong = "; ".join(detail["msg"] for detail in error.errors(include_input=False))
        raise SettingsError(f"[models.remote]: {wrong.replace('Value error, ', '')}.") from error
    return HandOver(OpenAIEngine(settings), remote.below)


def open_retriever(tools: ToolRegistry, data_folder: Path, progress: Progress | None = None) -> Retriever:
    """What picks tools, with the index and the habits that this user's data holds."""
    return Retriever(tools, store=open_index(data_folder), usage=open_usage(data_folder), progress=progress)


def open_index(data_folder: Path) -> Store:
    """What was read of tools, by any command on this data."""
    return Store(data_folder / "retrieval" / "tools.sqlite")


def open_usage(data_folder: Path) -> Usage:
    """What was learned from this user's requests."""
    return Usage(data_folder / "retrieval" / "usage.sqlite")


def tell_of_servers(agent: Agent) -> None:
    """Name on stderr what of the MCP servers cannot be used, each problem once."""
    for problem in agent.mcp_news():
        click.echo(f"Note: MCP server {problem}", err=True)


async def _tell_of_before(conversation: Session) -> None:
    if conversation.notice:
        click.echo(f"Note: {conversation.notice}", err=True)
    interrupted = await conversation.interrupted()
    for effect in interrupted:
        arguments = ", ".join(f"{name}={value_text(value)}" for name, value in effect.arguments.items())
        begun = effect.begun_at.astimezone()
        click.echo(
            f"Note: Scrubjay was stopped on {begun:%d %B at %H:%M}, during {effect.tool}({arguments})."
            " It may have happened: look before you repeat it.",
            err=True,
        )
    await conversation.mark_told(interrupted)
