"""The planner corpus: packs and dialogues read, split into training and held-out parts, and expanded.

The format is described in `corpus/FORMAT.md`; splits are by hash, so that adding a pack moves no other line.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

Json = Any
Schema = dict[str, Any]

SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")
REFERENCE = re.compile(r"\$\d+(?:\.\d+)?(?:\.[A-Za-z_]\w*|\[\d+\])*")

UNSEEN_PACKS = frozenset({"drone_control", "podcasts_radio", "thermostat_climate", "warehouse_inventory"})
HELD_OUT_PERCENT = 10
BUILTIN_PREFIX = "assistant_"


@dataclass(frozen=True, slots=True)
class Call:
    """One step of a gold plan; references are strings such as `"$1.email"`."""

    tool: str
    args: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier exchange: what was said, the plan that served it, one result per step."""

    query: str
    plan: tuple[Call, ...]
    results: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A request with its gold plan; `tools` are all schemas that were in reach where it was written."""

    query: str
    plan: tuple[Call, ...]
    tools: dict[str, Schema]
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A plan template with one way of asking for it, not yet expanded."""

    plan: tuple[Call, ...]
    query: str


@dataclass(frozen=True, slots=True)
class Pack:
    """One domain: tools, slot values and the entries of one split."""

    domain: str
    tools: dict[str, Schema]
    slots: dict[str, list[Json]]
    entries: tuple[Entry, ...]
    none: tuple[str, ...]

    def expand(self, entry: Entry, rng: random.Random, override: dict[str, Json] | None = None) -> Example:
        """Fill the slots of `entry` with random values (or those of `override`)."""
        binding = {name: rng.choice(values) for name, values in self.slots.items()} | (override or {})
        plan = tuple(
            Call(
                call.tool,
                in_schema_order(
                    to_types(fill(call.args, binding), self.tools[call.tool]), self.tools[call.tool]
                ),
            )
            for call in entry.plan
        )
        return Example(str(fill(entry.query, binding)), plan, self.tools)


@dataclass(frozen=True, slots=True)
class Corpus:
    """What one split holds: packs, dialogues (as raw templates), and public data as packs."""

    builtin: tuple[Pack, ...]
    others: tuple[Pack, ...]
    dialogues: tuple[dict[str, Json], ...]
    builtin_tools: dict[str, Schema]
    public: tuple[Pack, ...] = ()

    def expand_dialogue(self, dialogue: dict[str, Json], rng: random.Random) -> list[Example]:
        """Fill a dialogue's slots once and give one example per turn, each with the turns before it."""
        binding = {name: rng.choice(values) for name, values in dialogue["slots"].items()}
        history: list[Turn] = []
        examples = []
        for turn in dialogue["turns"]:
            plan = tuple(
                Call(s["tool"], in_schema_order(fill(s["args"], binding), self.builtin_tools[s["tool"]]))
                for s in turn["plan"]
            )
            query = str(fill(turn["query"], binding))
            examples.append(Example(query, plan, self.builtin_tools, tuple(history)))
            history.append(Turn(query, plan, tuple(fill(turn.get("results", []), binding))))
        return examples


def load_corpus(folder: Path, *, held_out: bool = False) -> Corpus:
    """Read the training split of the corpus in `folder`, or with `held_out` what is never trained on.

    Held out are 10% of the query templates and dialogues by hash, and the four packs of unseen tools whole.
    What lies under `more` is all trained on: the held-out cases stay the same when packs are added there.
    """
    builtin: list[Pack] = []
    others: list[Pack] = []
    for path in sorted((folder / "packs").glob("*.json")):
        raw = json.loads(path.read_text("utf-8"))
        pack = _pack(raw, path.stem, partial(_is_wanted, path.stem, held_out=held_out))
        (builtin if pack.domain.startswith(BUILTIN_PREFIX) else others).append(pack)
    dialogues = [
        d for d in _dialogues(folder) if is_held_out(json.dumps([t["query"] for t in d["turns"]])) == held_out
    ]
    if not held_out:
        for path in sorted((folder / "more" / "packs").glob("*.json")):
            pack = _pack(json.loads(path.read_text("utf-8")), path.stem, lambda text: True)
            (builtin if pack.domain.startswith(BUILTIN_PREFIX) else others).append(pack)
        dialogues += _dialogues(folder / "more")
    tools = {tool["name"]: tool for tool in json.loads((folder / "builtin_tools.json").read_text("utf-8"))}
    return Corpus(tuple(builtin), tuple(others), tuple(dialogues), tools)


