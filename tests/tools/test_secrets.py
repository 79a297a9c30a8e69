"""Passwords in a keyring."""

from collections.abc import Iterator

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from scrubjay.tools.secrets import SecretMissing, account_name, secret, store_secret

from .memory_keyring import MemoryKeyring


@pytest.fixture(autouse=True)
def _own_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    yield
    keyring.set_keyring(before)


def test_a_password_is_kept_under_its_name() -> None:
    store_secret("ana@dav.example.org", "blue door")
    assert secret("ana@dav.example.org") == "blue door"


def test_a_missing_password_is_an_error_that_says_how_to_put_it_there() -> None:
    with pytest.raises(SecretMissing, match=r"keyring set scrubjay ana@dav\.example\.org"):
        secret("ana@dav.example.org")


def test_a_machine_without_a_keyring_says_what_to_install() -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]
    with pytest.raises(SecretMissing, match="GNOME Keyring or KWallet"):
        secret("ana@dav.example.org")
    with pytest.raises(SecretMissing, match="did not take"):
        store_secret("ana@dav.example.org", "x")


def test_an_account_is_named_by_its_user_and_server() -> None:
    assert account_name("ana", "dav.example.org") == "ana@dav.example.org"
    assert account_name("ana@example.org", "example.org") == "ana@example.org"
