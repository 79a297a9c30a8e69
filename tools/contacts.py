"""The contacts app: who has which phone number and e-mail address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import category

from .collection import Collection, Trash
from .decorator import tool
from .effect import Effect
from .errors import ToolFailed, ToolQuestion
from .said.names import alike, folded, listed, meant
from .said.phones import email_address, phone_number
from .storage import BrokenFile, file_name
from .vcards import Card, Entry, cards_in, read_cards, write_card


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contacts as a collection of vCards."""

    cards: Collection
    trash: Trash
    """Where a card goes whose saving is undone."""

    @tool(
        effect=Effect.READ,
        state="contacts",
        say="The phone number for {name} is {result}.",
        source="your contact {name}",
    )
    def get_phone_number(self, name: str) -> str:
        """Look up a contact's phone number by name.

        Args:
            name: Contact's name

        Returns:
            Phone number
        """
        card = self._find(name)
        if not card.phones:
            write = f" Their e-mail address is {card.emails[0].value}." if card.emails else ""
            raise ToolFailed(f"{name} has no phone number in your contacts.{write}")
        return _only(card.name, "numbers", card.phones)

    @tool(
        effect=Effect.READ,
        state="contacts",
        say="The e-mail address for {name} is {result}.",
        source="your contact {name}",
    )
    def get_email_address(self, name: str) -> str:
        """Look up a contact's email address by name.

        Args:
            name: Contact's name

        Returns:
            Email address
        """
        card = self._find(name)
        if not card.emails:
            call = f" Their phone number is {card.phones[0].value}." if card.phones else ""
            raise ToolFailed(f"{name} has no e-mail address in your contacts.{call}")
        return _only(card.name, "e-mail addresses", card.emails)

    def _forgotten(self, arguments: Mapping[str, Any], result: str) -> str:
        name = " ".join(arguments["name"].split())
        if result != _saved(name):
            return f"{name} stays in your contacts, as before"
        for kept in self.cards.read()[0]:
            try:
                own = cards_in(kept)
            except BrokenFile:
                continue
            if [card.name for card in own] == [name]:
                if (_values(own[0].phones), _values(own[0].emails)) != _entered(arguments):
                    raise ToolFailed(f"{name} has been changed since, and stays in your contacts.")
                self.trash.keep(file_name(name, "contact"), kept.text)
                self.cards.remove(kept)
                return f"{name} is not in your contacts any more"
        raise ToolFailed(f"{name} is not in your contacts any more.")

    # Contacts are trusted later on: what others wrote becomes one only when the person says so.
    @tool(
        effect=Effect.WRITE, state="contacts", say="{result}.", undo=_forgotten, targets=("phone", "email")
    )
    def add_contact(self, name: str, phone: str | None = None, email: str | None = None) -> str:
        """Save a new contact.

        Args:
            name: Contact's name
            phone: Phone number
            email: Email address

        Returns:
            Confirmation
        """
        name = " ".join(name.split())
        if not any(letter.isalnum() for letter in name) or any(
            category(letter) in ("Cc", "Cs") for letter in name
        ):
            raise ToolFailed(f"{name!r} cannot be the name of a contact.")
        try:
            phones = (Entry(phone_number(phone)),) if phone else ()
            emails = (Entry(email_address(email)),) if email else ()
        except ValueError as error:
            raise ToolFailed(f"{error} {name} is not saved.") from error
        for card in read_cards(self.cards)[0]:
            if folded(card.name) == folded(name):
                if _values(phones) <= _values(card.phones) and _values(emails) <= _values(card.emails):
                    return f"{card.name} is in your contacts already"
                raise ToolFailed(
                    f"{card.name} is in your contacts already. Save the new one under another name."
                )
        write_card(self.cards, Card(name, phones=phones, emails=emails))
        return _saved(name)

    def _find(self, said: str) -> Card:
        """The one card that `said` can mean. Raises ToolQuestion when several can, ToolFailed when none."""
        cards, broken = read_cards(self.cards)
        by_label = _labelled(cards)
        names = {label: (label, card.name, *card.also_called) for label, card in by_label.items()}
        found = meant(said, names)
        if len(found) == 1:
            return by_label[found[0]]
        if found:
            raise ToolQuestion(f"Which {said}: {listed(found)}?", found)
        close = alike(said, names)
        if close:
            raise ToolQuestion(f"No contact is called {said}. Did you mean {listed(close)}?", close)
        raise ToolFailed(f"No contact is called {said}. Add them first, or say the number.{_unread(broken)}")


def _entered(arguments: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The numbers and addresses that a card was saved with."""
    phone, email = arguments.get("phone"), arguments.get("email")
    return {phone_number(phone)} if phone else set(), {email_address(email)} if email else set()


def _saved(name: str) -> str:
    return f"{name} is saved in your contacts"


def _labelled(cards: Sequence[Card]) -> dict[str, Card]:
    """Cards by name; those that share a name carry what tells them apart: "Sid Jha (555-0101)"."""
    names = [folded(card.name) for card in cards]
    labelled = {}
    for card in cards:
        label = card.name
        if names.count(folded(card.name)) > 1:
            entries = [entry.value for entry in (*card.phones, *card.emails)]
            label = f"{card.name} ({entries[0] if entries else 'without a number'})"
        labelled[label] = card
    return labelled


def _only(name: str, what: str, entries: Sequence[Entry]) -> str:
    preferred = [entry for entry in entries if entry.preferred] or entries
    values = list(dict.fromkeys(entry.value for entry in preferred))
    if len(values) == 1:
        return values[0]
    kinds = {entry.value: " ".join((*entry.kinds, entry.value)) for entry in preferred}
    choices = [kinds[value] for value in values]
    raise ToolQuestion(f"{name} has {len(values)} {what}: {listed(choices)}. Which one?", choices)


def _values(entries: Sequence[Entry]) -> set[str]:
    return {entry.value for entry in entries}


def _unread(broken: Sequence[BrokenFile]) -> str:
    return f" {broken[0]}" if broken else ""
