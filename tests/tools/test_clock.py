"""The clock app."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from scrubjay.tools.clock import Clock
from scrubjay.tools.errors import ToolFailed

from .calling import answer, call

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=ZoneInfo("Europe/Lisbon"))


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock", lambda: NOW)


def todo(clock: Clock, name: str) -> Any:
    (found,) = Calendar.from_ical((clock.folder / f"{name}.ics").read_bytes()).walk("VTODO")
    return found


def test_a_timer_runs_from_now_and_rings_at_its_end(clock: Clock) -> None:
    found = todo(clock, call(clock.set_timer, duration="an hour and a half", label="tea"))
    assert found["SUMMARY"] == "tea"
    assert found["DTSTART"].dt == NOW
    assert found["DUE"].dt == NOW + timedelta(minutes=90)
    (alarm,) = found.walk("VALARM")
    assert alarm["TRIGGER"].params["RELATED"] == "END"
    assert answer(clock.set_timer, duration="10 minutes") == "Timer set for 10 minutes."


def test_a_timer_of_no_clear_length_is_refused(clock: Clock) -> None:
    with pytest.raises(ToolFailed, match="'a while' is not a length of time"):
        call(clock.set_timer, duration="a while")
    assert not clock.folder.exists()


def test_an_alarm_at_a_plain_time_rings_at_that_time_wherever_one_is(clock: Clock) -> None:
    found = todo(clock, call(clock.set_alarm, time="06:10", label="early shift", repeat="weekdays"))
    assert found["DTSTART"].dt == datetime(2026, 11, 25, 6, 10)
    assert found["RRULE"].to_ical() == b"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    assert found.walk("VALARM")


def test_an_alarm_in_words_keeps_them(clock: Clock) -> None:
    found = todo(clock, call(clock.set_alarm, time="quarter to seven", repeat="daily"))
    assert found["X-SCRUBJAY-SAID"] == "quarter to seven"
    assert found["X-SCRUBJAY-REPEAT"] == "daily"
    assert "DTSTART" not in found
    assert answer(clock.set_alarm, time="quarter to seven") == "Alarm set for quarter to seven."
    with pytest.raises(ToolFailed):
        call(clock.set_alarm, time=" ")


def test_the_time_is_told_here_and_elsewhere(clock: Clock) -> None:
    assert call(clock.current_time) == "Tuesday 24 November 2026, 14:20"
    assert answer(clock.current_time, timezone="Tokyo") == "It is Tuesday 24 November 2026, 23:20."
    assert call(clock.current_time, timezone="Auckland") == "Wednesday 25 November 2026, 03:20"
    with pytest.raises(ToolFailed, match="I don't know the time zone of 'Atlantis'"):
        call(clock.current_time, timezone="Atlantis")
