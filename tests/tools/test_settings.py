"""The settings file."""

from datetime import time
from pathlib import Path

import pytest

from scrubjay.tools.settings import Settings, SettingsError, read_settings, settings_page


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_without_a_file_everything_has_its_default(file: Path) -> None:
    assert read_settings(file) == Settings()


def test_the_page_of_all_settings_is_a_settings_file_with_the_defaults(file: Path) -> None:
    file.write_text(settings_page())
    assert read_settings(file) == Settings()


def test_every_default_on_the_page_may_be_uncommented(file: Path) -> None:
    lines = settings_page().splitlines()
    accounts = next(number for number, line in enumerate(lines) if line.startswith("# [") and "." in line)
    setting = [line.removeprefix("# ") if " = " in line else line for line in lines[:accounts]]
    file.write_text("\n".join(setting))
    assert read_settings(file) == Settings()


def test_a_setting_replaces_its_default_and_an_account_is_chosen_by_being_there(file: Path) -> None:
    file.write_text(
        '[time]\nzone = "Europe/Lisbon"\n[reminders]\nday_at = 08:30:00\n[calendar]\nfolder = "~/calendars"\n'
        '[calendar.caldav]\nurl = "https://dav.example.org/"\nuser = "ana"\n'
    )
    settings = read_settings(file)
    assert settings.time.zone == "Europe/Lisbon"
    assert settings.reminders.day_at == time(8, 30)
    assert settings.calendar.folder == Path("~/calendars").expanduser()
    assert settings.calendar.caldav is not None
    assert settings.calendar.caldav.user == "ana"
    assert settings.contacts.carddav is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[calendar", "is not TOML"),
        ("[calendar]\nminuts = 30", "minuts"),
        ("[calendar]\nminutes = 2", "minutes"),
        ('[time]\nzone = "Mars/North"', "no time zone has this name; write one like Europe/Lisbon"),
        ('[calendar.caldav]\nurl = "https://dav.example.org"', "user"),
        ('[calendar.caldav]\nurl = "https://dav.example.org"\nuser = "a"\npassword = "b"', "password"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError, match=message) as raised:
        read_settings(file)
    assert str(file) in str(raised.value)


def test_a_file_that_is_no_text_is_named(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(file)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://bob:hunter2@127.0.0.1/v1", "holds more than an address"),
        ("https://127.0.0.1/v1?key=hunter2", "holds more than an address"),
        ("ftp://bob:hunter2@127.0.0.1/v1", "RL scheme"),
        ("http://bob:hun/ter2@127.0.0.1/v1", "valid URL"),
        ("http://bob:hunter2@example.com/v1", "holds more than an address"),
    ],
)
def test_a_password_in_the_address_of_a_bigger_machine_is_refused_and_not_shown(
    file: Path, url: str, message: str
) -> None:
    file.write_text(f'[models.remote]\nurl = "{url}"\nmodel = "big"\n')
    with pytest.raises(SettingsError, match=message) as raised:
        read_settings(file)
    assert "ter2" not in str(raised.value)


def test_a_password_in_an_address_is_not_shown_with_what_else_is_wrong(file: Path) -> None:
    file.write_text('[calendar.caldav]\nurl = "ftp://ana:hunter2@dav.example.org/"\nuser = "ana"\n')
    with pytest.raises(SettingsError, match=r"got 'ftp://\.\.\.@dav") as raised:
        read_settings(file)
    assert "hunter2" not in str(raised.value)
