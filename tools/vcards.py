"""A collection of vCards, one a contact, as address books exchange them; files with several are read too."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import vobject  # type: ignore[import-untyped]

from .collection import Collection, Kept
from .storage import BrokenFile, file_name, new_id

_FOLD = re.compile(r"\r?\n[ \t]")
_NAMES = re.compile(r"^((?:[\w-]+\.)?(?:FN|NICKNAME)(?:;[^:\n]*)?:)(.*)$", re.IGNORECASE | re.MULTILINE)
_BARE_COMMA = re.compile(r"(?<!\\),")


@dataclass(frozen=True, slots=True)
class Entry:
    """A phone number or an e-mail address of a card."""

    value: str
    kinds: tuple[str, ...] = ()
    """Lower-case: "cell", "work", "home", ..."""
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A contact."""

    name: str
    also_called: tuple[str, ...] = ()
    phones: tuple[Entry, ...] = ()
    emails: tuple[Entry, ...] = ()


def read_cards(collection: Collection) -> tuple[list[Card], list[BrokenFile]]:
    """All cards with a name, and what could not be read."""
    kept, broken = collection.read()
    cards: list[Card] = []
    for one in kept:
        try:
            cards += cards_in(one)
        except BrokenFile as error:
            broken.append(error)
    return cards, broken


def write_card(collection: Collection, card: Card) -> None:
    """Save a new card (vCard 3.0)."""
    written = vobject.vCard()
    written.add("uid").value = new_id("contact")
    written.add("fn").value = card.name
    *given, family = card.name.split(" ") if " " in card.name else (card.name, "")
    written.add("n").value = vobject.vcard.Name(family=family, given=" ".join(given))
    for nickname in card.also_called:
        written.add("nickname").value = nickname
    for kind, entries in (("tel", card.phones), ("email", card.emails)):
        for entry in entries:
            line = written.add(kind)
            line.value = entry.value
            kinds = [*entry.kinds, *(["pref"] if entry.preferred else [])]
            if kinds:
                line.params["TYPE"] = kinds
    collection.add(file_name(card.name, "contact"), written.serialize())


def cards_in(kept: Kept) -> list[Card]:
    """The cards with a name in a text. Raises BrokenFile when it is no vCard."""
    text = _FOLD.sub("", kept.text)
    # vobject keeps only what stands before a bare comma, which people and vCard 2.1 write in names.
    text = _NAMES.sub(lambda line: line[1] + _BARE_COMMA.sub(r"\\,", line[2]), text)
    try:
        found = [card for card in vobject.readComponents(text) if card.name == "VCARD"]
    except Exception as error:  # vobject lets errors of every kind through for text that is no vCard
        raise BrokenFile(Path(kept.name), f"it is not a vCard ({error})") from error
    if not found:
        raise BrokenFile(Path(kept.name), "there is no vCard in it")
    return [card for card in map(_card, found) if card.name]


def _card(found: Any) -> Card:
    called = [
        *_values(found, "fn"),
        *_values(found, "n"),
        *_values(found, "nickname"),
        *_values(found, "org"),
    ]
    name, *others = dict.fromkeys(called) or [""]
    return Card(name, tuple(others), _entries(found, "tel"), _entries(found, "email"))


def _values(found: Any, kind: str) -> list[str]:
    values = []
    for line in found.contents.get(kind, []):
        parts = line.value if isinstance(line.value, list) else [line.value]
        values += [" ".join(str(part).split()) for part in parts]
    return [value for value in values if value]


def _entries(found: Any, kind: str) -> tuple[Entry, ...]:
    entries = []
    for line in found.contents.get(kind, []):
        listed = ",".join([*line.params.get("TYPE", []), *line.singletonparams])
        kinds = {part.strip().lower() for part in listed.split(",")} - {"", "internet", "voice"}
        value = str(line.value).strip().removeprefix("tel:").removeprefix("mailto:")
        if value:
            preferred = "pref" in kinds or "1" in line.params.get("PREF", [])
            entries.append(Entry(value, tuple(sorted(kinds - {"pref"})), preferred))
    return tuple(entries)
