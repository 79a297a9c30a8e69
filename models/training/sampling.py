"""Draws groups for training: a set of tools, and many requests that each see some of them."""

from __future__ import annotations

import json
import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..dialects import facts_text
from .augment import lower_case, mistype, quote, rewrite_tool, speak_numbers
from .corpus import Call, Corpus, Example, Json, Pack, Schema, Turn, in_schema_order
from .joining import join_some

MOST_TOOLS = 14
_PUBLIC_SHARE = {"sealtools": 4, "metatool": 2}
"""How often a public pack is drawn, against once: those with the most tools have the most to teach."""

_LOCALES = ("en_GB", "en_US", "de_DE", "fr_FR", "en_IN", "es_ES", "pl_PL")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a group: what is said, the gold plan, and the names of the tools it is offered.

    `shift` moves its positions up, so that long histories and long requests come at positions that were seen.
    """

    query: str
    plan: tuple[Call, ...]
    offered: frozenset[str]
    history: tuple[Turn, ...] = ()
    facts: str = ""
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Tools whose segments are computed once, and the requests that share them."""

    tools: tuple[Schema, ...]
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Mix:
    """How often each kind of group is drawn; the parts need not add up to one."""

    copying: float = 0.01
    builtin: float = 0.42
    dialogues: float = 0.13
    others: float = 0.35
    public: float = 0.09


