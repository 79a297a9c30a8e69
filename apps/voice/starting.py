"""Puts an assistant together: transcriber, voice and agent, on the data of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ...agent.agent import Agent
from ...agent.session import Session
from ..opening import load_engine, make_agent, open_registry, open_servers, open_settings
from .activity import Activity, Silero
from .assistant import Assistant
from .ears import Ears, Listen
from .guess import SettledPolicy, SettledSession
from .names import known_names
from .shown import Past, Shown, State, Trouble
from .sound import Loudspeaker, SoundError
from .speaker import Speaker, choose_synthesizer
from .transcriber import Transcriber, choose_transcriber

_EARLIER = 50
"""Turns of the session that are shown as history."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user has chosen for this run; all of it can cross a pipe.

    transcriber: "whisper", "pocketsphinx", or empty for the best there is. yes: allow effects without asking.
    """

    data_folder: Path
    model: Path | None = None
    session: str = "main"
    listen: Listen = Listen.OPEN
    transcriber: str = ""
    yes: bool = False
    speak: bool = True
    barge_in: bool = True


@asynccontextmanager
async def open_assistant(
    choices: Choices, show: Callable[[Shown], None]
) -> AsyncIterator[tuple[Assistant, Agent]]:
    """An assistant and its agent, ready to `run`. Raises SoundError, ModelError, StorageError."""
    tools = open_registry(choices.data_folder)
    names = await asyncio.to_thread(known_names, choices.data_folder, tools)
    transcriber = await asyncio.to_thread(choose_transcriber, names, choices.transcriber)
    assistant = Assistant(
        _ears(choices, transcriber),
        _speaker(choices, show),
        show,
        barge_in=choices.barge_in,
        sleeps=State.LISTENING if choices.listen is Listen.OPEN else State.ASLEEP,
    )
    if choices.listen is Listen.PUSH:
        assistant.listen_by_key()

    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(await load_engine(choices.model))
        path = choices.data_folder / "sessions.db"
        session = await stack.enter_async_context(await SettledSession.open(path, choices.session))
        allowed = open_settings(choices.data_folder).consent
        policy = SettledPolicy(
            allow_effects=choices.yes,
            allow_tools=allowed.tools,
            allow_recipients=allowed.recipients,
            consent=assistant.consent,
        )
        servers = open_servers(choices.data_folder, {})
        agent = make_agent(tools, engine, session, policy, choices.data_folder, servers)
        await _tell_of_before(session, show)
        for turn in await session.history(_EARLIER):
            show(Past(turn.request, turn.answer))
        yield assistant, await stack.enter_async_context(agent)


async def _tell_of_before(session: Session, show: Callable[[Shown], None]) -> None:
    """What the user must know of the time before: a damaged file, effects that were cut off."""
    if session.notice:
        show(Trouble(session.notice))
    interrupted = await session.interrupted()
    for effect in interrupted:
        began = f"{effect.begun_at.astimezone():%d %B at %H:%M}"
        show(Trouble(f"Scrubjay was stopped on {began}, during {effect.tool}. It may have happened: look."))
    await session.mark_told(interrupted)


def _ears(choices: Choices, transcriber: Transcriber) -> Ears:
    wake = None
    if choices.listen is Listen.WAKE:
        from .wake import SphinxWakeWord

        wake = SphinxWakeWord()
    return Ears(Activity(Silero()), transcriber, wake)


def _speaker(choices: Choices, show: Callable[[Shown], None]) -> Speaker:
    if not choices.speak:
        return Speaker(None, None)
    try:
        return Speaker(choose_synthesizer(choices.data_folder), Loudspeaker())
    except SoundError as error:
        show(Trouble(str(error)))
        return Speaker(None, None)
