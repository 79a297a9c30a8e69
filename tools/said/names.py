"""Which of the things that have a name did a person mean? For contacts, notes and reminders alike.

Case, accents and small words ("the", "my") don't count. A whole name is better than some of its words; a
guess is never taken for an answer: what only looks alike is offered as a suggestion.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

_SMALL_WORDS = frozenset(
    ["a", "an", "the", "my", "our", "your", "of", "for", "to", "with", "and", "about", "please"]
)
_TITLES = {"mr": "mr", "mrs": "mrs", "ms": "ms", "miss": "miss", "mx": "mx", "sir": "sir"}
_TITLES |= {"dr": "dr", "doctor": "dr", "prof": "prof", "professor": "prof"}
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
    | {"\N{RIGHT SINGLE QUOTATION MARK}": "'"}
)


def folded(text: str) -> str:
    """`text` without case and accents, with single spaces: "  Solène  M." is "solene m."."""
    apart = text
    for _ in range(3):  # taking letters apart may bring capitals back, and the other way round
        apart = unicodedata.normalize("NFKD", apart.casefold())
    apart = apart.translate(_LETTERS)
    # Marks below class 200 are letters' own parts in Indic, Japanese, Arabic and Hebrew writing.
    plain = "".join(letter for letter in apart if unicodedata.combining(letter) < 200)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def meant(said: str, names: Mapping[str, Iterable[str]], *, inflected: bool = False) -> list[str]:
    """The keys of `names` that `said` may mean; `names[key]` are all the names that the thing goes by.

    The best kind of match wins: the whole name; the name without small words and titles; all the words said,
    among the words of one name; with `inflected`, these in another form ("calling" for "call"), which is
    right for what people wrote down and wrong for people: Simone is not Simon. One key means that it is
    clear, several that the person should be asked, none that nothing of that name is there.
    """
    words = telling_words(said)
    names = {key: list(own) for key, own in names.items()}
    names = {key: own for key, own in names.items() if _titles_agree([said], own)}
    matches: list[Callable[[str], bool]] = [
        lambda name: folded(name) == folded(said),
        lambda name: telling_words(name) == words,
        lambda name: {*words} <= {*telling_words(name)},
    ]
    if inflected:
        matches.append(lambda name: {*map(stem, words)} <= {*map(stem, telling_words(name))})
    for match in matches if words else ():
        found = [key for key, own in names.items() if any(match(name) for name in own)]
        if found:
            return found
    return []


def alike(said: str, names: Mapping[str, Iterable[str]], limit: int = 3) -> list[str]:
    """Keys of `names` that look like `said` or share a word with it, the most alike first; suggestions."""
    by_name = {folded(name): key for key, own in names.items() for name in own}
    parts = {word: key for name, key in by_name.items() for word in reversed(telling_words(name))}
    close = [by_name[name] for name in get_close_matches(folded(said), by_name, n=limit, cutoff=0.6)]
    for word in telling_words(said):
        close += [parts[part] for part in get_close_matches(word, parts, n=limit, cutoff=0.75)]
    return list(dict.fromkeys(close))[:limit]


def listed(names: Iterable[str]) -> str:
    """Names as a choice: "Sid Jha or Sid Rao"."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def telling_words(text: str) -> list[str]:
    """The folded words of `text` without small ones and titles; all of them where nothing else is left."""
    words = re.findall(r"[\w'+#&]+", folded(text))
    telling = [word.removesuffix("'s") for word in words if word not in _SMALL_WORDS and word not in _TITLES]
    return telling or words


def _titles_agree(*names: Iterable[str]) -> bool:
    """Mr. Sato is Kenji Sato, but never Mrs. Sato."""
    titles = [
        {_TITLES[word] for name in own for word in folded(name).replace(".", " ").split() if word in _TITLES}
        for own in names
    ]
    return not all(titles) or bool(set.intersection(*titles))


def stem(word: str) -> str:
    """The beginning that forms of an English word share: "call" for "calling" and "calls"."""
    return re.sub(r"(?<=\w{3})(?:ing|es|ed|s|e)$", "", word)