class Sampler:
    """An endless supply of groups; the same seed gives the same groups."""

    def __init__(self, corpus: Corpus, seed: int) -> None:
        self.corpus = corpus
        self.rng = random.Random(seed)
        self.words = sorted(_slot_words(corpus))

    def group(self, mix: Mix, requests: int) -> Group:
        """Draw a group of about `requests` requests."""
        kinds = {
            self._copying: mix.copying,
            self._builtin: mix.builtin,
            self._dialogues: mix.dialogues,
            self._others: mix.others,
            self._public: mix.public if self.corpus.public else 0.0,
        }
        kind = self.rng.choices(list(kinds), weights=list(kinds.values()))[0]
        return kind(requests)

    def _builtin(self, requests: int) -> Group:
        packs = self._drawn(self.corpus.builtin, 5)
        return self._from_packs(packs, requests, [*self.corpus.builtin_tools.values()], 0.12, joined=0.12)

    def _drawn(self, packs: tuple[Pack, ...], count: int) -> list[Pack]:
        """So many different packs, the likelier the more they teach (Efraimidis and Spirakis, 2006)."""
        return sorted(packs, key=lambda p: self.rng.random() ** (1 / max(1, len(p.entries))))[-count:]

    def _others(self, requests: int) -> Group:
        packs = self.rng.sample(self.corpus.others, self.rng.choice([1, 1, 2, 3]))
        if self.rng.random() < 0.15:
            packs.append(self.rng.choice(self.corpus.builtin))
        return self._from_packs(packs, requests, [], 0.45, joined=0.35)

    def _public(self, requests: int) -> Group:
        weights = [_PUBLIC_SHARE.get(pack.domain, 1) for pack in self.corpus.public]
        packs = self.rng.choices(self.corpus.public, weights, k=self.rng.choice((1, 1, 2)))
        return self._from_packs(packs, 2 * requests, [], 0.3, joined=0.3)

    def _from_packs(
        self, packs: list[Pack], requests: int, more_tools: list[Schema], strength: float, joined: float
    ) -> Group:
        """Requests of these packs; `strength` of changes to tools, `joined` of them said in one breath."""
        examples: list[Example] = []
        used: dict[str, Schema] = {}
        for _ in range(requests * 2):
            pack = self.rng.choice(packs)
            if pack.none and self.rng.random() < 0.10:
                examples.append(Example(self.rng.choice(pack.none), (), pack.tools))
            elif pack.entries:
                example = self._expand(pack, strength)
                needed = {call.tool: pack.tools[call.tool] for call in example.plan}
                if any(used.get(n, t)["parameters"] != t["parameters"] for n, t in needed.items()):
                    continue
                if len(used.keys() | needed.keys()) > MOST_TOOLS:
                    continue
                used |= needed
                examples.append(example)
            if len(examples) == requests:
                break
        pool = [t for p in packs for t in p.tools.values()] + more_tools
        many = self.rng.randint(10, MOST_TOOLS)
        for tool in self.rng.sample(pool, min(len(pool), 2 * MOST_TOOLS)):
            if len(used) >= many:
                break
            used.setdefault(tool["name"], tool)
        return self._finish(join_some(examples, joined, self.rng), used, strength)

    def _expand(self, pack: Pack, strength: float) -> Example:
        entry = self.rng.choice(pack.entries)
        if len(entry.plan) < 2 and self.rng.random() < 0.35:
            entry = self.rng.choice([e for e in pack.entries if len(e.plan) > 1] or [entry])
        override: dict[str, Json] = {}
        for name, values in pack.slots.items():
            if isinstance(values[0], str) and self.rng.random() < 0.05 + 0.7 * strength:
                override[name] = self._soup()
        example = mistype(pack.expand(entry, self.rng, override), self.rng)
        return lower_case(quote(speak_numbers(example, self.rng), self.rng), self.rng)

    def _dialogues(self, requests: int) -> Group:
        examples: list[Example] = []
        used: dict[str, Schema] = {}
        for _ in range(requests):
            dialogue = self.rng.choice(self.corpus.dialogues)
            turns = self.corpus.expand_dialogue(dialogue, self.rng)
            example = turns[self.rng.randrange(1, len(turns))] if len(turns) > 1 else turns[0]
            needed = {c.tool for c in example.plan} | {c.tool for t in example.history for c in t.plan}
            if len(used.keys() | needed) > MOST_TOOLS:
                continue
            used |= {name: self.corpus.builtin_tools[name] for name in needed}
            examples.append(example)
        return self._finish(examples, used, 0.0)

    def _copying(self, requests: int) -> Group:
        """Made-up tools with random words: nothing can be remembered, so values must be copied."""
        tools = [self._made_up_tool() for _ in range(self.rng.randint(4, 9))]
        by_name = {tool["name"]: tool for tool in tools}
        examples = []
        for _ in range(requests):
            tool = self.rng.choice(list(by_name.values()))
            args: dict[str, Json] = {name: self._soup() for name in tool["parameters"]["properties"]}
            examples.append(
                Example(self._say(tool["name"].replace("_", " "), args), (Call(tool["name"], args),), by_name)
            )
        return self._finish(examples, by_name, 0.0)

    def _made_up_tool(self) -> Schema:
        def word() -> str:
            return re.sub(r"[^a-z]", "", self.rng.choice(self.words).lower()) or "go"

        name = "_".join(word() for _ in range(self.rng.choice([1, 2, 2])))
        properties = {word(): {"type": "string"} for _ in range(self.rng.choice([1, 2, 2, 3]))}
        return {
            "name": name,
            "description": "",
            "parameters": {"type": "object", "properties": properties, "required": list(properties)},
        }

    def _say(self, name: str, args: dict[str, Json]) -> str:
        style = self.rng.randrange(4)
        if style == 0:
            return name + " " + ", ".join(f"{k} {v}" for k, v in args.items())
        if style == 1:
            return "please " + name + " with " + " and ".join(f"{k} {v}" for k, v in args.items())
        if style == 2:
            return " ".join(f"{k}: {v}" for k, v in args.items()) + " -> " + name
        return name + " " + " / ".join(str(v) for v in args.values())

    def _soup(self) -> str:
        if self.rng.random() < 0.2:
            return self._code()
        words = [self.rng.choice(self.words) for _ in range(self.rng.choice([1, 1, 2, 2, 3, 4]))]
        if self.rng.random() < 0.15:
            words[-1] += str(self.rng.randrange(100))
        return " ".join(words)

    def _code(self) -> str:
        """An identifier as machines give them: `TRK987654`, `x7Qa-91`, `EMP-0042`."""
        letters = self.rng.choice((string.ascii_uppercase, string.ascii_lowercase, string.ascii_letters))
        if self.rng.random() < 0.5:
            mixed = letters + string.digits
            return "".join(self.rng.choice(mixed) for _ in range(self.rng.randint(5, 12)))
        head = "".join(self.rng.choice(letters) for _ in range(self.rng.randint(1, 4)))
        return head + self.rng.choice(("", "-", "_")) + str(self.rng.randrange(10 ** self.rng.randint(2, 7)))

    def _finish(self, examples: list[Example], tools: dict[str, Schema], strength: float) -> Group:
        """Rewrite the tools, offer each request some of them, and follow every change in the plans."""
        changed: dict[str, tuple[Schema, dict[str, str]]] = {}
        taken: set[str] = set()
        for name, tool in tools.items():
            new, renamed = rewrite_tool(tool, self.rng, strength)
            if new["name"] in taken:
                new = {**new, "name": name}
            if new["name"] not in taken:
                taken.add(new["name"])
                changed[name] = (new, renamed)
        requests = [r for e in examples if (r := self._offer(e, changed)) is not None]
        ordered = [tool for tool, _ in changed.values()]
        self.rng.shuffle(ordered)
        return Group(tuple(ordered), tuple(requests))

    def _offer(self, example: Example, changed: dict[str, tuple[Schema, dict[str, str]]]) -> Request | None:
        needed = {call.tool for call in example.plan}
        past = {call.tool for turn in example.history for call in turn.plan}
        if not (needed | past) <= changed.keys():
            return None
        reach = [name for name in changed if name not in needed]
        if not example.plan:
            reach = [name for name in reach if name in example.tools]
        many = self.rng.choice([1, 2, 3, 4, 5, 6, 6, 7, 8, 10, 12, MOST_TOOLS])
        offered = needed | set(self.rng.sample(reach, min(len(reach), max(0, many - len(needed)))))
        plan = example.plan
        if plan and not example.history and len(offered) > len(needed) and self.rng.random() < 0.06:
            offered, plan = offered - needed, ()
        if not offered:
            return None
        facts = self._facts() if self.rng.random() < 0.15 else ""
        history = tuple(Turn(t.query, self._follow(t.plan, changed), t.results) for t in example.history)
        names = frozenset(changed[name][0]["name"] for name in offered)
        shift = self.rng.randrange(512) if self.rng.random() < 0.15 else 0
        return Request(example.query, self._follow(plan, changed), names, history, facts, shift)

    def _follow(
        self, plan: tuple[Call, ...], changed: dict[str, tuple[Schema, dict[str, str]]]
    ) -> tuple[Call, ...]:
        followed = []
        for call in plan:
            tool, renamed = changed[call.tool]
            args = {renamed.get(name, name): value for name, value in call.args.items()}
            followed.append(Call(tool["name"], in_schema_order(args, tool)))
        return tuple(followed)

    def _facts(self) -> str:
        now = datetime(2024, 1, 1) + timedelta(minutes=self.rng.randrange(5 * 365 * 24 * 60))
        return facts_text(now, self.rng.choice(_LOCALES))


def _slot_words(corpus: Corpus) -> Iterator[str]:
    seen: set[str] = set()
    for pack in (*corpus.builtin, *corpus.others):
        for values in pack.slots.values():
            for value in values:
                for word in str(value if not isinstance(value, dict | list) else json.dumps(value)).split():
                    if word not in seen:
                        seen.add(word)
                        yield word
