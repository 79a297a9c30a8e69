"""A day in the life: 60 requests through `Agent` on the bundled model, over a fresh data folder.

    python benchmarks/day_in_the_life.py [--model FILE] [--apart]

The person allows the steps that they asked for, as the wanted plan has them, and no others. Afterwards files,
mailbox, calendar and the rest must be exactly what was there before and what those steps leave behind, as
`day_in_the_life.toml` tells it; they are read here with other programs' eyes, not with the tools'. It prints
which requests were planned wrongly, and ends with 1 when anything else was found. --apart: each request is
its own conversation.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import mailbox
import os
import re
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from statistics import median
from typing import Any

import icalendar
from fpdf import FPDF

from scrubjay import Agent, Answer, Tool
from scrubjay.agent.events import ConsentAsked
from scrubjay.agent.outcome import StepStatus
from scrubjay.agent.plan import print_plan
from scrubjay.agent.policy import Policy
from scrubjay.agent.reader import parse_plan
from scrubjay.agent.turns import Turns
from scrubjay.apps.plan_json import plan_json
from scrubjay.apps.scoring import same_plan
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.engine import LlamaEngine
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.demo import seed_demo_contacts
from scrubjay.tools.effect import Effect
from scrubjay.tools.settings import Settings

REQUESTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["request"]
MAILS = (
    ("Kenji Sato <kenji@example.com>", "Lunch plans", "Shall we say noon?"),
    ("Billing <billing@example.net>", "Invoice 4471", "Please find the invoice."),
)
State = dict[str, Any]


@dataclass
class Person:
    """Allows the steps with an effect that the wanted plan has, each once."""

    tools: Mapping[str, Tool]
    wanted: Sequence[Mapping[str, Any]] = ()
    after: Sequence[Mapping[str, Any]] = ()
    allowed: dict[int, int] = field(default_factory=dict)
    """By the step's id: which of the wanted effects it is."""

    def wants(self, plan: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> None:
        """From now on, this is what they asked for, and what its effects leave behind."""
        self.after = after
        self.wanted = [step for step in plan if self.tools[step["tool"]].effect is not Effect.READ]
        self.allowed = {}

    async def __call__(self, asked: ConsentAsked) -> bool:
        for number, step in enumerate(self.wanted):
            free = number not in self.allowed.values()
            meant = _same(step["args"], asked.args) and _goes_to(self.after[number], asked.args)
            if free and step["tool"] == asked.tool and meant:
                self.allowed[asked.step_id] = number
                return True
        return False


def _goes_to(after: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether it goes to whom they meant: they see the number or the address in the question."""
    people = [
        told[name]
        for told in after.values()
        if isinstance(told, dict)
        for name in ("to", "attendees")
        if name in told
    ]
    return all(asked.get("to", asked.get("attendees", wanted)) == wanted for wanted in people)


def _same(wanted: Any, asked: Any) -> bool:
    """Whether arguments are the wanted ones, references aside."""
    if isinstance(wanted, str) and wanted.startswith("$"):
        return True
    if isinstance(wanted, Mapping):
        return wanted.keys() == asked.keys() and all(_same(wanted[name], asked[name]) for name in wanted)
    if isinstance(wanted, list):
        return len(wanted) == len(asked) and all(map(_same, wanted, asked))
    return bool(wanted == asked)


def seed(data: Path) -> None:
    """What is there in the morning: people, two mails, three files."""
    seed_demo_contacts(data)
    for part in ("new", "cur", "tmp"):
        (data / "mail" / part).mkdir(parents=True)
    for number, (author, subject, text) in enumerate(MAILS, 1):
        raw = f"From: {author}\nTo: me@example.com\nSubject: {subject}\nMessage-ID: <{number}@example.com>\n"
        raw += f"Date: Fri, 20 Nov 2026 0{number}:00:00 +0000\n\n{text}\n"
        (data / f"mail/new/179500000{number}.M1P1.host").write_text(raw)
    (data / "files").mkdir()
    (data / "files/notes.txt").write_text("the spare key is with Ada")
    (data / "files/budget.txt").write_text("rent 900")
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    pdf.multi_cell(0, text="The ferry is late. It waits for the storm to end. The storm ends on Monday.")
    pdf.output(str(data / "files/report.pdf"))


def desktop(top: Path) -> Path:
    """Programs that stand in for a desktop's, and the file in which they write how they were called."""
    log, programs = top / "desktop.log", top / "bin"
    programs.mkdir()
    for name, prints in (("xdg-open", ""), ("pactl", "grep -o '[0-9]*%' {log} | tail -1")):
        path = programs / name
        path.write_text(f'#!/bin/sh\necho {name} "$@" >> {log}\n{prints.format(log=log)}\n')
        path.chmod(0o755)
    log.touch()
    os.environ.update(PATH=f"{programs}:/usr/bin:/bin", DISPLAY=":99")
    os.environ.pop("WAYLAND_DISPLAY", None)
    return log


def state_of(data: Path, log: Path) -> State:
    """Everything that is there now, in forms that are easy to compare."""
    calls = log.read_text().splitlines()
    sent = mailbox.Maildir(data / "mail", create=False)
    mails = [bytes(mail) for mail in sent.get_folder("Outbox")] if "Outbox" in sent.list_folders() else []
    return {
        "sms": [_sms(text) for text in _texts(data / "messages/outbox", ".json").values()],
        "note": _texts(data / "notes", ".md"),
        "file": _texts(data / "files", ".txt"),
        "contact": [_contact(text) for text in _texts(data / "contacts", ".vcf").values()],
        "event": [_event(one) for _, one in _components(data / "calendar", "VEVENT")],
        "reminder": [_reminder(one) for _, one in _components(data / "reminders", "VTODO")],
        "timer": [_timer(one) for name, one in _components(data / "clock", "VTODO") if "timer" in name],
        "alarm": [_alarm(one) for name, one in _components(data / "clock", "VTODO") if "alarm" in name],
        "mail": [_mail(raw) for raw in mails],
        "opened": [call.split(" ", 1)[1] for call in calls if call.startswith("xdg-open")],
        "volume": [int(call.split()[-1].rstrip("%")) for call in calls if "set-sink-volume" in call],
    }


def _texts(folder: Path, extension: str) -> dict[str, str]:
    paths = sorted(folder.rglob(f"*{extension}"))
    return {str(path.relative_to(folder)): path.read_bytes().decode() for path in paths}


def _components(folder: Path, kind: str) -> list[tuple[str, Any]]:
    return [
        (name, component)
        for name, text in _texts(folder, ".ics").items()
        for component in icalendar.Calendar.from_ical(text).walk(kind)
    ]


def _sms(text: str) -> Any:
    kept = json.loads(text)
    return {name: kept[name] for name in ("to", "message")}


def _contact(text: str) -> Any:
    found = {
        name: re.search(rf"^{name}[^:]*:(.*?)\r?$", text, re.MULTILINE) for name in ("FN", "TEL", "EMAIL")
    }
    named = {"FN": "name", "TEL": "phone", "EMAIL": "email"}
    return {named[name]: match[1] for name, match in found.items() if match}


def _event(event: Any) -> Any:
    invited = event.get("ATTENDEE", [])
    invited = invited if isinstance(invited, list) else [invited]
    addresses = [str(one).removeprefix("mailto:") for one in invited]
    told = {"title": str(event["SUMMARY"]), "start": _at(event["DTSTART"]), "end": _at(event["DTEND"])}
    return told | ({"attendees": addresses} if addresses else {})


def _reminder(todo: Any) -> Any:
    told = {"text": str(todo["SUMMARY"])} | ({"due": _at(todo["DUE"])} if "DUE" in todo else {})
    return told | ({"done": True} if todo.get("STATUS") == "COMPLETED" else {})


def _timer(todo: Any) -> Any:
    length = todo["DUE"].dt - todo["DTSTART"].dt
    return {"label": str(todo["SUMMARY"]), "minutes": length.total_seconds() / 60}


def _alarm(todo: Any) -> Any:
    return {"label": str(todo["SUMMARY"]), "at": _at(todo["DTSTART"])}


def _mail(raw: bytes) -> Any:
    message = message_from_bytes(raw, policy=policy.default)
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body else ""
    told = {
        "to": [address.strip() for address in str(message["To"]).split(",")],
        "subject": str(message["Subject"]),
        "text": re.split(r"\n\nOn |-{5,}", text)[0].strip(),
    }
    attached = [str(part.get_filename()) for part in message.iter_attachments()]
    return told | ({"attached": attached} if attached else {})


def _at(value: Any) -> str:
    moment = value.dt
    return (
        f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else f"{moment:%Y-%m-%d}"
    )


def leave(state: State, after: Mapping[str, Any], today: date) -> None:
    """Change `state` by what a step leaves behind, as the TOML file tells it."""
    for kind, told in after.items():
        what = (
            {name: _moment(value, today) for name, value in told.items()} if isinstance(told, dict) else told
        )
        match kind:
            case "note" if "adds" in what:
                state["note"][what["path"]] += what["adds"]
            case "note" | "file":
                state[kind][what["path"]] = what["text"]
            case "event":
                state["event"] = [one for one in state["event"] if one["title"] != what["title"]] + [what]
            case "no_event":
                state["event"] = [one for one in state["event"] if one["title"] != what]
            case "done":
                done = next(one for one in state["reminder"] if one["text"] == what)
                done["done"] = True
            case _:
                state[kind].append(what)


def _moment(value: Any, today: date) -> Any:
    found = re.fullmatch(r"\+(\d) (\d\d:\d\d)", value) if isinstance(value, str) else None
    return f"{today + timedelta(days=int(found[1]))} {found[2]}" if found else value


def differences(expected: State, found: State) -> list[str]:
    """What is not as it should be, kind by kind."""
    lines = []
    for kind, wanted in expected.items():
        ordered = [sorted(x, key=str) if isinstance(x, list) else x for x in (wanted, found[kind])]
        if ordered[0] != ordered[1]:
            lines.append(f"{kind}: should be {ordered[0]}\n{' ' * len(kind)}  but is {ordered[1]}")
    return lines


async def live(data: Path, log: Path, model: Path, apart: bool) -> int:
    """Serve the day's requests, and compare. Returns the exit code."""
    settings = Settings.model_validate({"time": {"zone": "UTC"}, "files": {"folders": [str(data / "files")]}})
    tools = builtin_tools(data, settings)
    person = Person({tool.name: tool for tool in tools})
    expected, today = state_of(data, log), datetime.now(UTC).date()
    wrong, undone, seconds, conversation = 0, 0, [], Turns()
    async with await LlamaEngine.load(model) as engine:
        for number, request in enumerate(REQUESTS, 1):
            lines = [f"${step} = {line}\n" for step, line in enumerate(request["plan"], 1)]
            wanted = plan_json(parse_plan("".join(lines) + "done\n" if lines else "none\n").steps)
            person.wants(wanted, request.get("after", []))
            began = time.perf_counter()
            turns = Turns() if apart else conversation
            agent = Agent(tools, engine, session=turns, policy=Policy(consent=person), max_tools=48)
            answer = await agent.run(request["text"])
            await agent.aclose()
            seconds.append(time.perf_counter() - began)
            right = same_plan(plan_json(answer.plan.steps), wanted)
            done = _left(answer, person, request.get("after", []), expected, today)
            wrong += not right
            undone += right and done < len(person.wanted)
            print(
                f"{number:2}  {'right' if right else 'WRONG'}  {seconds[-1]:5.1f} s  {request['text']}",
                flush=True,
            )
            if not right:
                print(f"      planned: {print_plan(answer.plan).strip()!r}", flush=True)
            elif done < len(person.wanted):
                print(f"      not done: {answer.text}", flush=True)
    problems = differences(expected, state_of(data, log))
    print(f"\n{len(REQUESTS) - wrong} of {len(REQUESTS)} planned as wanted; median {median(seconds):.1f} s")
    print(f"planned as wanted but not done, most often since an earlier one was planned wrongly: {undone}")
    print(
        "\n".join(["Left behind is not what should be:", *problems]) if problems else "Left behind: as wanted"
    )
    return 1 if problems else 0


def _left(answer: Answer, person: Person, after: Sequence[Any], expected: State, today: date) -> int:
    """Expect what the allowed steps leave behind that are done; returns how many there are."""
    done = [outcome.step.id for outcome in answer.steps if outcome.status is StepStatus.DONE]
    effects = [person.allowed[step] for step in done if step in person.allowed]
    for effect in effects:
        leave(expected, after[effect], today)
    return len(effects)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument(
        "--model", type=Path, default=None, help="a GGUF file; the bundled planner otherwise"
    )
    options.add_argument("--apart", action="store_true", help="each request is its own conversation")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scrubjay-day-") as name:
        data = Path(name) / "data"
        seed(data)
        return asyncio.run(live(data, desktop(Path(name)), chosen.model or bundled_planner(), chosen.apart))


if __name__ == "__main__":
    sys.exit(main())
