"""Splits a request that needs several tools into its parts, by rule.

Sentences end a part; so do `then`, `also` and the like, and `and` or a comma where something new is asked
for: the next word is a verb that requests begin with. "text Sid and Lutfi" stays whole.
"""

from __future__ import annotations

import re

MAX_CHARACTERS = 4000
"""What comes after is not read."""

MAX_PARTS = 8
"""More parts than this are not looked up one by one: the last one holds the rest."""

_VERBS = """
add adjust analyze answer append arrange ask attach block book buy calculate call cancel change check
clear close compare complete compose compute convert copy create cut decrease delete describe design
determine dim download draft drop email estimate evaluate explain export fetch figure file find forward
generate get give go help hide hold identify import increase inform invite join jot launch let list load
locate lock log look lower mail make mark measure message monitor move mute navigate note notify open
order organize pause perform pick ping plan play postpone predict prepare print provide publish pull put
raise read recommend record remind remove rename reply report reschedule reserve restart resume retrieve
return run save schedule search send set share shoot show shut sign simulate skip snap start stop store
suggest sum summarize switch take tell text track transfer translate trigger turn unlock update upload
verify wake warn what what's when where which who write
"""
_VERB = rf"(?:please |could you |can you |i need |i want |i'd like )*(?:{'|'.join(_VERBS.split())})\b"
_BREAK = re.compile(
    rf"""
      (?<=[.!?;"”])[ ](?:(?:then|next|also|finally|lastly|additionally|after[ ]that),?[ ])? | ;[ ]?
    | (?:,|[ ]-)?[ ](?:and[ ]then|then|and[ ]also|also|after[ ]that|afterwards|plus|as[ ]well[ ]as)\b,?[ ]
    | ,?[ ](?:and|&)[ ](?={_VERB})
    | [,:][ ](?={_VERB})
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ABBREVIATION = re.compile(r"\b(?:Dr|Mrs?|Ms|St|Prof|vs|e\.g|i\.e|No)\.$")
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”')


def whole_and_parts(request: str) -> list[str]:
    """The request, and its parts behind it if there are several; nothing if it is blank."""
    parts = split(request)
    return parts if len(parts) < 2 else [" ".join(request[:MAX_CHARACTERS].split()), *parts]


def split(request: str) -> list[str]:
    """The parts of `request`, at least one unless it is blank; what is quoted in it is never cut."""
    lines = (" ".join(line.split()) for line in request[:MAX_CHARACTERS].splitlines())
    request = " ; ".join(line for line in lines if line).strip('" “”')
    quoted = [match.span() for match in _QUOTED.finditer(request)]
    parts: list[str] = []
    start = 0
    for match in _BREAK.finditer(request):
        inside = any(first < match.start() < last - 1 for first, last in quoted)
        if inside or _ABBREVIATION.search(request, start, match.start()):
            continue
        parts.append(request[start : match.start()])
        start = match.end()
        if len(parts) == MAX_PARTS - 1:
            break
    return _joined([*parts, request[start:]])


def _joined(parts: list[str]) -> list[str]:
    """A single word says too little to search for: it stays with what was before it."""
    joined: list[str] = []
    for part in (part.strip() for part in parts):
        if joined and len(part.split()) < 2:
            joined[-1] = f"{joined[-1]} {part}".strip()
        elif part:
            joined.append(part)
    return joined
