"""Provenance: where each value of a plan comes from. docs/safety.md tells the rules that rest on it.

    the request ──┐
    own data ─────┼─> a step's arguments ──> its result ──> later steps, later rounds, later turns
    others ───────┘

What others wrote stays theirs on this way: a number that was looked up by a name out of a mail is theirs too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..tools.effect import Effect
from ..tools.say import say
from ..tools.tool import Tool
from .evidence import texts_in
from .plan import Json, Reference, Step, Template, Value
from .references import text_of

LONGEST_EXCERPT = 80
"""Characters of what others wrote that name it."""

SIGNS = frozenset('()[];?"“”„«»')
"""What a question itself is made of: a text that has one of these stands in quotation marks."""


class Origin(StrEnum):
    """Whose words a value is made of."""

    REQUEST = "request"
    """The person's own, in this request or an earlier one."""
    OWN = "own data"
    """The person's data, such as contacts, or what a tool worked out."""
    OTHERS = "others"
    """A mail, a file, an invitation, a web page, another program's answer."""
    MODEL = "model"
    """Nobody wrote them: the model worded them."""


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Where a value comes from. name: in words for the person, such as "the file plan.txt"; may be empty."""

    origin: Origin
    name: str = ""


Provenance = frozenset[Source]
"""Everything that a value was made from; empty for what carries nothing, such as true and false."""

NOBODY: Provenance = frozenset()
FROM_REQUEST: Provenance = frozenset({Source(Origin.REQUEST)})
FROM_MODEL: Provenance = frozenset({Source(Origin.MODEL)})
UNKNOWN: Provenance = frozenset({Source(Origin.OTHERS, "an earlier turn")})
"""Of results that were kept without their provenance: they may be anybody's."""


def of_others(provenance: Provenance) -> Provenance:
    """The part of it that others wrote."""
    return frozenset(source for source in provenance if source.origin is Origin.OTHERS)


@dataclass(frozen=True, slots=True)
class Told:
    """Something that the planner has read before it wrote: a result, or why there was none."""

    value: Json
    provenance: Provenance


class Ledger:
    """What the planner knew when it wrote a plan, so that each value can be traced back.

    said: the person's words, and the facts. told: the results of earlier turns; `tell` adds those of rounds.
    """

    def __init__(self, said: Iterable[str] = (), told: Iterable[Told] = ()) -> None:
        self._said = [_comparable(text) for text in said]
        self._told: list[tuple[str, Provenance]] = []
        self._of_others: Provenance = NOBODY
        for one in told:
            self.tell(one)

    @property
    def of_others(self) -> Provenance:
        """What others wrote that the planner has read by now: it may have asked for anything."""
        return self._of_others

    def tell(self, told: Told) -> None:
        """The planner reads this before it writes on."""
        for text in _words_in(told.value):
            provenance = frozenset(excerpted(source, text, told.value) for source in told.provenance)
            self._told.append((_comparable(text), provenance))
            self._of_others |= of_others(provenance)

    def of_arguments(self, step: Step, referred: Callable[[Reference], Provenance]) -> dict[str, Provenance]:
        """Where each argument comes from. referred: the provenance of what a reference names."""
        return {name: self._of_value(value, referred) for name, value in step.args.items()}

    def _of_value(self, value: Value, referred: Callable[[Reference], Provenance]) -> Provenance:
        match value:
            case Reference():
                return referred(value)
            case Template():
                return _joined(self._of_value(part, referred) for part in value.parts)
            case list():
                return _joined(self._of_value(item, referred) for item in value)
            case dict():
                return _joined(self._of_value(item, referred) for item in (*value, *value.values()))
            case bool() | None:
                return NOBODY
        return self._of_text(text_of(value))

    def _of_text(self, text: str) -> Provenance:
        """Of words that stand in the plan itself: they are of who said them, the person first.

        Words that nobody said were worded by the model, under the influence of all that it had read.
        """
        wanted = _comparable(text)
        if not wanted:
            return NOBODY
        if any(_holds(said, wanted) for said in self._said):
            return FROM_REQUEST
        found = _joined(provenance for told, provenance in self._told if _holds(told, wanted))
        return found or FROM_MODEL | self._of_others


