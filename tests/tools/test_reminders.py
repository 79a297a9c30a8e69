"""The reminders app, on real iCalendar files."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from scrubjay.tools.errors import ToolFailed, ToolQuestion
from scrubjay.tools.reminders import Reminders
from scrubjay.tools.times import Times

from .calling import answer, call

LISBON = ZoneInfo("Europe/Lisbon")
NOW = datetime(2026, 11, 24, 14, 20, tzinfo=LISBON)


class Watch:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def reminders(tmp_path: Path, watch: Watch) -> Reminders:
    return Reminders(tmp_path / "reminders", Times(watch))


def todo(reminders: Reminders, name: str) -> Any:
    calendar = Calendar.from_ical((reminders.folder / f"{name}.ics").read_bytes())
    (found,) = calendar.walk("VTODO")
    return found


def test_a_reminder_has_its_due_date_and_keeps_what_was_said(reminders: Reminders) -> None:
    name = call(
        reminders.create_reminder, text="call mum", due="tomorrow at 9", list="family", priority="high"
    )
    found = todo(reminders, name)
    assert found["SUMMARY"] == "call mum"
    assert found["X-SCRUBJAY-SAID"] == "tomorrow at 9"
    assert found["DUE"].dt == datetime(2026, 11, 25, 9, 0, tzinfo=LISBON)
    assert found["PRIORITY"] == 1
    assert found.walk("VALARM")[0]["TRIGGER"].dt == timedelta(0)


def test_a_day_without_a_time_rings_in_the_morning(reminders: Reminders) -> None:
    day = todo(reminders, call(reminders.create_reminder, text="pay rent", due="2026-12-01"))
    assert day["DUE"].dt == date(2026, 12, 1)
    assert day.walk("VALARM")[0]["TRIGGER"].dt == timedelta(hours=9)
    assert not todo(reminders, call(reminders.create_reminder, text="some day")).walk("VALARM")


def test_a_due_date_that_is_unclear_or_past_makes_no_reminder(reminders: Reminders) -> None:
    for due, message in [
        ("soon", "no date or time that I know"),
        ("yesterday", "has passed"),
        ("next Friday", "Is next Friday Friday 4 December or Friday 27 November"),
        ("next week", "Which day"),
    ]:
        with pytest.raises(ToolFailed, match=message):
            call(reminders.create_reminder, text="x", due=due)
    assert not reminders.folder.exists()


def test_what_is_understood_is_told_beforehand(reminders: Reminders) -> None:
    told = reminders.create_reminder.understood
    assert told
    assert told({"text": "x", "due": "in two hours"}) == {"due": "Tuesday 24 November, 16:20"}
    assert told({"text": "dinner", "due": "Friday at 8"}) == {"due": "Friday 27 November, 20:00"}
    assert told({"text": "x"}) == {}
    call(reminders.create_reminder, text="ring florist")
    assert reminders.complete_reminder.understood
    assert reminders.complete_reminder.understood({"text": "florist"}) == {"text": "ring florist"}


def test_what_was_done_can_be_taken_back(reminders: Reminders) -> None:
    undo, reopen = reminders.create_reminder.undo, reminders.complete_reminder.undo
    assert undo
    assert reopen
    name = call(reminders.create_reminder, text="milk", due="tomorrow")
    before = (reminders.folder / f"{name}.ics").read_text()
    done = call(reminders.complete_reminder, text="milk")
    assert reopen({"text": "milk"}, done) == "milk is open again"
    assert call(reminders.list_reminders) == ["milk"]
    assert sorted((reminders.folder / f"{name}.ics").read_text().split()) == sorted(before.split())
    assert undo({"text": "milk"}, name) == "There is no reminder to milk any more"
    assert call(reminders.list_reminders) == []
    with pytest.raises(ToolFailed, match="not there any more"):
        undo({"text": "milk"}, name)
    with pytest.raises(ToolFailed, match="not there any more"):
        undo({"text": "milk"}, "../../etc/passwd")


def test_open_reminders_are_listed_oldest_first_and_by_list(reminders: Reminders, watch: Watch) -> None:
    for text, group in [("milk", "Groceries"), ("call mum", None), ("12 eggs", "groceries")]:
        watch.time += timedelta(seconds=1)
        call(reminders.create_reminder, text=text, **({"list": group} if group else {}))
    assert call(reminders.list_reminders) == ["milk", "call mum", "12 eggs"]
    assert call(reminders.list_reminders, list="grocery") == []
    assert call(reminders.list_reminders, list="the groceries") == ["milk", "12 eggs"]
    assert answer(reminders.list_reminders, list="nothing there") == "Open reminders: nothing."
    assert answer(reminders.list_reminders) == "Open reminders: milk, call mum and 12 eggs."


def test_a_list_of_any_name_is_found_again(reminders: Reminders) -> None:
    for name in ("Bex, me; and \\ others", r"C:\New", "two\nlines"):
        call(reminders.create_reminder, text=f"bread for {name}", list=name)
        assert len(call(reminders.list_reminders, list=name)) == 1


def test_reminders_are_listed_by_when_they_are_due(reminders: Reminders, watch: Watch) -> None:
    call(reminders.create_reminder, text="rent", due="2026-12-01T09:00")
    call(reminders.create_reminder, text="eye drops", due="tomorrow at 8am")
    call(reminders.create_reminder, text="florist", due="Thursday")
    call(reminders.create_reminder, text="some day")
    assert call(reminders.list_reminders, when="2026-12-01") == ["rent"]
    assert call(reminders.list_reminders, when="tomorrow") == ["eye drops"]
    assert call(reminders.list_reminders, when="tomorrow afternoon") == []
    assert call(reminders.list_reminders, when="this week") == ["eye drops", "florist"]
    assert call(reminders.list_reminders, when="before Friday") == ["eye drops", "florist"]
    watch.time += timedelta(days=1)
    assert call(reminders.list_reminders, when="tomorrow") == ["florist"]
    assert call(reminders.list_reminders, when="today") == ["eye drops"]


def test_a_reminder_that_repeats_is_done_until_the_next_time(reminders: Reminders, watch: Watch) -> None:
    name = call(reminders.create_reminder, text="water the ferns", due="every Monday at 9")
    assert todo(reminders, name)["RRULE"].to_ical() == b"FREQ=WEEKLY;BYDAY=MO"
    assert reminders.create_reminder.understood
    assert reminders.create_reminder.understood({"text": "x", "due": "every Monday at 9"}) == {
        "due": "Monday 30 November, 09:00, then every week on Monday"
    }
    watch.time = datetime(2026, 11, 30, 10, 0, tzinfo=LISBON)
    done = call(reminders.complete_reminder, text="ferns")
    assert done == "Done: water the ferns, until Monday 7 December, 09:00"
    assert todo(reminders, name)["DUE"].dt == datetime(2026, 12, 7, 9, 0, tzinfo=LISBON)
    assert call(reminders.list_reminders) == ["water the ferns"]
    call(reminders.create_reminder, text="rent", due="every month on the 1st")
    assert call(reminders.complete_reminder, text="rent") == "Done: rent, until Friday 1 January 2027"
    assert reminders.complete_reminder.undo
    with pytest.raises(ToolFailed, match="not among the reminders that are done for good"):
        reminders.complete_reminder.undo({"text": "ferns"}, done)


def test_reminders_of_an_older_version_have_only_what_was_said(reminders: Reminders) -> None:
    reminders.folder.mkdir()
    (reminders.folder / "old.ics").write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTODO\nUID:1\nSUMMARY:eye drops\n"
        "CREATED:20261122T100000Z\nX-SCRUBJAY-SAID:in three days\nEND:VTODO\nEND:VCALENDAR\n"
    )
    assert call(reminders.list_reminders, when="tomorrow") == ["eye drops"]
    assert call(reminders.list_reminders, when="Thursday") == []


def test_a_reminder_is_done_once_its_words_are_clear(reminders: Reminders) -> None:
    for text in ("ring florist", "phone Farid", "phone Valentina"):
        call(reminders.create_reminder, text=text)
    assert answer(reminders.complete_reminder, text="ringing the florist") == "Done: ring florist."
    assert call(reminders.list_reminders) == ["phone Farid", "phone Valentina"]
    with pytest.raises(
        ToolQuestion, match=r"2 reminders match phone: phone Farid or phone Valentina\. Which one\?"
    ):
        call(reminders.complete_reminder, text="phone")
    with pytest.raises(ToolQuestion, match=r"Did you mean phone Farid\?"):
        call(reminders.complete_reminder, text="fone farid")
    with pytest.raises(ToolFailed, match="No open reminder says wedding"):
        call(reminders.complete_reminder, text="wedding")


def test_of_two_equal_reminders_the_older_is_done_first(reminders: Reminders, watch: Watch) -> None:
    first = call(reminders.create_reminder, text="milk")
    watch.time += timedelta(hours=1)
    second = call(reminders.create_reminder, text="milk")
    call(reminders.complete_reminder, text="milk")
    assert todo(reminders, first)["STATUS"] == "COMPLETED"
    assert todo(reminders, second)["STATUS"] == "NEEDS-ACTION"


def test_completing_keeps_what_other_programs_wrote(reminders: Reminders) -> None:
    reminders.folder.mkdir()
    path = reminders.folder / "tasks.ics"
    before = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Tasks//EN\n"
        "BEGIN:VTODO\nUID:1\nSUMMARY:water the ferns\nX-COLOUR:green\nEND:VTODO\n"
        "BEGIN:VTODO\nUID:2\nSUMMARY:old\nSTATUS:CANCELLED\nEND:VTODO\n"
        "BEGIN:VTODO\nUID:3\nSUMMARY:bins\nSTATUS:IN-PROCESS\nEND:VTODO\nEND:VCALENDAR\n"
    )
    path.write_text(before)
    call(reminders.complete_reminder, text="bins")
    assert call(reminders.list_reminders) == ["water the ferns"]
    done = "BEGIN:VTODO\nSTATUS:COMPLETED\nCOMPLETED:20261124T142000Z\nUID:3\nSUMMARY:bins\nEND:VTODO\n"
    assert path.read_text() == before.replace(
        "BEGIN:VTODO\nUID:3\nSUMMARY:bins\nSTATUS:IN-PROCESS\nEND:VTODO\n", done
    )


def test_a_broken_file_hides_no_other_and_is_named_when_it_is_all_there_is(reminders: Reminders) -> None:
    reminders.folder.mkdir()
    (reminders.folder / "broken.ics").write_text("BEGIN:VCALENDAR\nBEGIN:VTODO\n")
    with pytest.raises(ToolFailed, match=r"broken\.ics cannot be read"):
        call(reminders.list_reminders)
    call(reminders.create_reminder, text="milk")
    assert call(reminders.list_reminders) == ["milk"]


def test_a_reminder_needs_a_text(reminders: Reminders) -> None:
    with pytest.raises(ToolFailed, match="needs a text"):
        call(reminders.create_reminder, text=" ")


texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60).filter(
    lambda text: any(map(str.isalnum, text))
)


@settings(max_examples=40, deadline=None)  # each writes to the disk
@given(texts)
@example(r"copy C:\New\notes; then, rest")
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    reminders = Reminders(tmp_path_factory.mktemp("reminders"), Times(lambda: NOW))
    call(reminders.create_reminder, text=text, due="on\nMonday")
    assert call(reminders.list_reminders) == [" ".join(text.split())]
    call(reminders.complete_reminder, text=text)
    assert call(reminders.list_reminders) == []
