"""The system app: real windows and pictures of them, pages, and the state of the computer."""

import time
from datetime import datetime
from pathlib import Path

import pytest

from scrubjay.tools import opening
from scrubjay.tools.errors import ToolArgumentError, ToolFailed, ToolQuestion
from scrubjay.tools.maps import Maps
from scrubjay.tools.opening import open_in_own_program
from scrubjay.tools.screenshots import screenshot
from scrubjay.tools.system import System

from .calling import answer, call
from .desktop import put_program, screen


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes its time until a program has failed."""
    monkeypatch.setattr(opening, "FAILS_WITHIN_S", 30.0)


@pytest.fixture
def opened() -> list[str]:
    return []


@pytest.fixture
def system(tmp_path: Path, opened: list[str]) -> System:
    def resolve(host: str) -> list[str]:
        return ["93.184.216.34"]

    def now() -> datetime:
        return datetime(2026, 11, 23, 9, 30)

    return System(tmp_path / "Screenshots", tmp_path / "trash", open=opened.append, resolve=resolve, now=now)


@pytest.fixture
def applications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a desktop's applications; no others are installed."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "shared"))
    monkeypatch.setenv("DISPLAY", ":99")
    (tmp_path / "shared/applications").mkdir(parents=True)
    return tmp_path / "shared/applications"


def put_app(folder: Path, file: str, name: str, command: str, *lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = ["[Desktop Entry]", "Type=Application", f"Name={name}", f"Exec={command}", *lines]
    (folder / f"{file}.desktop").write_text("\n".join([*text, "", "[Desktop Action x]", "Name=Other", ""]))


@pytest.mark.debian("xvfb", "Xvfb")
@pytest.mark.debian("xterm", "xterm")
def test_an_application_opens_a_window_that_is_on_the_picture_of_the_screen(
    system: System, applications: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with screen() as display:
        monkeypatch.setenv("DISPLAY", display)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        monkeypatch.setattr(opening, "FAILS_WITHIN_S", 1.0)
        before = screenshot()
        put_app(
            applications, "xterm", "XTerm", "xterm -geometry 60x20+0+0 -e sleep 30", "GenericName=Terminal"
        )
        assert answer(system.open_app, name="the terminal") == "Opened XTerm."
        until = time.monotonic() + 10
        while screenshot() == before and time.monotonic() < until:
            time.sleep(0.1)
        path = call(system.take_screenshot)
        assert path == str(system.pictures / "Screenshot 2026-11-23 09-30-00.png")
        picture = Path(path).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert picture != before
        assert call(system.take_screenshot).endswith("09-30-00 2.png")
        assert system.take_screenshot.undo is not None
        system.take_screenshot.undo({}, path)
        assert not Path(path).exists()


def test_an_application_is_found_by_its_name_its_kind_or_its_file(
    system: System, applications: Path, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    program = put_program(
        tmp_path / "bin", "browser", f"Path({str(started)!r}).write_text(' '.join(sys.argv[1:]))"
    )
    put_app(
        applications, "org.x.Fox", "Red Fox", f'"{program}" --new "a b" 100%% %U', "GenericName=Web Browser"
    )
    put_app(applications, "other", "Files", str(program), "Name[de]=Dateien")
    for name in ("red fox", "the web browser", "org.x.Fox", "fox"):
        started.unlink(missing_ok=True)
        assert call(system.open_app, name=name) == "Opened Red Fox"
        assert started.read_text() == "--new a b 100%"
    assert call(system.open_app, name="Dateien") == "Opened Files"


def test_what_cannot_be_started_is_not_offered(system: System, applications: Path, tmp_path: Path) -> None:
    program = put_program(tmp_path / "bin", "x", "sys.exit(3)")
    put_app(applications, "a", "Hidden", str(program), "NoDisplay=true")
    put_app(applications, "b", "Gone", "/no/such/program")
    put_app(applications, "c", "Shell", str(program), "Terminal=true")
    (applications / "d.desktop").write_bytes(b"\xff[[[")
    for name in ("Hidden", "Gone", "Shell", "/bin/sh", "rm -rf"):
        with pytest.raises(ToolFailed, match="No application is called"):
            call(system.open_app, name=name)
    put_app(applications, "e", "Breaks", str(program))
    with pytest.raises(ToolFailed, match="Breaks does not start"):
        call(system.open_app, name="Breaks")


def test_two_applications_of_a_kind_are_a_question(
    system: System, applications: Path, tmp_path: Path
) -> None:
    program = put_program(tmp_path / "bin", "x", "")
    put_app(applications, "a", "Red Fox", str(program), "GenericName=Web Browser")
    put_app(applications, "b", "Blue Bear", str(program), "GenericName=Web Browser")
    with pytest.raises(ToolQuestion, match=r"Which web browser: Blue Bear or Red Fox\?|Red Fox or Blue Bear"):
        call(system.open_app, name="web browser")
    with pytest.raises(ToolQuestion, match=r"Did you mean Red Fox\?"):
        call(system.open_app, name="Red Fx")
    put_app(tmp_path / "data/applications", "b", "Blue Bear", str(program), "Hidden=true")
    assert call(system.open_app, name="web browser") == "Opened Red Fox"


def test_without_a_desktop_nothing_is_opened_or_seen(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    for tool, arguments in ((system.open_app, {"name": "x"}), (system.take_screenshot, {})):
        with pytest.raises(ToolFailed, match="There is no desktop"):
            call(tool, **arguments)
    with pytest.raises(ToolFailed, match="There is no desktop"):
        open_in_own_program("/tmp/x.png")


def test_a_wayland_screen_needs_a_program_that_the_desktop_trusts(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ToolFailed, match="Install grim"):
        call(system.take_screenshot)
    put_program(tmp_path / "bin", "grim", "Path(sys.argv[1]).write_bytes(b'PNG')")
    assert Path(call(system.take_screenshot)).read_bytes() == b"PNG"
    put_program(tmp_path / "bin", "grim", "sys.exit(1)")
    with pytest.raises(ToolFailed, match="grim could not take a picture"):
        call(system.take_screenshot)


def test_pages_are_opened_and_shown_as_they_are(system: System, opened: list[str]) -> None:
    assert answer(system.open_url, url="example.com/a") == "Opened https://example.com/a."
    assert opened == ["https://example.com/a"]
    assert system.open_url.understood is not None
    assert system.open_url.understood({"url": "example.com"}) == {"url": "https://example.com"}
    with pytest.raises(ToolFailed):
        call(system.open_url, url="file:///etc/passwd")
    assert opened == ["https://example.com/a"]


def test_no_name_is_looked_up_before_the_person_agrees(opened: list[str], tmp_path: Path) -> None:
    looked_up: list[str] = []

    def resolve(host: str) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    system = System(tmp_path, tmp_path / "trash", open=opened.append, resolve=resolve)
    assert system.open_url.understood is not None
    assert system.open_url.understood({"url": "4471.evil.example"}) == {"url": "https://4471.evil.example"}
    assert looked_up == []
    with pytest.raises(ToolFailed, match="your own network"):
        call(system.open_url, url="4471.evil.example")
    assert looked_up == ["4471.evil.example"]
    assert opened == []


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the desktop's browser, a stand-in, writes the address that it was given."""
    got = tmp_path / "got"
    program = put_program(tmp_path / "bin", "browser", f"Path({str(got)!r}).write_text(sys.argv[1])")
    monkeypatch.setenv("BROWSER", str(program))
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "X-Generic")
    monkeypatch.setenv("HOME", str(tmp_path))
    return got


