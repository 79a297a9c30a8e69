"""Speaks requests to the assistant through a virtual sound card, and writes down what it made of them.

    python tests/apps/voice/sound_card.py OUT.jsonl [FIRST] [LAST]

Run where PulseAudio has a sink `person`, whose monitor is the default source (see `virtual_sound.py`). The
tools are the built-in ones; those with an effect only say that they are done.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from scrubjay.agent.agent import Agent
from scrubjay.agent.events import (
    ConsentAsked,
    RequestFailed,
    RequestFinished,
    StepPlanned,
    StepStarted,
)
from scrubjay.agent.planner import PastTurn
from scrubjay.agent.turns import Turns
from scrubjay.apps.opening import MAX_TOOLS, load_engine
from scrubjay.apps.plan_json import plan_json
from scrubjay.apps.voice.activity import Activity, Silero
from scrubjay.apps.voice.assistant import Assistant
from scrubjay.apps.voice.ears import Ears
from scrubjay.apps.voice.guess import SettledPolicy
from scrubjay.apps.voice.names import known_names
from scrubjay.apps.voice.shown import GuessDropped, Happened, Heard, Shown
from scrubjay.apps.voice.sound import microphone
from scrubjay.apps.voice.speaker import Speaker
from scrubjay.apps.voice.sphinx import SphinxTranscriber
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.collection import Folder
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool
from scrubjay.tools.vcards import Card, Entry, write_card

REQUESTS = Path(__file__).parent / "data" / "requests.jsonl"
PEOPLE = ("Anna Berg", "Sid Jha", "Lutfi Karim", "Maria Lopez", "Kenji Sato", "Ada Moreau", "Tom Weber")
NOTES = ("Shopping", "Journal", "Ideas")
PATIENCE_S = 90.0


class _NoHistory(Turns):
    """Each request stands for itself."""

    async def past_turns(self, about: str = "", most: int = 0) -> Sequence[PastTurn]:
        return []


class Protocol:
    """What happened since the last `clear`."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.heard: Heard | None = None
        self.steps: list[Any] = []
        self.first_step_at: float | None = None
        self.dropped = 0
        self.ended = asyncio.Event()

    def show(self, shown: Shown) -> None:
        match shown:
            case Heard():
                self.heard = shown
            case GuessDropped():
                self.dropped += 1
                self.steps, self.first_step_at = [], None
            case Happened(StepPlanned(step)):
                self.steps.append(step)
            case Happened(StepStarted(at_ms=at_ms), began) if self.first_step_at is None:
                self.first_step_at = began + at_ms / 1000
            case Happened(RequestFinished() | RequestFailed()):
                self.ended.set()

    def row(self) -> dict[str, Any]:
        heard = self.heard
        row: dict[str, Any] = {"heard": heard.text if heard else "", "plan": plan_json(self.steps)}
        row["dropped"] = self.dropped
        if heard is not None and self.first_step_at is not None:
            row["first_step_s"] = self.first_step_at - heard.spoken_at
            row["recognition_s"] = heard.at - heard.spoken_at
        return row


def _harmless(tool: Tool) -> Tool:
    """The tool; what would change this machine only says that it is done."""
    if tool.name in ("get_phone_number", "get_email_address"):
        return tool
    kinds: dict[str, Any] = {"array": [], "object": {}, "number": 1, "integer": 1, "boolean": True}
    result = kinds.get(tool.returns.get("type", "string"), "done")
    return replace(tool, function=lambda **arguments: result, understood=None, undo=None)


def _data(folder: Path) -> Path:
    contacts = Folder(folder / "contacts", ".vcf")
    for number, name in enumerate(PEOPLE):
        address = f"{name.split()[0].lower()}@example.com"
        write_card(contacts, Card(name, phones=(Entry(f"555-01{number:02}"),), emails=(Entry(address),)))
    (folder / "notes").mkdir()
    for title in NOTES:
        (folder / "notes" / f"{title}.md").write_text(f"# {title}\n")
    return folder


async def _play(path: Path) -> None:
    player = await asyncio.create_subprocess_exec("paplay", "--device=person", str(path))
    await player.wait()


async def _allow(asked: ConsentAsked) -> bool:
    return True


async def speak(requests: list[dict[str, Any]], folder: Path, out: Path) -> None:
    """Speak each request when the one before has been served; a line of `out` for each."""
    tools = ToolRegistry(_harmless(tool) for tool in builtin_tools(_data(folder)))
    protocol = Protocol()
    ears = Ears(Activity(Silero()), SphinxTranscriber(known_names(folder, tools)))
    assistant = Assistant(ears, Speaker(None, None), protocol.show)
    policy = SettledPolicy(allow_effects=True, consent=_allow)
    async with (
        await load_engine(None) as engine,
        Agent(tools, engine, session=_NoHistory(), policy=policy, max_tools=MAX_TOOLS) as agent,
        microphone() as frames,
    ):
        await agent.run(requests[0]["say"])  # the tools are read once, as when the assistant has been used
        listening = asyncio.create_task(assistant.run(agent, frames))
        await asyncio.sleep(1)
        with out.open("w") as lines:
            for number, request in enumerate(requests):
                voice = ("rms", "slt")[number % 2]
                path = folder / "said.wav"
                flite = await asyncio.create_subprocess_exec(
                    "flite", "-voice", voice, "-t", request["say"], "-o", str(path)
                )
                await flite.wait()
                protocol.clear()
                await _play(path)
                began = perf_counter()
                with suppress(TimeoutError):
                    await asyncio.wait_for(protocol.ended.wait(), PATIENCE_S)
                row = {**request, "voice": voice, **protocol.row(), "served_s": perf_counter() - began}
                typed = await agent.run(request["say"])
                row["plan_from_text"] = plan_json(outcome.step for outcome in typed.steps)
                print(json.dumps(row, ensure_ascii=False), file=lines, flush=True)
                print(f"{number + 1}: {request['say']} | {row['heard']}", flush=True)
        listening.cancel()


if __name__ == "__main__":
    every = [json.loads(line) for line in REQUESTS.read_text("utf-8").splitlines()]
    first, last = (int(argument) for argument in (sys.argv[2:4] or ("1", str(len(every)))))
    with tempfile.TemporaryDirectory(prefix="scrubjay-spoken-") as name:
        asyncio.run(speak(every[first - 1 : last], Path(name), Path(sys.argv[1])))
