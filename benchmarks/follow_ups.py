"""Follow-ups on the bundled planner: "make it 4pm instead", "send it to Maria too", "no, the other one".

    python benchmarks/follow_ups.py [--model FILE]

Each conversation of follow_ups.toml goes through `Agent` with all built-in tools, over a fresh data folder;
the person allows everything. A conversation counts when its last request made the wanted calls, as they were
resolved, and no others but look-ups. Prints each plan that was wrong, and how many were right.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from scrubjay import Agent, Policy
from scrubjay.agent.outcome import Outcome
from scrubjay.agent.plan import print_plan
from scrubjay.apps.opening import load_engine
from scrubjay.models.engine import LlamaEngine
from scrubjay.testing import Consent
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.demo import seed_demo_contacts
from scrubjay.tools.registry import ToolRegistry

TALKS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["talk"]
PEOPLE = (
    {"name": "Maria Silva", "phone": "555-0199", "email": "maria@example.com"},
    {"name": "Anna Berg", "phone": "555-0150"},
    {"name": "Anna Weiss", "phone": "555-0151"},
)
LOOK_UPS = {"get_phone_number", "get_email_address"}


async def served(engine: LlamaEngine, said: list[str], folder: Path) -> tuple[list[Outcome], list[str]]:
    """The steps of the last request, and the plans of all."""
    seed_demo_contacts(folder)
    tools = ToolRegistry(builtin_tools(folder))
    for person in PEOPLE:
        tools.get("add_contact")(**person)
    plans = []
    async with Agent(tools, engine, policy=Policy(consent=Consent(allow=True))) as agent:
        for text in said:
            answer = await agent.run(text)
            plans.append(print_plan(answer.plan).strip().replace("\n", "; "))
    return list(answer.steps), plans


def right(steps: list[Outcome], wanted: list[list[Any]]) -> bool:
    """Whether the wanted calls were made, and beside them nothing but look-ups."""
    passed_over = LOOK_UPS - {call[0] for call in wanted}
    made = [step for step in steps if step.has_result and step.step.tool not in passed_over]
    return len(made) == len(wanted) and all(_same(*pair) for pair in zip(made, wanted, strict=True))


def _same(step: Outcome, wanted: list[Any]) -> bool:
    tool, args = wanted[0], wanted[1] if wanted[1:] else {}
    return step.step.tool == tool and all(step.args.get(name) == value for name, value in args.items())


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a GGUF file; the bundled planner by default")
    options = parser.parse_args()
    count = Counter[bool]()
    async with await load_engine(options.model) as engine:
        for talk in TALKS:
            with tempfile.TemporaryDirectory() as folder:
                steps, plans = await served(engine, talk["said"], Path(folder))
            good = right(steps, talk["wanted"])
            count[good] += 1
            print("right" if good else "WRONG", " / ".join(talk["said"]), flush=True)
            if not good:
                for plan in plans:
                    print(f"        {plan or 'none'}", flush=True)
    print(f"{count[True]} of {len(TALKS)} follow-ups right")
    return 0 if count[True] else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