@pytest.mark.debian("xdg-utils", "xdg-open")
def test_a_page_reaches_the_browser_through_the_real_xdg_open(browser: Path) -> None:
    open_in_own_program("https://example.com/?a=b&c=$(touch%20x)")
    assert browser.read_text() == "https://example.com/?a=b&c=$(touch%20x)"


@pytest.mark.debian("xdg-utils", "xdg-open")
def test_maps_reach_the_browser_through_the_real_xdg_open(browser: Path) -> None:
    call(Maps().open_location, query="Café de l'Île")
    assert browser.read_text() == "https://www.openstreetmap.org/search?query=Caf%C3%A9%20de%20l%27%C3%8Ele"
    call(Maps().show_directions, destination="Porto", mode="walking")
    assert "to=Porto&engine=fossgis_osrm_foot" in browser.read_text()


def test_percentages_are_checked_before_anything_is_set(system: System) -> None:
    for tool in (system.set_volume, system.set_brightness):
        for percent in (-1, 101):
            with pytest.raises(ToolArgumentError):
                call(tool, percent=percent)


def test_the_state_of_the_computer_is_told_in_sentences(system: System) -> None:
    told = call(system.system_status)
    assert " of memory are free." in told
    assert " of disk are free." in told
    assert "battery" in told
    assert "network" in told


def test_an_opener_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ToolFailed, match="Install xdg-utils"):
        open_in_own_program("/tmp/x.png")
    put_program(tmp_path / "bin", "xdg-open", "sys.exit(3)")
    with pytest.raises(ToolFailed, match=r"/tmp/x\.png cannot be opened"):
        open_in_own_program("/tmp/x.png")
