"""The question before an effect: what would happen, in plain words, and whose words led to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..tools.say import spoken
from ..tools.tool import Tool
from .display import shown
from .evidence import texts_in
from .plan import Json
from .provenance import NOBODY, Provenance, names, of_others
from .wording import summary

LONGEST_VALUE = 500
"""Characters of a value that a question holds; the whole of it is in the event's `args`."""

MOST_NAMED = 3
"""Sources that a question names."""


def question(
    tool: Tool,
    args: Mapping[str, Json],
    understood: Mapping[str, str] | None = None,
    provenance: Mapping[str, Provenance] | None = None,
    read: Provenance = NOBODY,
    doubtful: bool = False,
) -> str:
    """What the person is asked: "Send a text message (to: 555-0101; message: running late)?".

    understood: what arguments were taken to mean. provenance: of the arguments. read: what others wrote that
    the planner had read. doubtful: whether the request may have been misunderstood. Warnings stand in front,
    where no value can push them out of sight.
    """
    details = "; ".join(
        f"{name}: {_value(value, (understood or {}).get(name, ''))}" for name, value in args.items()
    )
    what = f"{summary(tool)} ({details})?" if details else f"{summary(tool)}?"
    doubt = ["I am not sure that I understood you."] if doubtful else []
    return " ".join([*_warnings(provenance or {}, read), *doubt, what])


def _warnings(provenance: Mapping[str, Provenance], read: Provenance) -> list[str]:
    of_them = {name: of_others(sources) for name, sources in provenance.items()}
    warnings = [
        f"Others wrote what goes into {name} ({_named(sources)})."
        for name, sources in of_them.items()
        if sources
    ]
    rest = read.difference(*of_them.values())
    if rest:
        warnings.append(f"This was planned after reading what others wrote ({_named(rest)}).")
    return warnings


def _named(sources: Provenance) -> str:
    every = list(names(sources))
    more = [f"{len(every) - MOST_NAMED} more"] if len(every) > MOST_NAMED else []
    return spoken([*every[:MOST_NAMED], *more])


def _value(value: Json, meant: str) -> str:
    said = _cut(spoken(shown(value)))
    if not meant or meant == said:
        return said
    return f"{said}, that is {_cut(meant)}" if said else _cut(meant)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_VALUE else f"{line[:LONGEST_VALUE]}… (and more)"


def why_always(
    tool: Tool, args: Mapping[str, Json], provenance: Mapping[str, Provenance], read: Provenance
) -> str:
    """Why a step asks whatever has been allowed: others may have decided what it hits. Empty: it does not."""
    theirs = [name for name in tool.targets_among(args) if of_others(provenance.get(name, NOBODY))]
    if theirs:
        return f"others wrote what goes into {spoken(theirs)}"
    return "it was planned after reading what others wrote" if read else ""


def recipients_of(tool: Tool, args: Mapping[str, Json]) -> tuple[str, ...]:
    """To whom a step goes, where its tool says which parameters name them."""
    return tuple(dict.fromkeys(text for name in tool.recipients for text in texts_in(args.get(name))))


def source_names(provenance: Mapping[str, Provenance]) -> dict[str, Sequence[str]]:
    """Of each argument that others wrote, where they wrote it."""
    found = {name: list(names(of_others(sources))) for name, sources in provenance.items()}
    return {name: sources for name, sources in found.items() if sources}
