"""The media app: finding what to play by names and tags, and playing it with a real mpv."""

import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.library import Library
from scrubjay.tools.media import Media
from scrubjay.tools.mpv import Mpv

from .calling import answer, call

needs_mpv = pytest.mark.debian("mpv", "mpv")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """An album, a tagged song without a telling name, a video, and things that are neither."""
    for name in ("Bon Iver/Blue_Record/01 Holocene.wav", "Bon Iver/Blue_Record/02 - Towers.wav", "Rain.wav"):
        put_wave(tmp_path / "Music" / name)
    (tmp_path / "Music/t1.mp3").write_bytes(id3(b"Copper Moon", b"Ana Lopes", b"Harbours"))
    (tmp_path / "Music/Garden tour.mp4").write_bytes(b"")
    (tmp_path / "Music/Bon Iver/cover.jpg").write_bytes(b"")
    (tmp_path / "Music/.Rain.wav").write_bytes(b"")
    return tmp_path / "Music"


@pytest.fixture
def media(music: Path, tmp_path: Path) -> Iterator[Media]:
    mpv = Mpv(("mpv", "--no-config", "--no-video", "--ao=null"), tmp_path / "mpv.socket")
    yield Media(Library((music,)), mpv, shuffled=lambda files: files.reverse())
    if mpv.is_running:
        mpv.control("stop")


def put_wave(path: Path, seconds: int = 30) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes([128]) * 8000 * seconds)


def id3(title: bytes, artist: bytes, album: bytes) -> bytes:
    """An ID3v2.3 tag."""
    frames = b"".join(
        name + (len(text) + 1).to_bytes(4, "big") + b"\0\0\0" + text
        for name, text in ((b"TIT2", title), (b"TPE1", artist), (b"TALB", album))
    )
    return b"ID3\x03\0\0\0\0" + len(frames).to_bytes(2, "big") + frames


def wait_for(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + 5
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    return true()


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("holocene", ["01 Holocene.wav"]),
        ("the song Holocene by Bon Iver", ["01 Holocene.wav"]),
        ("Bon Iver", ["01 Holocene.wav", "02 - Towers.wav"]),
        ("the album Blue Record", ["01 Holocene.wav", "02 - Towers.wav"]),
        ("Copper Moon", ["t1.mp3"]),
        ("Copper Moon by Ana Lopes", ["t1.mp3"]),
        ("the garden tour video", ["Garden tour.mp4"]),
        ("opera", []),
    ],
)
def test_what_is_said_finds_songs_albums_singers_and_videos(music: Path, said: str, names: list[str]) -> None:
    assert [path.name for path in Library((music, music / "missing")).find(said)] == names


def test_some_music_is_all_of_it(music: Path) -> None:
    assert len(Library((music,)).find("some music")) == 5


def test_titles_come_from_tags_or_from_names(music: Path) -> None:
    library = Library((music,))
    assert library.title(music / "t1.mp3") == "Copper Moon by Ana Lopes"
    assert library.title(music / "Bon Iver/Blue_Record/02 - Towers.wav") == "Towers"
    (music / "broken.mp3").write_bytes(b"ID3\x03\0\0\xff\xff\xff\xff")
    assert library.title(music / "broken.mp3") == "broken"


@needs_mpv
def test_a_real_player_plays_and_obeys(media: Media) -> None:
    assert answer(media.play_media, query="Bon Iver") == "Playing Holocene and 1 more."
    mpv = media.mpv
    assert wait_for(lambda: mpv._ask("get_property", "playback-time") is not None)
    assert answer(media.control_playback, action="pause") == "Now: Holocene (paused)."
    assert mpv._ask("get_property", "pause") is True
    assert answer(media.control_playback, action="resume") == "Now: Holocene."
    assert answer(media.control_playback, action="next") == "Now: Towers."
    with pytest.raises(ToolFailed, match="There is no next one"):
        call(media.control_playback, action="next")
    assert call(media.control_playback, action="previous") == "Holocene"
    assert call(media.play_media, query="rain") == "Rain"
    assert wait_for(lambda: str(mpv._ask("get_property", "path")).endswith("Rain.wav"))
    assert mpv._ask("get_property", "playlist-count") == 1
    assert answer(media.control_playback, action="stop") == "Now: nothing."
    assert wait_for(lambda: not mpv.is_running)


@needs_mpv
def test_shuffling_changes_the_order(media: Media) -> None:
    assert call(media.play_media, query="Bon Iver", shuffle=True) == "Towers and 1 more"


@needs_mpv
def test_a_file_that_no_player_can_play_is_told(media: Media) -> None:
    with pytest.raises(ToolFailed, match="mpv does not play it"):
        call(media.play_media, query="garden tour")


def test_without_a_player_it_is_told_what_to_install(
    media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/no/such/bus")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(ToolFailed, match="Install mpv"):
        call(media.play_media, query="rain")
    with pytest.raises(ToolFailed, match="Nothing is playing"):
        call(media.control_playback, action="pause")


def test_what_is_not_in_the_library_is_told(media: Media) -> None:
    with pytest.raises(ToolFailed, match=r"Nothing in Music is called opera\. Say a word of its name"):
        call(media.play_media, query="opera")
