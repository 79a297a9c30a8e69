"""The calendar app, on real iCalendar files."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar as ICalendar

from scrubjay.tools.calendar import Calendar
from scrubjay.tools.collection import Folder, Trash
from scrubjay.tools.errors import ToolFailed, ToolQuestion
from scrubjay.tools.times import Times
from scrubjay.tools.tool import Tool

from .calling import answer, call

LISBON = ZoneInfo("Europe/Lisbon")
NOW = datetime(2026, 11, 24, 14, 20, tzinfo=LISBON)


def calendar_in(folder: Path) -> Calendar:
    events = Folder(folder / "calendar", ".ics")
    return Calendar(events, Trash(folder / "trash", ".ics"), Times(lambda: NOW))


@pytest.fixture
def calendar(tmp_path: Path) -> Calendar:
    return calendar_in(tmp_path)


def event(calendar: Calendar, uid: str) -> Any:
    (text,) = [kept.text for kept in calendar.events.read()[0] if kept.name == f"{uid}.ics"]
    (found,) = ICalendar.from_ical(text).walk("VEVENT")
    return found


def write(calendar: Calendar, name: str, *events: str) -> Path:
    """A file as another program writes it."""
    lines = [f"BEGIN:VEVENT\n{lines}\nEND:VEVENT" for lines in events]
    path = calendar.events.folder / name  # type: ignore[attr-defined]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x", *lines, "END:VCALENDAR\n"]))
    return path  # type: ignore[no-any-return]


def undo(tool: Tool, result: Any, **arguments: Any) -> str:
    assert tool.undo is not None
    return tool.undo(arguments, result)


STANDUP = "UID:s\nSUMMARY:Standup\nDTSTART:20261102T091500\nDTEND:20261102T093000\nRRULE:FREQ=DAILY"


def test_an_event_is_a_file_with_its_time_in_the_users_zone(calendar: Calendar) -> None:
    uid = call(
        calendar.create_event,
        title="Sync",
        start="tomorrow at 2pm",
        attendees=["sid@example.org"],
        location="Room 2",
        notes="bring\nC:\\New",
    )
    found = event(calendar, uid)
    assert found["DTSTART"].dt == datetime(2026, 11, 25, 14, 0, tzinfo=LISBON)
    assert found["DTSTART"].params["TZID"] == "Europe/Lisbon"
    assert found["DTEND"].dt == datetime(2026, 11, 25, 15, 0, tzinfo=LISBON)
    assert found["ATTENDEE"] == "mailto:sid@example.org"
    assert (found["UID"], found["LOCATION"]) == (uid, "Room 2")
    assert found["DESCRIPTION"] == "bring\nC:\\New"


@pytest.mark.parametrize(
    ("start", "end", "starts", "ends"),
    [
        ("tomorrow at 2", "half past three", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("tomorrow at 2", "90 minutes", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("Friday from 3 to 4:15", None, "2026-11-27T15:00", "2026-11-27T16:15"),
        ("Friday at 10pm", "1am", "2026-11-27T22:00", "2026-11-28T01:00"),
        ("Friday morning", None, "2026-11-27T09:00", "2026-11-27T10:00"),
        ("2026-12-01T09:00", "2026-12-01T10:00", "2026-12-01T09:00", "2026-12-01T10:00"),
    ],
)
def test_an_end_is_read_from_the_start(
    calendar: Calendar, start: str, end: str | None, starts: str, ends: str
) -> None:
    found = event(
        calendar, call(calendar.create_event, title="x", start=start, **({"end": end} if end else {}))
    )
    times = [
        found[name].dt.replace(tzinfo=None).isoformat(timespec="minutes") for name in ("DTSTART", "DTEND")
    ]
    assert times == [starts, ends]


def test_a_day_without_a_time_is_the_whole_day(calendar: Calendar) -> None:
    found = event(calendar, call(calendar.create_event, title="Trip", start="Friday", end="Sunday"))
    assert (found["DTSTART"].dt, found["DTEND"].dt) == (date(2026, 11, 27), date(2026, 11, 30))
    assert call(calendar.list_events, when="Saturday") == ["Trip"]
    assert call(calendar.list_events, when="Monday") == []


def test_dinner_is_in_the_evening_and_other_things_are_asked_about(calendar: Calendar) -> None:
    found = event(calendar, call(calendar.create_event, title="Dinner with Ana", start="Friday at 8"))
    assert found["DTSTART"].dt.hour == 20
    with pytest.raises(ToolQuestion, match="Friday 27 November, 08:00 or Friday 27 November, 20:00"):
        call(calendar.create_event, title="Call with Ana", start="Friday at 8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"title": " ", "start": "tomorrow"}, "needs a title"),
        ({"title": "x", "start": "next week"}, "Which day, and what time"),
        ({"title": "x", "start": "whenever"}, "no date or time that I know"),
        ({"title": "x", "start": "Friday at 3pm", "end": "tomorrow at 2pm"}, "before it starts"),
        ({"title": "x", "start": "Friday", "end": "3pm"}, "At what time does it start"),
        ({"title": "x", "start": "Friday", "end": "tomorrow"}, "before it starts"),
        ({"title": "x", "start": "Friday at 2pm", "end": "Saturday"}, "At what time"),
        ({"title": "x", "start": "Friday at 2pm", "attendees": ["Sid"]}, "x is not in your calendar"),
    ],
)
def test_what_cannot_be_an_event_writes_nothing(
    calendar: Calendar, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ToolFailed, match=message):
        call(calendar.create_event, **arguments)
    assert calendar.events.read() == ([], [])


def test_events_are_listed_in_order_of_time(calendar: Calendar) -> None:
    write(calendar, "standup.ics", STANDUP)
    call(calendar.create_event, title="Lunch", start="tomorrow at noon", location="Chez Zoé")
    call(calendar.create_event, title="Dentist", start="tomorrow at 8am")
    call(calendar.create_event, title="Elsewhere", start="Friday at 8am")
    tomorrow = ["08:00 Dentist", "09:15 Standup", "12:00 Lunch at Chez Zoé"]
    assert call(calendar.list_events, when="tomorrow") == tomorrow
    assert call(calendar.list_events, when="tomorrow morning") == tomorrow[:2]
    assert call(calendar.list_events, when="tomorrow", query="zoe") == ["12:00 Lunch at Chez Zoé"]
    assert call(calendar.list_events, when="this week", query="Dentist") == [
        "Wednesday 25 November 08:00 Dentist"
    ]
    assert answer(calendar.list_events, when="next year").startswith("next year: ")


def test_an_event_is_moved_by_day_by_time_or_both_and_keeps_its_length(calendar: Calendar) -> None:
    uid = call(calendar.create_event, title="Sync", start="tomorrow at 2pm", end="2:45pm")
    assert (
        call(calendar.move_event, title="the sync", start="Friday") == "Sync is on Friday 27 November, 14:00"
    )
    assert call(calendar.move_event, title="sync", start="4:30") == "Sync is on Friday 27 November, 16:30"
    assert answer(calendar.move_event, title="sync", start="Monday at 9") == (
        "Sync is on Monday 30 November, 09:00."
    )
    assert event(calendar, uid)["DTEND"].dt == datetime(2026, 11, 30, 9, 45, tzinfo=LISBON)


def test_of_a_series_only_the_next_one_is_moved_or_cancelled(calendar: Calendar) -> None:
    write(calendar, "standup.ics", STANDUP)
    call(calendar.move_event, title="standup", start="11am")
    assert call(calendar.list_events, when="today") == ["11:00 Standup"]
    assert call(calendar.list_events, when="tomorrow") == ["09:15 Standup"]
    assert call(calendar.cancel_event, title="standup", when="tomorrow") == (
        "Standup on Wednesday 25 November, 09:15 is cancelled"
    )
    assert call(calendar.list_events, when="tomorrow") == []
    assert call(calendar.cancel_event, title="standup", when="today") == (
        "Standup on Tuesday 24 November, 11:00 is cancelled"
    )
    assert call(calendar.list_events, when="this week")[-1] == "Sunday 29 November 09:15 Standup"
    assert "Tuesday 24" not in str(call(calendar.list_events, when="this week"))


def test_what_is_said_to_repeat_is_a_series(calendar: Calendar) -> None:
    call(calendar.create_event, title="Standup", start="every weekday at 9:15", end="9:30")
    assert call(calendar.list_events, when="the next 3 days") == [
        "Wednesday 25 November 09:15 Standup",
        "Thursday 26 November 09:15 Standup",
    ]
    assert call(calendar.list_events, when="Saturday") == []
    assert calendar.create_event.understood
    assert calendar.create_event.understood({"title": "Yoga", "start": "every other Friday at 7am"}) == {
        "start": "Friday 27 November, 07:00, then every 2 weeks on Friday"
    }


def test_everything_can_be_taken_back(calendar: Calendar) -> None:
    uid = call(calendar.create_event, title="Sync", start="tomorrow at 2pm")
    before = calendar.events.read()[0]
    moved = call(calendar.move_event, title="sync", start="4pm")
    assert undo(calendar.move_event, moved, title="sync") == "sync is in your calendar as it was before"
    assert calendar.events.read()[0] == before
    cancelled = call(calendar.cancel_event, title="sync")
    assert calendar.events.read()[0] == []
    undo(calendar.cancel_event, cancelled, title="sync")
    assert calendar.events.read()[0] == before
    assert undo(calendar.create_event, uid, title="Sync") == "Sync is out of your calendar again"
    assert calendar.events.read()[0] == []
    with pytest.raises(ToolFailed, match="not in your calendar any more"):
        undo(calendar.create_event, uid, title="Sync")
    with pytest.raises(ToolFailed, match="not in the trash any more"):
        undo(calendar.cancel_event, "something else", title="Sync")


def test_which_event_is_meant_is_asked(calendar: Calendar) -> None:
    call(calendar.create_event, title="Call Ana", start="tomorrow at 2pm")
    call(calendar.create_event, title="Call Bo", start="Friday at 2pm")
    with pytest.raises(ToolQuestion) as asked:
        call(calendar.cancel_event, title="call")
    assert asked.value.choices == (
        "Call Ana on Wednesday 25 November, 14:00",
        "Call Bo on Friday 27 November, 14:00",
    )
    with pytest.raises(ToolQuestion, match="No event from today on is called Bob"):
        call(calendar.cancel_event, title="Bob")
    with pytest.raises(ToolFailed, match="No event next week is called call"):
        call(calendar.cancel_event, title="call", when="next week")
    assert "Call Bo on Friday" in call(calendar.cancel_event, title="call", when="Friday")
    assert "Call Ana" in call(calendar.cancel_event, title=asked.value.choices[0])


def test_what_is_understood_is_told_before_anything_happens(calendar: Calendar) -> None:
    told = calendar.create_event.understood
    assert told
    assert told({"title": "x", "start": "Friday at 2pm", "end": "4pm"}) == {
        "start": "Friday 27 November, 14:00",
        "end": "16:00",
    }
    assert calendar.events.read()[0] == []
    call(calendar.create_event, title="Sync", start="tomorrow at 2pm")
    assert calendar.cancel_event.understood
    assert calendar.cancel_event.understood({"title": "the sync"}) == {
        "title": "Sync on Wednesday 25 November, 14:00"
    }
    assert calendar.move_event.understood
    assert calendar.move_event.understood({"title": "the sync", "start": "Friday"}) == {
        "title": "Sync on Wednesday 25 November, 14:00",
        "start": "Friday 27 November, 14:00",
    }
    assert calendar.list_events.understood
    assert calendar.list_events.understood({"when": "the weekend"}) == {
        "when": "Saturday 28 November to Sunday 29 November"
    }


def test_other_events_in_a_file_stay(calendar: Calendar) -> None:
    tea = "UID:t\nSUMMARY:Tea\nDTSTART:20261126T160000\nDTEND:20261126T170000\nX-CUP:blue"
    path = write(calendar, "shared.ics", STANDUP, tea)
    cancelled = call(calendar.cancel_event, title="standup")
    call(calendar.cancel_event, title="tea")
    assert "Standup" in path.read_text()
    undo(calendar.cancel_event, cancelled, title="standup")
    assert "X-CUP:blue" in path.read_text()


def test_a_broken_file_hides_no_other_and_is_named_when_it_is_all_there_is(calendar: Calendar) -> None:
    path = write(calendar, "broken.ics")
    path.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\n")
    with pytest.raises(ToolFailed, match=r"broken\.ics cannot be read"):
        call(calendar.list_events, when="tomorrow")
    call(calendar.create_event, title="Sync", start="tomorrow at 2pm")
    assert call(calendar.list_events, when="tomorrow") == ["14:00 Sync"]


def test_events_of_other_zones_are_listed_in_the_users(calendar: Calendar) -> None:
    write(
        calendar,
        "far.ics",
        "UID:1\nSUMMARY:Tokyo\nDTSTART;TZID=Asia/Tokyo:20261125T090000\nDURATION:PT1H",
        "UID:2\nSUMMARY:Zulu\nDTSTART:20261125T100000Z",
        "UID:3\nSUMMARY:Called off\nDTSTART:20261125T100000Z\nSTATUS:CANCELLED",
    )
    assert call(calendar.list_events, when="tomorrow") == ["00:00 Tokyo", "10:00 Zulu"]


def test_what_was_changed_elsewhere_meanwhile_is_not_overwritten(calendar: Calendar) -> None:
    path = write(calendar, "s.ics", STANDUP)
    (kept,), _ = calendar.events.read()
    path.write_text(path.read_text().replace("Standup", "Stand-up"))
    with pytest.raises(ToolFailed, match="changed elsewhere"):
        calendar.events.replace(kept, "x")
    with pytest.raises(ToolFailed, match="changed elsewhere"):
        calendar.events.remove(kept)


titles = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60).filter(
    lambda text: any(map(str.isalnum, text))
)


@settings(max_examples=30, deadline=None)  # each writes to the disk
@given(titles, titles)
def test_any_title_comes_back(tmp_path_factory: pytest.TempPathFactory, title: str, place: str) -> None:
    calendar = calendar_in(tmp_path_factory.mktemp("calendar"))
    call(calendar.create_event, title=title, start="tomorrow at 2pm", location=place)
    shown = f"14:00 {' '.join(title.split())} at {' '.join(place.split())}"
    assert call(calendar.list_events, when="tomorrow") == [shown]
    call(calendar.cancel_event, title=title)
    assert call(calendar.list_events, when="tomorrow") == []
