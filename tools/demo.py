"""A small address book, so that the demo has somebody to write to. Every number and address is fictitious."""

from pathlib import Path

from .collection import Folder
from .vcards import Card, Entry, write_card

PEOPLE = (
    Card("Sid Jha", phones=(Entry("555-0142", ("cell",)),), emails=(Entry("sid@example.com"),)),
    Card("Lutfi Karim", phones=(Entry("555-0117", ("cell",)),), emails=(Entry("lutfi@example.com"),)),
    Card("Ada Moreau", ("Mum",), (Entry("555-0163", ("home",)),), (Entry("ada@example.com"),)),
    Card("Kenji Sato", ("Mr. Sato",), (Entry("555-0185", ("work",)),), (Entry("kenji@example.com"),)),
    Card("Solène Marchetti", phones=(Entry("555-0129", ("cell",)),), emails=(Entry("solene@example.com"),)),
)


def seed_demo_contacts(data_folder: Path) -> bool:
    """Put PEOPLE into the contacts below `data_folder`, unless anything is there; say whether it was done."""
    folder = data_folder / "contacts"
    if folder.exists() and any(folder.iterdir()):
        return False
    for card in PEOPLE:
        write_card(Folder(folder, ".vcf"), card)
    return True
