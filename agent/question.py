"""The question before an effect: what would happen, in plain words, and whose words led to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..tools.say import spoken
from ..tools.tool import Tool
from .display import shown
from .evidence import texts_in
from .plan import Json
from .provenance import NOBODY, SIGNS, Provenance, in_marks, names, of_others
from .wording import summary

LONGEST_VALUE = 500
"""Characters of a value that a question holds; more of it is in the event's `args`."""

LONGEST_ITEM = 250
"""Characters of each recipient; all of them are shown, up to MOST_RECIPIENTS."""

MOST_RECIPIENTS = 100

LONGEST_SUMMARY = 150
"""Characters of what a tool says that it does: its author must not push the arguments out of sight."""

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
    and targets before everything else, where no value can push them out of sight; a text that could be taken
    for the question's own words stands in quotation marks.
    """
    targets = set(tool.targets_among(args))
    details = "; ".join(
        f"{_marked(name)}: {_value(tool, name, value, understood or {}, provenance or {})}"
        for name, value in sorted(args.items(), key=lambda argument: argument[0] not in targets)
    )
    does = _cut(_seen(summary(tool)), LONGEST_SUMMARY)
    what = f"{does} ({details})?" if details else f"{does}?"
    doubt = ["I am not sure that I understood you."] if doubtful else []
    chosen = [f"Others chose {tool.others_choose}."] if tool.others_choose else []
    return " ".join([*_warnings(provenance or {}, read), *chosen, *doubt, what])


def _warnings(provenance: Mapping[str, Provenance], read: Provenance) -> list[str]:
    of_them = {name: of_others(sources) for name, sources in provenance.items()}
    warnings = [
        f"Others wrote what goes into {_marked(name)} ({_named(sources)})."
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


def _value(
    tool: Tool,
    name: str,
    value: Json,
    understood: Mapping[str, str],
    provenance: Mapping[str, Provenance],
) -> str:
    theirs = bool(of_others(provenance.get(name, NOBODY)))
    if name in tool.recipients and isinstance(value, list):
        every = [_marked(_cut(text, LONGEST_ITEM), theirs) for text in map(spoken, value[:MOST_RECIPIENTS])]
        more = [f"{len(value) - MOST_RECIPIENTS} more"] if len(value) > MOST_RECIPIENTS else []
        said = spoken([*every, *more])
        longest = len(value) * LONGEST_ITEM
    else:
        said, longest = _spoken(value if isinstance(value, str) else shown(value), theirs), LONGEST_VALUE
    meant = understood.get(name, "")
    if not meant or meant == spoken(value):
        return said
    meant = _marked(_cut(meant, longest))
    return f"{said}, that is {meant}" if said else meant


def _spoken(value: Json, theirs: bool) -> str:
    """A value in words, with its beginning and its end."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = spoken([_marked(str(item), theirs) for item in value])
        return _cut(text, LONGEST_VALUE)
    text = _cut(spoken(value), LONGEST_VALUE)
    return _marked(text, theirs) if isinstance(value, str | list | dict) else text


def _marked(text: str, theirs: bool = False) -> str:
    """A text among the question's own words: in quotation marks if it could be taken for them."""
    seen = _seen(text)
    return in_marks(seen) if seen and (theirs or SIGNS & {*seen}) else seen


def _seen(text: str) -> str:
    """`text` on one line, with a sign in place of what nobody sees or what turns the line around."""
    line = " ".join(text.split())
    if line.isprintable():
        return line
    letters = zip(line, f" {line}", strict=False)
    return "".join(
        letter if letter.isprintable() or _joins(letter, before) else "\ufffd" for letter, before in letters
    )


def _joins(letter: str, before: str) -> bool:
    """Whether it is a joiner inside an emoji or a script that needs them."""
    return letter in "\u200c\u200d" and not before.isascii()


def _cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    begins, ends = line[: longest * 3 // 4], line[-longest // 4 :]
    return f"{begins}… [{len(line) - len(begins) - len(ends):,} characters] …{ends}"


def why_always(
    tool: Tool, args: Mapping[str, Json], provenance: Mapping[str, Provenance], read: Provenance
) -> str:
    """Why a step asks whatever has been allowed: others may have decided what it hits. Empty: it does not."""
    theirs = [name for name in tool.targets_among(args) if of_others(provenance.get(name, NOBODY))]
    if theirs:
        return f"others wrote what goes into {spoken(theirs)}"
    if tool.others_choose:
        return f"others chose {tool.others_choose}"
    return "it was planned after reading what others wrote" if read else ""


def recipients_of(tool: Tool, args: Mapping[str, Json]) -> tuple[str, ...]:
    """To whom a step goes, where its tool says which parameters name them."""
    return tuple(dict.fromkeys(text for name in tool.recipients for text in texts_in(args.get(name))))


def source_names(provenance: Mapping[str, Provenance]) -> dict[str, Sequence[str]]:
    """Of each argument that others wrote, where they wrote it."""
    found = {name: list(names(of_others(sources))) for name, sources in provenance.items()}
    return {name: sources for name, sources in found.items() if sources}
