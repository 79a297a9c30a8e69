"""The clock app."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from scrubjay.tools.clock import Clock
from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.times import Times

from .calling import answer, call

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=ZoneInfo("Europe/Lisbon"))


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock", Times(lambda: NOW))


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


def test_an_alarm_rings_at_its_time_and_keeps_what_was_said(clock: Clock) -> None:
    found = todo(clock, call(clock.set_alarm, time="quarter to seven", label="early shift"))
    assert found["DTSTART"].dt == datetime(2026, 11, 25, 6, 45, tzinfo=ZoneInfo("Europe/Lisbon"))
    assert found["X-SCRUBJAY-SAID"] == "quarter to seven"
    assert found["SUMMARY"] == "early shift"
    assert found.walk("VALARM")[0]["TRIGGER"].dt == timedelta(0)


@pytest.mark.parametrize(
    ("time", "repeat", "first", "rule"),
    [
        ("every weekday at 7", None, "2026-11-25T07:00", b"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("06:10", "daily", "2026-11-25T06:10", b"FREQ=DAILY"),
        ("Saturday at 7", "weekdays", "2026-11-30T07:00", b"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("half past nine", "weekends", "2026-11-28T09:30", b"FREQ=WEEKLY;BYDAY=SA,SU"),
        ("Friday at 8pm", "weekly", "2026-11-27T20:00", b"FREQ=WEEKLY"),
    ],
)
def test_an_alarm_repeats_from_the_first_day_that_fits(
    clock: Clock, time: str, repeat: str | None, first: str, rule: bytes
) -> None:
    found = todo(clock, call(clock.set_alarm, time=time, **({"repeat": repeat} if repeat else {})))
    assert found["DTSTART"].dt.replace(tzinfo=None) == datetime.fromisoformat(first)
    assert found["RRULE"].to_ical() == rule


def test_an_alarm_needs_a_time_that_is_clear_and_ahead(clock: Clock) -> None:
    for time, message in [
        (" ", "no date or time"),
        ("tomorrow", r"At what time on Wednesday 25 November\?"),
        ("yesterday at 7", "has passed"),
        ("4:30", "Tuesday 24 November, 16:30 or Wednesday 25 November, 04:30"),
    ]:
        with pytest.raises(ToolFailed, match=message):
            call(clock.set_alarm, time=time)
    assert not clock.folder.exists()


def test_alarms_and_timers_are_told_beforehand_and_can_be_taken_off(clock: Clock) -> None:
    assert clock.set_alarm.understood
    assert clock.set_alarm.understood({"time": "7"}) == {"time": "Wednesday 25 November, 07:00"}
    assert clock.set_alarm.undo
    assert clock.set_timer.undo
    alarm, timer = call(clock.set_alarm, time="7"), call(clock.set_timer, duration="an hour")
    assert clock.set_alarm.undo({"time": "7"}, alarm) == "The alarm is off"
    assert clock.set_timer.undo({"duration": "an hour"}, timer) == "The timer is off"
    assert not list(clock.folder.iterdir())


def test_the_time_is_told_here_and_elsewhere(clock: Clock) -> None:
    assert call(clock.current_time) == "Tuesday 24 November 2026, 14:20"
    assert answer(clock.current_time, timezone="Tokyo") == "It is Tuesday 24 November 2026, 23:20."
    assert call(clock.current_time, timezone="Auckland") == "Wednesday 25 November 2026, 03:20"
    with pytest.raises(ToolFailed, match="I don't know the time zone of 'Atlantis'"):
        call(clock.current_time, timezone="Atlantis")
