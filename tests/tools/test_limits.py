"""What others send to eat time, memory or room is told apart from what can be served, and soon."""

import subprocess
import sys
import zlib
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.calendar import Calendar
from scrubjay.tools.collection import Folder, Trash
from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.notes import Notes
from scrubjay.tools.pdf_text import pdf_text
from scrubjay.tools.ringing import Ringer
from scrubjay.tools.storage import LARGEST, BrokenFile, files_in, read_file
from scrubjay.tools.times import Times

from .calling import call

TIMES = Times(lambda: datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("UTC")))
EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Others//EN\r
BEGIN:VEVENT\r
UID:bomb\r
DTSTAMP:20200101T000000Z\r
DTSTART:20200101T000000Z\r
DURATION:PT1S\r
SUMMARY:Bomb\r
RRULE:{rule}\r
END:VEVENT\r
END:VCALENDAR\r
"""
DENSE = [
    "FREQ=SECONDLY",
    "FREQ=MINUTELY",
    "FREQ=HOURLY;BYMINUTE=0,1,2,3,4",
    "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,5,10,15,20,25,30,35,40,45,50,55",
    "FREQ=YEARLY;BYSECOND=" + ",".join(map(str, range(60))) + ";BYMINUTE=1,2",
]


@pytest.fixture
def calendar(tmp_path: Path) -> Calendar:
    events = Folder(tmp_path / "calendar", ".ics")
    return Calendar(events, Trash(tmp_path / "trash", ".ics"), TIMES)


def invite(calendar: Calendar, rule: str) -> None:
    calendar.events.add("invitation", EVENT.format(rule=rule))


@pytest.mark.parametrize("rule", DENSE)
def test_an_invitation_that_repeats_without_end_is_left_out_and_the_rest_stays(
    calendar: Calendar, rule: str
) -> None:
    call(calendar.create_event, title="Lunch", start="tomorrow at noon")
    invite(calendar, rule)
    assert call(calendar.list_events, when="tomorrow") == ["12:00 Lunch"]
    assert "Lunch" in call(calendar.cancel_event, title="Lunch")


@pytest.mark.parametrize(
    "rule", ["FREQ=HOURLY", "FREQ=MINUTELY;INTERVAL=15", "FREQ=DAILY;BYHOUR=9,17", "FREQ=WEEKLY;BYDAY=MO"]
)
def test_what_repeats_as_people_do_is_there(calendar: Calendar, rule: str) -> None:
    invite(calendar, rule)
    assert "Bomb" in str(call(calendar.list_events, when="this week"))


def test_a_list_of_events_has_an_end(calendar: Calendar) -> None:
    invite(calendar, "FREQ=HOURLY")
    listed = call(calendar.list_events, when="this month")
    assert len(listed) == 301
    assert listed[-1].startswith("and ")


def test_a_to_do_that_repeats_every_second_does_not_hold_the_alarms_up(tmp_path: Path) -> None:
    text = EVENT.format(rule="FREQ=SECONDLY").replace("VEVENT", "VTODO").replace("DURATION:PT1S\r\n", "")
    (tmp_path / "reminders").mkdir(exist_ok=True)
    (tmp_path / "reminders" / "bomb.ics").write_text(text)
    assert Ringer((tmp_path / "reminders",), TIMES).due() == []


def pdf(stream: bytes) -> bytes:
    """A PDF of one page whose content is this, compressed."""
    packed = zlib.compress(stream, 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return written + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(written))
    )


def test_a_pdf_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pdf_text(pdf(b"q Q\n"), "page.pdf") == ""
    monkeypatch.setattr("scrubjay.tools.pdf_text.SECONDS", 0.001)
    with pytest.raises(ToolFailed, match=r"page\.pdf takes more than"):
        pdf_text(pdf(b"q Q\n"), "page.pdf")


def test_a_pdf_that_wants_much_memory_takes_only_its_reader_down() -> None:
    limited = "import scrubjay.tools.pdf_text as p; p.MEMORY = 300_000_000; p.main()"
    command = [sys.executable, "-c", limited]
    ran = subprocess.run(command, input=pdf(b"q Q\n" * 20_000_000), capture_output=True, check=False)
    assert ran.returncode or b"problem" in ran.stdout


def test_a_file_in_the_data_folder_that_is_too_big_is_named_and_not_read(tmp_path: Path) -> None:
    with (tmp_path / "big.md").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(BrokenFile, match=r"big\.md"):
        read_file(tmp_path / "big.md")


def test_a_link_in_a_shared_notes_folder_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("4471")
    notes = Notes(tmp_path / "notes", tmp_path / "trash")
    call(notes.create_note, title="Real", content="x")
    (tmp_path / "notes" / "Key.md").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "notes" / "Same.md").symlink_to(tmp_path / "notes" / "Real.md")
    assert [path.name for path in files_in(tmp_path / "notes", ".md")] == ["Real.md", "Same.md"]
    with pytest.raises(ToolFailed, match="No note is called Key"):
        call(notes.open_note, title="Key")


def test_a_note_or_a_file_as_deep_as_a_person_would_never_put_it_is_refused(tmp_path: Path) -> None:
    tools = {tool.name: tool for tool in builtin_tools(tmp_path)}
    with pytest.raises(ToolFailed, match="cannot be the name of a folder"):
        call(tools["create_note"], title="Deep", folder="a/" * 500)
    with pytest.raises(ToolFailed, match="is not the path of a file"):
        call(tools["write_file"], path="a/" * 500 + "x.txt", content="x")
    with pytest.raises(ToolFailed, match="cannot be written"):
        call(tools["write_file"], path="9" * 400 + "/x.txt", content="x")
    assert not (tmp_path / "notes").exists()
