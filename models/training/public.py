"""Public data as packs: requests of Seal-Tools and MetaTool, and utterances whose intents become tools.

Sources and licences: Seal-Tools (Apache-2.0), MetaTool (MIT), HWU64 (CC BY 4.0), SLURP (CC BY 4.0),
Snips (CC0), CLINC150 (CC BY 3.0). Only the parts that may be trained on are read; an example whose text
values are not words of its request is left out, because a planner that only copies could not write it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .corpus import Call, Entry, Json, Pack, Schema, in_schema_order
from .metatool import metatool_requests, metatool_tools, tool_name

_SEAL_TYPES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
}
_SEAL_RESULT = re.compile(r"API_call_(\d+)")
_SLURP_ENTITY = re.compile(r"\[(\w+) : ([^\]]+)\]")

Utterance = tuple[str, str, dict[str, str]]  # text, intent, entities


def load_public(folder: Path) -> tuple[Pack, ...]:
    """Every public data set in `folder`, one pack each; none when the folder is not there."""
    if not folder.is_dir():
        return ()
    nlu = folder / "nlu"
    return (
        seal_tools(folder / "sealtools", "test_in_domain.jsonl"),
        _utterance_pack("hwu64", _hwu64(nlu / "hwu64.jsonl")),
        _utterance_pack("slurp", _slurp(nlu / "slurp_devel.jsonl", nlu / "slurp_test.jsonl")),
        _utterance_pack("snips", _snips(nlu / "snips.jsonl")),
        _utterance_pack("clinc150", _clinc(nlu / "clinc150.json")),
        metatool(folder),
    )


def seal_tools(folder: Path, requests: str, *, copies_only: bool = True) -> Pack:
    """Seal-Tools' tools with the requests of one of its files.

    copies_only: leave out plans with text that does not stand in the request.
    """
    tools = {tool["name"]: tool for tool in map(_seal_tool, _lines(folder / "tool.jsonl"))}
    entries = []
    for line in _lines(folder / requests):
        plan = _seal_plan(line["calling"], tools)
        if plan and not (copies_only and not all(copied(c, tools[c.tool], line["query"]) for c in plan)):
            entries.append(Entry(plan, line["query"]))
    return Pack("sealtools", tools, {}, tuple(entries), ())


def metatool(folder: Path) -> Pack:
    """MetaTool's requests for one of 199 tools without parameters: nothing but the choice of a tool."""
    tools = {tool.name: dict(tool.schema()) for tool in metatool_tools(folder)}
    entries = [
        Entry((Call(name, {}),), request)
        for request, names in metatool_requests(folder, development=False)
        for name in names
    ]
    return Pack("metatool", tools, {}, tuple(entries), ())


def copied(call: Call, tool: Schema, query: str) -> bool:
    """Whether every text value of the call stands in the request."""
    return all(
        value.startswith("$") or value in query
        for name, argument in call.args.items()
        if "enum" not in tool["parameters"]["properties"][name]
        for value in (argument if isinstance(argument, list) else [argument])
        if isinstance(value, str)
    )


def _seal_tool(line: Json) -> Schema:
    properties = {
        name: {"type": _SEAL_TYPES.get(spec["type"], "string"), "description": spec["description"]}
        for name, spec in line["parameters"].items()
    }
    responses = {name: {"description": spec["description"]} for name, spec in line["responses"].items()}
    return {
        "name": tool_name(line["api_name"]),
        "description": line["api_description"],
        "parameters": {"type": "object", "properties": properties, "required": line["required"]},
        "returns": {"type": "object", "properties": responses},
    }


def _seal_plan(calls: list[Json], tools: dict[str, Schema]) -> tuple[Call, ...]:
    """The calls as a plan; empty when one is malformed in the data."""
    plan = []
    for call in calls:
        tool = tools.get(tool_name(call["api"]))
        if tool is None or not call["parameters"].keys() <= tool["parameters"]["properties"].keys():
            return ()
        args = {
            name: _seal_value(v, tool["parameters"]["properties"][name])
            for name, v in call["parameters"].items()
        }
        plan.append(Call(tool["name"], in_schema_order(args, tool)))
    return tuple(plan)


def _seal_value(value: Json, spec: Schema) -> Json:
    """References in our notation, and numbers that the data holds as text as numbers."""
    if isinstance(value, list):
        return [_seal_value(item, {}) for item in value]
    if not isinstance(value, str):
        return value
    if found := _SEAL_RESULT.fullmatch(value):
        return f"${int(found[1]) + 1}"
    try:
        return {"integer": int, "number": float}.get(spec.get("type", ""), str)(value)
    except ValueError:
        return value


def _utterance_pack(domain: str, utterances: Iterable[Utterance]) -> Pack:
    tools: dict[str, Schema] = {}
    entries = []
    for text, intent, entities in utterances:
        words = intent.replace("_", " ")
        empty: Any = {"type": "object", "properties": {}, "required": []}
        tool = tools.setdefault(intent, {"name": intent, "description": words, "parameters": empty})
        for name in entities:
            tool["parameters"]["properties"].setdefault(name, {"type": "string"})
        if all(value in text for value in entities.values()):
            entries.append((intent, entities, text))
    plans = tuple(
        Entry((Call(name, in_schema_order(dict(args), tools[name])),), text) for name, args, text in entries
    )
    return Pack(domain, tools, {}, plans, ())


def _hwu64(path: Path) -> Iterator[Utterance]:
    for line in _lines(path):
        entities: dict[str, str] = {}
        for entity in line["entities"]:
            entities.setdefault(entity["entity"], line["text"][entity["start"] : entity["end"]].strip())
        yield line["text"], line["intent"], entities


def _slurp(*paths: Path) -> Iterator[Utterance]:
    for path in paths:
        for line in _lines(path):
            annotated = line["sentence_annotation"]
            entities: dict[str, str] = {}
            for name, value in _SLURP_ENTITY.findall(annotated):
                entities.setdefault(name, value.strip())
            yield _SLURP_ENTITY.sub(r"\2", annotated), line["intent"], entities


def _snips(path: Path) -> Iterator[Utterance]:
    for line in _lines(path):
        entities: dict[str, str] = {}
        for part in line["data"]:
            if "entity" in part:
                entities.setdefault(part["entity"], part["text"].strip())
        yield "".join(part["text"] for part in line["data"]).strip(), line["intent"], entities


def _clinc(path: Path) -> Iterator[Utterance]:
    raw = json.loads(path.read_text("utf-8"))
    for text, intent in raw["train"] + raw["val"]:
        yield text, intent, {}


def _lines(path: Path) -> Iterator[Json]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
