"""Changes to an example that keep it true but force the schema to be read rather than remembered."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace

from num2words import num2words

from .corpus import Call, Example, Json, Schema

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def lower_case(example: Example, rng: random.Random) -> Example:
    """Sometimes say the request the way people type or a recogniser writes: lower case, no full stop."""
    query = example.query
    if rng.random() < 0.2:
        query = query.lower()
    if rng.random() < 0.15:
        query = re.sub(r"[,.!?]+$", "", query)
    if query and rng.random() < 0.1:
        query = query[0].upper() + query[1:]
    if query == example.query:
        return example
    plan = tuple(
        Call(call.tool, {n: _as_said(v, query, example.tools[call.tool], n) for n, v in call.args.items()})
        for call in example.plan
    )
    return replace(example, query=query, plan=plan)


def speak_numbers(example: Example, rng: random.Random) -> Example:
    """Sometimes write whole numbers as a speech recogniser may: `5` → `five`; the plan keeps the digits."""
    if rng.random() > 0.12:
        return example
    texts = [text for call in example.plan for text in strings(call.args)]
    query = example.query
    for call in example.plan:
        for value in call.args.values():
            if type(value) is int and 0 <= value < 10_000 and not any(str(value) in text for text in texts):
                words = num2words(value).replace("-", " ").replace(",", "")
                query = re.sub(rf"(?<![\w.,:]){value}(?![\w:]|[.,]\d)", words, query, count=1)
    return replace(example, query=query)


def mistype(example: Example, rng: random.Random) -> Example:
    """Sometimes misspell a word of the request that no argument copies."""
    if rng.random() > 0.06:
        return example
    texts = [text.lower() for call in example.plan for text in strings(call.args)]
    words = example.query.split(" ")
    free = [
        i for i, word in enumerate(words) if word.isalpha() and len(word) > 3 and not _within(word, texts)
    ]
    if not free:
        return example
    place = rng.choice(free)
    word = words[place]
    at = rng.randrange(1, len(word) - 1)
    words[place] = rng.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )
    return replace(example, query=" ".join(words))


def strings(value: Json) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def quote(example: Example, rng: random.Random) -> Example:
    """Sometimes put a text that an argument copies into quotation marks, as people do with names."""
    texts = [t for call in example.plan for t in strings(call.args) if example.query.count(t) == 1]
    if not texts or rng.random() > 0.08:
        return example
    text, marks = rng.choice(texts), rng.choice(("''", '""', "“”", "``"))
    return replace(example, query=example.query.replace(text, f"{marks[0]}{text}{marks[1]}"))


def _within(word: str, texts: list[str]) -> bool:
    return any(word.lower() in text for text in texts)


def _as_said(value: Json, query: str, tool: Schema, name: str) -> Json:
    """The value with the letters that the changed request has; enum values stay."""
    if "enum" in tool["parameters"]["properties"].get(name, {}):
        return value
    if isinstance(value, list):
        return [_as_said(item, query, tool, name) for item in value]
    if isinstance(value, str) and not value.startswith("$") and value not in query:
        start = query.lower().find(value.lower())
        return query[start : start + len(value)] if start >= 0 else value
    return value


def restyle_name(name: str, rng: random.Random) -> str:
    """The same words in another style: `get_user` → `getUser`, `user.get`, `GetUser`, `get-user`."""
    words: list[str] = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return name
    style = rng.randrange(6)
    if style == 0:
        return words[0] + "".join(word.capitalize() for word in words[1:])
    if style == 1:
        return "".join(word.capitalize() for word in words)
    if style == 2:
        return "-".join(words)
    if style == 3 and len(words) > 1:
        return words[-1] + "." + "_".join(words[:-1])
    if style == 4 and len(words) > 1:
        return "_".join(words[1:] + words[:1])
    return "_".join(words)


def rewrite_tool(tool: Schema, rng: random.Random, strength: float) -> tuple[Schema, dict[str, str]]:
    """A tool under another name, with other parameter names and order, and shorter descriptions.

    `strength` (0 to 1) is how likely each change is. Returns the new schema and old → new parameter names.
    """
    properties: dict[str, Schema] = tool["parameters"]["properties"]
    names = list(properties)
    if rng.random() < strength:
        rng.shuffle(names)
    renamed = {name: name for name in names}
    if rng.random() < strength * 0.5:
        renamed = {name: restyle_name(name, rng).replace(".", "_").replace("-", "_") for name in names}
        if len(set(renamed.values())) < len(names):
            renamed = {name: name for name in names}
    drop = rng.random() < strength * 0.5
    new = {}
    for name in names:
        spec = properties[name]
        if drop or rng.random() < strength * 0.3:
            spec = {key: value for key, value in spec.items() if key != "description"}
        new[renamed[name]] = spec
    changed = {
        **tool,
        "name": restyle_name(tool["name"], rng) if rng.random() < strength else tool["name"],
        "parameters": {
            **tool["parameters"],
            "properties": new,
            "required": [renamed[name] for name in tool["parameters"].get("required", ())],
        },
    }
    if rng.random() < strength * 0.2:
        changed["description"] = ""
    return changed, renamed
