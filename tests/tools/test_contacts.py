"""The contacts app, on real vCards."""

from pathlib import Path

import pytest
import vobject  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.tools.collection import Folder, Trash
from scrubjay.tools.contacts import Contacts
from scrubjay.tools.errors import ToolFailed, ToolQuestion
from scrubjay.tools.vcards import Card, Entry, read_cards, write_card

from .calling import answer, call


@pytest.fixture
def contacts(tmp_path: Path) -> Contacts:
    return Contacts(Folder(tmp_path / "contacts", ".vcf"), Trash(tmp_path / "trash", ".vcf"))


def folder_of(contacts: Contacts) -> Path:
    assert isinstance(contacts.cards, Folder)
    return contacts.cards.folder


def put(contacts: Contacts, name: str, text: str) -> None:
    folder_of(contacts).mkdir(exist_ok=True)
    (folder_of(contacts) / name).write_bytes(text.encode())


def test_a_contact_is_found_by_first_name_whatever_case_and_accents(contacts: Contacts) -> None:
    call(contacts.add_contact, name="Solène Marchetti", phone="555-0129", email="solene@example.com")
    assert call(contacts.get_phone_number, name="solene") == "555-0129"
    assert call(contacts.get_email_address, name="MARCHETTI") == "solene@example.com"
    assert answer(contacts.get_phone_number, name="Solène") == "The phone number for Solène is 555-0129."


def test_two_that_match_are_a_question_that_the_full_name_answers(contacts: Contacts) -> None:
    call(contacts.add_contact, name="Sid Jha", phone="555-0101")
    call(contacts.add_contact, name="Sid Rao", phone="555-0102")
    with pytest.raises(ToolQuestion, match=r"Which Sid: Sid Jha or Sid Rao\?") as caught:
        call(contacts.get_phone_number, name="Sid")
    assert caught.value.choices == ("Sid Jha", "Sid Rao")
    assert call(contacts.get_phone_number, name="Sid Rao") == "555-0102"


def test_two_of_one_name_are_told_apart_by_their_numbers(contacts: Contacts) -> None:
    write_card(contacts.cards, Card("Sid Jha", phones=(Entry("555-0101"),)))
    write_card(contacts.cards, Card("Sid Jha", phones=(Entry("555-0102"),)))
    with pytest.raises(ToolQuestion) as caught:
        call(contacts.get_phone_number, name="sid")
    assert set(caught.value.choices) == {"Sid Jha (555-0101)", "Sid Jha (555-0102)"}
    assert call(contacts.get_phone_number, name="Sid Jha (555-0102)") == "555-0102"


def test_a_misspelt_name_is_asked_about_never_guessed(contacts: Contacts) -> None:
    call(contacts.add_contact, name="Lutfi Karim", phone="555-0117")
    with pytest.raises(ToolQuestion, match=r"No contact is called Lutfy\. Did you mean Lutfi Karim\?"):
        call(contacts.get_phone_number, name="Lutfy")


def test_an_unknown_name_is_an_error_that_says_what_to_do(contacts: Contacts) -> None:
    with pytest.raises(ToolFailed, match=r"No contact is called Zed\. Add them first") as caught:
        call(contacts.get_phone_number, name="Zed")
    assert not isinstance(caught.value, ToolQuestion)


def test_a_missing_number_is_said_with_what_is_there(contacts: Contacts) -> None:
    call(contacts.add_contact, name="Ada", email="ada@example.com")
    with pytest.raises(ToolFailed, match=r"Ada has no phone number.*ada@example\.com"):
        call(contacts.get_phone_number, name="Ada")
    call(contacts.add_contact, name="Kenji", phone="555-0185")
    with pytest.raises(ToolFailed, match=r"Kenji has no e-mail address.*555-0185"):
        call(contacts.get_email_address, name="Kenji")


def test_of_several_numbers_the_preferred_one_is_taken_and_otherwise_asked_for(contacts: Contacts) -> None:
    phones = "TEL;TYPE=CELL:555-0001\nTEL;TYPE=WORK{}:555-0002\n"
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Mr. Sato\n{}END:VCARD\n"
    put(contacts, "sato.vcf", card.format(phones.format("")))
    with pytest.raises(
        ToolQuestion, match=r"Mr\. Sato has 2 numbers: cell 555-0001 or work 555-0002\. Which one"
    ):
        call(contacts.get_phone_number, name="Sato")
    put(contacts, "sato.vcf", card.format(phones.format(",PREF")))
    assert call(contacts.get_phone_number, name="Sato") == "555-0002"


