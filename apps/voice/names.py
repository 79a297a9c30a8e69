"""What the user knows by name (people, notes, tools), and finding it again in what was misheard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, product
from pathlib import Path

from ...tools.collection import Folder
from ...tools.registry import ToolRegistry
from ...tools.said.names import folded
from ...tools.vcards import read_cards
from .sounds import Phones, dictionary, distance, pronunciations, same_beginning

_BEFORE_A_NAME = frozenset([
    "text", "message", "email", "mail", "e-mail", "call", "tell", "ask", "ping", "phone", "invite", "let",
    "write", "send", "forward", "remind", "to", "from", "with", "and", "for", "of", "is", "than", "about",
    "contact", "reach", "cc",
])  # fmt: skip
"""Words that a name often follows."""

_BEFORE_TO = frozenset(
    ["me", "us", "i", "want", "need", "have", "going", "like", "him", "her", "you", "them", "got", "try"]
)
"""After these, "to" goes on with a verb."""

_BEFORE_A_TITLE = frozenset(["my", "the", "note", "notes", "list", "called", "titled", "open", "to", "read"])
_FAR = 0.33
"""A name further away than this is not what was said."""
_MOST_WORDS = 3
_SMALL_WORDS = frozenset([
    "a", "an", "and", "are", "at", "be", "but", "by", "can", "do", "for", "from", "have", "he", "her",
    "him", "his", "how", "i", "i'm", "in", "is", "it", "it's", "me", "my", "no", "not", "now", "of", "on",
    "or", "our", "she", "so", "that", "that's", "the", "their", "them", "then", "they", "this", "to", "up",
    "us", "was", "we", "what", "what's", "when", "where", "who", "will", "with", "yes", "you", "your",
    "tomorrow", "today", "all", "about", "am", "pm", "out", "if", "let", "tell", "text", "note", "list",
    "call", "at",
])  # fmt: skip
"""Too common to be a misheard name by themselves."""


@dataclass(frozen=True)
class Names:
    """Names as they are written: of people, of titles (notes), and the words of the tools."""

    people: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    tool_words: tuple[str, ...] = ()

    @cached_property
    def person_words(self) -> dict[str, str]:
        """Every word of a person's name as it sounds, folded: and as it is written."""
        return _words(self.people)

    @cached_property
    def title_words(self) -> dict[str, str]:
        """The same for titles, and for the words of tools that are no English."""
        own = {word: word for word in self.tool_words if word not in dictionary()}
        return own | _words(self.titles)

    def corrected(self, text: str) -> str:
        """`text` with names that were misheard replaced, where a name can be: "text hannah" for Anna.

        A word that is a name already stays; of several names that sound alike the nearest is taken.
        """
        words = text.split()
        words = list(_replaced(words, self._spoken_people, self.person_words, _BEFORE_A_NAME))
        return " ".join(_replaced(words, self._spoken_titles, self.title_words, _BEFORE_A_TITLE))

    @cached_property
    def _spoken_people(self) -> list[tuple[str, Phones]]:
        parts = (part for name in self.people for part in (name, *name.split()))
        return _spoken(parts)

    @cached_property
    def _spoken_titles(self) -> list[tuple[str, Phones]]:
        return _spoken(self.titles)


def known_names(data_folder: Path, tools: ToolRegistry) -> Names:
    """What this user knows by name: contacts, notes and tools. What cannot be read is left out."""
    cards, _ = read_cards(Folder(data_folder / "contacts", ".vcf"))
    people = [name for card in cards for name in (card.name, *card.also_called)]
    titles = [path.stem for path in sorted((data_folder / "notes").rglob("*.md"))]
    words = {word for tool in tools for word in re.findall("[a-z]{3,}", tool.name.lower())}
    return Names(tuple(dict.fromkeys(people)), tuple(dict.fromkeys(titles)), tuple(sorted(words)))


def _words(names: Iterable[str]) -> dict[str, str]:
    written: dict[str, str] = {}
    for name in names:
        for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", name):
            written.setdefault(plain(word), word)
    return {word: as_written for word, as_written in written.items() if word}


def plain(word: str) -> str:
    """A word in the letters that pronunciations are found by: "Solène" is solene."""
    return re.sub("[^a-z']", "", folded(word))


def _spoken(names: Iterable[str]) -> list[tuple[str, Phones]]:
    """Names with each way in which they may be said."""
    found = []
    for name in dict.fromkeys(names):
        words = [pronunciations(plain(word)) for word in name.split()]
        for ways in product(*(way[:2] for way in words if way)):
            found.append((name, tuple(chain.from_iterable(ways))))
    return [(name, phones) for name, phones in found if phones]


def _replaced(
    words: Sequence[str], names: Sequence[tuple[str, Phones]], known: dict[str, str], before: frozenset[str]
) -> Iterator[str]:
    at = 0
    while at < len(words):
        word = words[at].lower()
        stem = word.removesuffix("'s")
        if stem in known:  # heard right: written as its owner writes it
            yield known[stem] + word[len(stem) :]
            at += 1
            continue
        best = _nearest(words, at, names, known) if _may_follow(words[:at], before) else None
        if best is None:
            yield words[at]
            at += 1
        else:
            name, count, ending = best
            yield name + ending
            at += count


def _may_follow(words: Sequence[str], before: frozenset[str]) -> bool:
    """Whether a name may come after these words."""
    *earlier, last = words or ("",)
    return last.lower() in before and not (last == "to" and earlier and earlier[-1].lower() in _BEFORE_TO)


def _nearest(
    words: Sequence[str], at: int, names: Sequence[tuple[str, Phones]], known: dict[str, str]
) -> tuple[str, int, str] | None:
    """The name that sounds most like the words from `at` on, how many words it takes, and its ending ('s)."""
    best: tuple[float, str, int, str] | None = None
    for count in range(1, min(_MOST_WORDS, len(words) - at) + 1):
        heard = [word.lower() for word in words[at : at + count]]
        if any(word.removesuffix("'s") in known for word in heard):
            break
        if all(word in _SMALL_WORDS or word.isdigit() for word in heard) or heard[-1] in _SMALL_WORDS:
            continue
        ending = "'s" if heard[-1].endswith("'s") else ""
        heard[-1] = heard[-1].removesuffix("'s")
        for phones in _said(heard):
            for name, wanted in names:
                if not same_beginning(phones, wanted):
                    continue
                far = distance(phones, wanted) + 0.02 * count
                if far <= _FAR and (best is None or far < best[0]):
                    best = far, name, count, ending
    return best and best[1:]


def _said(words: Sequence[str]) -> Iterator[Phones]:
    ways = [pronunciations(plain(word))[:2] for word in words]
    for way in product(*(way for way in ways if way)):
        yield tuple(chain.from_iterable(way))