def of_result(
    tool: Tool, args: Mapping[str, Json], arguments: Mapping[str, Provenance], result: Json
) -> Provenance:
    """Of what a tool returned: its own source, and what others wrote among its arguments.

    A tool with an effect that returns a text that it was given has added nothing to it. One that reads has:
    others chose to write just this.
    """
    given = [name for name, value in args.items() if isinstance(value, str) and value == result]
    if given and tool.effect is not Effect.READ:  # such as the title of the note that was made
        return _joined(arguments.get(name, UNKNOWN) for name in given)
    origin = Origin.OTHERS if tool.from_others else Origin.OWN
    named = {name: _in_a_name(value, arguments.get(name, NOBODY)) for name, value in args.items()}
    return frozenset({Source(origin, _name(tool, named, result))}) | of_others(_joined(arguments.values()))


def of_problem(tool: Tool | None, arguments: Mapping[str, Provenance], quotes: bool) -> Provenance:
    """Of why a step failed. quotes: the tool's own words, which offer what it found, as a question does."""
    own = NOBODY
    if tool is not None and (quotes or tool.from_others):
        own = frozenset({Source(Origin.OTHERS, f"what {tool.name} answered")})
    return own | of_others(_joined(arguments.values()))


def of_part(provenance: Provenance, path: Sequence[str | int], part: Json, whole: Json) -> Provenance:
    """Of the part of a result that a reference names; an item of a list is named by how it begins."""
    if not path or not isinstance(part, str):
        return provenance
    return frozenset(excerpted(source, part, whole) for source in provenance)


def excerpted(source: Source, text: str, whole: Json) -> Source:
    """The source of one text among several that others wrote, named by how it begins."""
    if source.origin is not Origin.OTHERS or not isinstance(whole, list | dict):
        return source
    return Source(source.origin, f"{source.name}: {quoted(text)}")


def quoted(text: str) -> str:
    """The beginning of what others wrote, in quotation marks that it cannot close, on one line."""
    plain = in_marks(text[: 4 * LONGEST_EXCERPT])[1:-1]
    return f'"{plain[:LONGEST_EXCERPT]}…"' if len(plain) > LONGEST_EXCERPT else f'"{plain}"'


def in_marks(text: str) -> str:
    """`text` on one line, in quotation marks that it cannot close; what cannot be seen is a blank."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return f'"{" ".join(plain.translate(_QUOTES).split())}"'


def _in_a_name(value: Json, provenance: Provenance) -> Json:
    """An argument as it stands in a source's name, which others must not go on writing."""
    if isinstance(value, str) and (of_others(provenance) or SIGNS & {*value}):
        return quoted(value)
    return value


def names(provenance: Provenance) -> Iterator[str]:
    """The names of its sources, each once, in a fixed order."""
    yield from dict.fromkeys(source.name for source in sorted(provenance) if source.name)


def as_json(provenance: Provenance) -> list[list[str]]:
    """For keeping it; `from_json` reads it back."""
    return [[source.origin.value, source.name] for source in sorted(provenance)]


def from_json(kept: Iterable[Sequence[str]]) -> Provenance:
    """What `as_json` made."""
    return frozenset(Source(Origin(origin), name) for origin, name in kept)


def _words_in(value: Json) -> Iterator[str]:
    """Every text in a result that a planner reads, the names of fields included."""
    yield from texts_in(value)
    if isinstance(value, list):
        for item in value:
            yield from (name for name in _words_in(item) if isinstance(item, list | dict))
    elif isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from (name for name in _words_in(item) if isinstance(item, list | dict))


_QUOTES = str.maketrans(dict.fromkeys('"“”„«»', "'"))


def _name(tool: Tool, args: Mapping[str, Json], result: Json) -> str:
    if tool.source is None:
        return f"what {tool.name} returned"
    named = " ".join(say(tool.source, args, result).split())
    named = "".join(letter for letter in named if letter.isprintable())
    return named if len(named) <= 2 * LONGEST_EXCERPT else f"{named[: 2 * LONGEST_EXCERPT]}…"


def _joined(parts: Iterable[Provenance]) -> Provenance:
    return frozenset().union(*parts)


def _comparable(text: str) -> str:
    return " ".join(text.casefold().split())


def _holds(text: str, wanted: str) -> bool:
    """Whether `wanted` stands in `text` as whole words: 91 is not said by who says 1991."""
    return wanted in text and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text) is not None