def test_cards_of_other_programs_are_read(contacts: Contacts) -> None:
    put(
        contacts,
        "export.vcf",
        "\ufeffBEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann Lee\r\nNICKNAME:Annie,my sister\r\n"
        'TEL;VALUE=uri;TYPE="cell,voice";PREF=1:tel:+1-555-0101\r\nEND:VCARD\r\n'
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Doe;Jo\r\nTEL;CELL:555-0102\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Rao, Si\r\n d\r\nitem1.TEL:555-0103\r\nitem1.X-ABLabel:Desk\r\n"
        "END:VCARD\r\n",
    )
    assert call(contacts.get_phone_number, name="my sister") == "+1-555-0101"
    assert call(contacts.get_phone_number, name="Jo Doe") == "555-0102"
    assert call(contacts.get_phone_number, name="Sid Rao") == "555-0103"


def test_a_broken_file_hides_nobody_and_is_named_when_somebody_is_missing(contacts: Contacts) -> None:
    call(contacts.add_contact, name="Ada", phone="555-0163")
    put(contacts, "broken.vcf", "BEGIN:VCARD\nFN:Zed\n")
    put(contacts, "noise.vcf", "\x00\x01")
    put(contacts, ".new-half.vcf", "BEGIN")
    assert call(contacts.get_phone_number, name="Ada") == "555-0163"
    with pytest.raises(ToolFailed, match=r"broken\.vcf cannot be read: it is not a vCard"):
        call(contacts.get_phone_number, name="Zed")


def test_spoken_numbers_and_addresses_are_written_down_properly(contacts: Contacts) -> None:
    call(
        contacts.add_contact,
        name="dr ifeoma eze",
        phone="five five five oh one four eight",
        email="ranger at pinecreek dot gov",
    )
    assert call(contacts.get_phone_number, name="Ifeoma") == "5550148"
    assert call(contacts.get_email_address, name="dr eze") == "ranger@pinecreek.gov"


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": " "},
        {"name": "a\x00b"},
        {"name": "..."},
        {"name": "Ada", "phone": "soon"},
        {"name": "Ada", "email": "ada"},
    ],
)
def test_nothing_is_saved_that_makes_no_contact(contacts: Contacts, arguments: dict[str, str]) -> None:
    with pytest.raises(ToolFailed):
        call(contacts.add_contact, **arguments)
    assert not folder_of(contacts).exists()


def test_saving_the_same_again_changes_nothing_and_another_of_that_name_is_refused(
    contacts: Contacts,
) -> None:
    call(contacts.add_contact, name="Ada", phone="555-0163")
    assert call(contacts.add_contact, name="ada", phone="555-0163") == "Ada is in your contacts already"
    with pytest.raises(ToolFailed, match="under another name"):
        call(contacts.add_contact, name="Ada", phone="555-9999")
    assert len(list(folder_of(contacts).iterdir())) == 1


def test_a_name_cannot_leave_the_folder(contacts: Contacts, tmp_path: Path) -> None:
    call(contacts.add_contact, name="../../Ada", phone="555-0163")
    assert [path.parent for path in tmp_path.rglob("*.vcf")] == [folder_of(contacts)]
    assert call(contacts.get_phone_number, name="Ada") == "555-0163"


words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=15)
names = st.lists(words, min_size=1, max_size=3).map(" ".join).filter(lambda name: any(map(str.isalnum, name)))


@settings(max_examples=40, deadline=None)  # each writes to the disk
@given(names)
def test_any_name_comes_back_from_its_card(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("cards")
    contacts = Contacts(Folder(folder, ".vcf"), Trash(folder / "trash", ".vcf"))
    call(contacts.add_contact, name=name, phone="555-0163", email="ada@example.com")
    cards, broken = read_cards(contacts.cards)
    assert not broken
    assert [(card.name, card.phones, card.emails) for card in cards] == [
        (name, (Entry("555-0163"),), (Entry("ada@example.com"),))
    ]
    assert call(contacts.get_phone_number, name=name) == "555-0163"
    (path,) = folder.iterdir()
    assert vobject.readOne(path.read_text()).fn.value == name


def test_a_contact_that_was_added_can_be_taken_out_again(contacts: Contacts) -> None:
    undo = contacts.add_contact.undo
    assert undo
    added = {"name": "Sid Jha", "phone": "555-0101"}
    result = call(contacts.add_contact, **added)
    again = call(contacts.add_contact, **added)
    assert undo(added, again) == "Sid Jha stays in your contacts, as before"
    (path,) = (folder := contacts.trash.folder.parent / "contacts").glob("*.vcf")
    before = path.read_text()
    path.write_text(before.replace("555-0101", "555-0102").replace("555-0142", "555-0102"))
    with pytest.raises(ToolFailed, match="changed since"):
        undo(added, result)
    path.write_text(before)
    assert undo(added, result) == "Sid Jha is not in your contacts any more"
    assert not list(folder.glob("*.vcf"))
    assert [path.read_text() for path in contacts.trash.folder.iterdir()] == [before]
    with pytest.raises(ToolFailed, match="No contact is called Sid"):
        call(contacts.get_phone_number, name="Sid")
    with pytest.raises(ToolFailed, match="not in your contacts any more"):
        undo(added, result)
