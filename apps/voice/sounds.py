"""How words sound: pronunciations as ARPAbet phones, and how far apart two of them are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

Phones = tuple[str, ...]

_VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}
_ALIKE = (
    {"P", "B"}, {"T", "D"}, {"K", "G"}, {"F", "V"}, {"S", "Z"}, {"SH", "ZH"}, {"CH", "JH"}, {"TH", "DH"},
    {"M", "N", "NG"}, {"L", "R"}, {"W", "V"}, {"S", "SH"}, {"Z", "ZH"}, {"T", "TH"}, {"D", "DH"}, {"F", "TH"},
    {"T", "CH"}, {"SH", "CH"}, {"Y", "IY"}, {"W", "UW"},
)  # fmt: skip
"""Consonants (and glides) that recognisers and people take for each other."""

_RULES = tuple(
    (re.compile(pattern), tuple(phones.split()))
    for pattern, phones in (
        (r"tch", "CH"), (r"sch", "SH"), (r"chr", "K R"), (r"ch", "CH"), (r"sh", "SH"), (r"ph", "F"),
        (r"th", "TH"), (r"gh(?=[aeiou])", "G"), (r"gh", ""), (r"ck", "K"), (r"^kn", "N"), (r"^wr", "R"),
        (r"wh", "W"), (r"qu", "K W"), (r"ng$", "NG"), (r"^x", "Z"), (r"x", "K S"), (r"dj", "JH"),
        (r"tion", "SH AH N"), (r"sz", "SH"), (r"cz", "CH"), (r"c(?=[eiy])", "S"), (r"g(?=[eiy])", "JH"),
        (r"igh", "AY"), (r"eigh", "EY"), (r"ai|ay|ei|ey(?=.)", "EY"), (r"ey$", "IY"), (r"ee|ea|ie", "IY"),
        (r"oo", "UW"), (r"ou|ow(?=[a-z])", "AW"), (r"ow$|oa", "OW"), (r"oi|oy", "OY"), (r"au|aw", "AO"),
        (r"ue|ew", "UW"), (r"a(?=[bcdfgklmnprstvz]e$)", "EY"), (r"i(?=[bcdfgklmnprstvz]e$)", "AY"),
        (r"o(?=[bcdfgklmnprstvz]e$)", "OW"), (r"u(?=[bcdfgklmnprstvz]e$)", "UW"), (r"(?<=[^aeiou])e$", ""),
        (r"er$|or$|ir|ur", "ER"), (r"ar", "AA R"), (r"or", "AO R"), (r"(?<=.)a$", "AH"), (r"(?<=.)o$", "OW"),
        (r"(?<=.)[iy]$", "IY"), (r"^y|y(?=[aeiou])", "Y"), (r"a", "AE"), (r"e", "EH"), (r"[iy]", "IH"),
        (r"o", "AA"), (r"u", "AH"), (r"b+", "B"), (r"c+", "K"), (r"d+", "D"), (r"f+", "F"), (r"g+", "G"),
        (r"h", "HH"), (r"j+", "JH"), (r"k+", "K"), (r"l+", "L"), (r"m+", "M"), (r"n+", "N"), (r"p+", "P"),
        (r"q", "K"), (r"r+", "R"), (r"s+", "S"), (r"t+", "T"), (r"v+", "V"), (r"w", "W"), (r"z+", "Z"),
    )
)  # fmt: skip
"""Letters to phones, tried in this order at each place: English as far as names are."""


@cache
def dictionary() -> dict[str, tuple[Phones, ...]]:
    """The dictionary of the pocketsphinx package (CMUdict): word to its pronunciations; empty without it."""
    try:
        from pocketsphinx import get_model_path
    except ImportError:
        return {}
    found: dict[str, tuple[Phones, ...]] = {}
    for line in Path(get_model_path("en-us/cmudict-en-us.dict")).read_text("utf-8").splitlines():
        word, _, phones = line.partition(" ")
        word = word.split("(")[0]
        found[word] = (*found.get(word, ()), tuple(phones.split()))
    return found


def pronunciations(word: str) -> tuple[Phones, ...]:
    """How a lower-case word without accents is said: by the dictionary, else by rules; () for no letters."""
    known = dictionary().get(word)
    if known:
        return known
    if word.endswith("'s"):
        return tuple((*way, _plural(way[-1])) for way in pronunciations(word[:-2]))
    by_rule = _by_rule(word)
    return (by_rule,) if by_rule else ()


def _plural(last: str) -> str:
    return "S" if last in ("P", "T", "K", "F", "TH") else "Z"


def _by_rule(word: str) -> Phones:
    phones: list[str] = []
    letters = re.sub("[^a-z]", "", word)
    at = 0
    while at < len(letters):
        for pattern, sounds in _RULES:
            found = pattern.match(letters, at)
            if found and found.end() > at:
                phones += sounds
                at = found.end()
                break
        else:
            at += 1
    return tuple(phones)


def distance(first: Sequence[str], second: Sequence[str]) -> float:
    """How far apart two pronunciations are: 0.0 the same, 1.0 nothing in common."""
    first, second = _unfolded(first), _unfolded(second)
    longest = max(len(first), len(second))
    if not longest:
        return 0.0
    row = [_skip_cost(second[:end]) for end in range(len(second) + 1)]
    for one in first:
        above, row[0] = row[0], row[0] + _skip(one)
        for place, other in enumerate(second, 1):
            cost = min(row[place] + _skip(one), row[place - 1] + _skip(other), above + _swap(one, other))
            above, row[place] = row[place], cost
    return min(1.0, row[-1] / longest)


def same_beginning(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two words begin alike, as misheard words nearly always do; an H may come or go."""
    one, other = (phones[phones[:1] == ("HH",) :] for phones in (tuple(first), tuple(second)))
    return bool(one and other) and _swap(one[0], other[0]) < 0.5


def _unfolded(phones: Sequence[str]) -> list[str]:
    """ER is a vowel with an R, which others write as two."""
    return [part for phone in phones for part in (("AH", "R") if phone == "ER" else (phone,))]


def _skip_cost(phones: Sequence[str]) -> float:
    return sum(map(_skip, phones))


def _skip(phone: str) -> float:
    return 0.5 if phone in ("HH", "AH", "T", "D", "Y") else 0.8  # what is swallowed most easily


def _swap(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if one in _VOWELS and other in _VOWELS:
        return 0.35
    return 0.4 if any(one in pair and other in pair for pair in _ALIKE) else 1.0