def _is_wanted(domain: str, text: str, held_out: bool) -> bool:
    return (domain in UNSEEN_PACKS or is_held_out(f"{domain}:{text}")) == held_out


def _pack(raw: Json, domain: str, wanted: Callable[[str], bool]) -> Pack:
    plans = [([{"tool": e["tool"], "args": e["args"]}], e["queries"]) for e in raw["single"]]
    plans += [(e["plan"], e["queries"]) for e in raw["multi"]]

    entries = tuple(
        Entry(tuple(Call(s["tool"], s["args"]) for s in plan), query)
        for plan, queries in plans
        for query in queries
        if wanted(query)
    )
    none = tuple(text for text in raw["none"] if wanted(text))
    return Pack(domain, {t["name"]: t for t in raw["tools"]}, raw.get("slots", {}), entries, none)


def _dialogues(folder: Path) -> Iterator[dict[str, Json]]:
    for path in sorted((folder / "dialogues").glob("*.json")):
        raw = json.loads(path.read_text("utf-8"))
        for dialogue in raw["dialogues"]:
            yield {"slots": raw["slots"], "turns": dialogue["turns"]}


def is_held_out(text: str) -> bool:
    """Whether this text belongs to the held-out tenth: the same answer on every machine and run."""
    return zlib.crc32(text.encode()) % 100 < HELD_OUT_PERCENT


def fill(value: Json, binding: dict[str, Json]) -> Json:
    """Replace `{slot}` in a JSON value; a string that is one whole slot takes the slot value's own type."""
    if isinstance(value, str):
        whole = SLOT.fullmatch(value)
        if whole and whole.group(1) in binding:
            return binding[whole.group(1)]
        return SLOT.sub(lambda m: str(binding.get(m.group(1), m.group(0))), value)
    if isinstance(value, list):
        return [fill(item, binding) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, binding) for key, item in value.items()}
    return value


def to_types(args: dict[str, Json], tool: Schema) -> dict[str, Json]:
    """Turn numbers into text where the schema wants text (a slot of numbers used as a label)."""
    properties = tool["parameters"]["properties"]

    def typed(value: Json, spec: Schema) -> Json:
        if spec.get("type") == "string" and isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, list):
            return [typed(item, spec.get("items", {})) for item in value]
        return value

    return {name: typed(value, properties.get(name, {})) for name, value in args.items()}


def in_schema_order(args: dict[str, Json], tool: Schema) -> dict[str, Json]:
    """Arguments in the order in which the schema declares them, which is the order a plan is written in."""
    return {name: args[name] for name in tool["parameters"]["properties"] if name in args}


def plan_text(plan: tuple[Call, ...]) -> str:
    """Write a gold plan in the plan language, with its last newline."""
    if not plan:
        return "none\n"
    lines = [f"${number} = {call.tool}({_arguments(call)})\n" for number, call in enumerate(plan, 1)]
    return "".join(lines) + "done\n"


def _arguments(call: Call) -> str:
    return ", ".join(f"{name}={_literal(value)}" for name, value in call.args.items())


def _literal(value: Json) -> str:
    if isinstance(value, str):
        if REFERENCE.fullmatch(value):
            return value
        return json.dumps(value, ensure_ascii=False).replace("{$", "{\\u0024")
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_literal(v)}" for k, v in value.items())
            + "}"
        )
    return json.dumps(value)
