"""What rings, when, and that it does so once: on real files, with processes that are killed."""

import asyncio
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scrubjay.tools.clock import Clock
from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.reminders import Reminders
from scrubjay.tools.ringing import Ring, Ringer
from scrubjay.tools.times import Times

from .calling import call

LISBON = ZoneInfo("Europe/Lisbon")


class Desk:
    """The apps and the ringer on one folder, with a clock that tests set."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 11, 24, 14, 20, tzinfo=LISBON)
        times = Times(lambda: self.now)
        self.reminders = Reminders(folder / "reminders", times)
        self.clock = Clock(folder / "clock", times)
        self.ringer = Ringer((folder / "reminders", folder / "clock"), times)

    def ring(self, **later: float) -> list[str]:
        """What is shown after some time."""
        self.now += timedelta(**later)
        shown: list[str] = []

        async def show(ring: Ring) -> None:
            shown.append(f"{ring.title}: {ring.text(self.now)}")

        asyncio.run(self.ringer.ring(show))
        return shown


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_each_rings_once_when_its_time_has_come(desk: Desk) -> None:
    call(desk.reminders.create_reminder, text="call mum", due="in 10 minutes")
    call(desk.clock.set_timer, duration="20 minutes", label="tea")
    call(desk.clock.set_alarm, time="3pm", label="bus")
    assert desk.ring() == []
    assert desk.ring(minutes=9, seconds=59) == []
    assert desk.ring(seconds=1) == ["Reminder: call mum"]
    assert desk.ring(minutes=1) == []
    assert desk.ring(minutes=9) == ["Timer: tea"]
    assert desk.ring(minutes=20) == ["Alarm: bus"]
    assert desk.ring(days=30) == []


def test_what_was_missed_is_told_at_the_next_start(desk: Desk, tmp_path: Path) -> None:
    call(desk.reminders.create_reminder, text="call mum", due="in 10 minutes")
    call(desk.clock.set_alarm, time="7am", repeat="daily", label="up")
    later = Desk(tmp_path)
    later.now += timedelta(days=3)
    assert later.ring() == [
        "Missed reminder: call mum (Tuesday 24 November, 14:30)",
        "Missed alarm: up (Friday 27 November, 07:00)",
    ]
    assert later.ring() == []
    assert later.ring(hours=16, minutes=40) == ["Alarm: up"]


def test_a_day_rings_in_the_morning_and_what_is_done_does_not_ring(desk: Desk) -> None:
    call(desk.reminders.create_reminder, text="rent", due="tomorrow")
    call(desk.reminders.create_reminder, text="milk", due="tomorrow")
    call(desk.reminders.create_reminder, text="some day")
    call(desk.reminders.complete_reminder, text="milk")
    assert desk.ring(hours=18, minutes=39) == []
    assert desk.ring(minutes=1) == ["Reminder: rent"]


def test_an_alarm_on_weekdays_keeps_its_hour_when_summer_time_begins(desk: Desk) -> None:
    desk.now = datetime(2027, 3, 25, 12, 0, tzinfo=LISBON)  # a Thursday; the clock changes on Sunday
    call(desk.clock.set_alarm, time="7", repeat="weekdays")
    rung = []
    for _ in range(6 * 24):
        rung += [f"{desk.now:%a %H:%M}" for _ in desk.ring(hours=1)]
    assert rung == ["Fri 07:00", "Mon 07:00", "Tue 07:00", "Wed 07:00"]


def test_alarms_of_other_programs_ring_too(desk: Desk) -> None:
    folder = desk.reminders.folder
    folder.mkdir()
    (folder / "tasks.ics").write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTODO\nUID:1\nSUMMARY:train\nDUE:20261124T160000Z\n"
        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=END:-PT30M\nEND:VALARM\n"
        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=END:-PT5M\nEND:VALARM\nEND:VTODO\n"
        "BEGIN:VTODO\nUID:2\nSUMMARY:fixed\n"
        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20261124T153100Z\nEND:VALARM\nEND:VTODO\n"
        "END:VCALENDAR\n"
    )
    assert desk.ring(minutes=69) == []
    assert desk.ring(minutes=1) == ["Reminder: train"]
    assert desk.ring(minutes=1) == ["Reminder: fixed"]
    assert desk.ring(minutes=24) == ["Reminder: train"]
    assert desk.ring(days=1) == []


def test_what_could_not_be_shown_stays_due(desk: Desk) -> None:
    call(desk.reminders.create_reminder, text="call mum", due="in 10 minutes")
    desk.now += timedelta(minutes=10)

    async def nobody(ring: Ring) -> None:
        raise ToolFailed("there is no desktop")

    with pytest.raises(ToolFailed):
        asyncio.run(desk.ringer.ring(nobody))
    assert desk.ring() == ["Reminder: call mum"]


def test_two_that_ring_at_the_same_time_show_it_once(desk: Desk, tmp_path: Path) -> None:
    call(desk.reminders.create_reminder, text="call mum", due="in 10 minutes")
    other = Desk(tmp_path)
    desk.now = other.now = desk.now + timedelta(minutes=10)
    shown: list[str] = []

    async def slowly(ring: Ring) -> None:
        shown.append(ring.item.text)
        await asyncio.sleep(0.05)

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            for ringer in (desk.ringer, other.ringer):
                group.create_task(ringer.ring(slowly))

    asyncio.run(both())
    assert shown == ["call mum"]


def test_a_broken_file_keeps_no_other_from_ringing(desk: Desk) -> None:
    call(desk.reminders.create_reminder, text="call mum", due="in 10 minutes")
    (desk.reminders.folder / "broken.ics").write_text("BEGIN:VCALENDAR\nBEGIN:VTODO\nDUE:soon\n")
    assert desk.ring(minutes=10) == ["Reminder: call mum"]


WATCH = """
import asyncio, sys
from pathlib import Path
from scrubjay.tools.ringing import Ringer

async def show(ring):
    print(ring.title, ring.item.text, flush=True)

folder = Path(sys.argv[1])
asyncio.run(Ringer((folder / "reminders", folder / "clock")).run(show, every_s=0.05))
"""


def test_it_rings_in_a_process_that_is_killed_and_started_again(tmp_path: Path) -> None:
    """With the real clock: a timer that is set while it runs rings, once, whatever happens to the process."""
    clock = Clock(tmp_path / "clock")
    command = [sys.executable, "-c", WATCH, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        call(clock.set_timer, duration="1 second", label="tea")
        call(clock.set_alarm, time="in 2 seconds", label="bus")
        assert first.stdout.readline() == "Timer tea\n"
        while not any("RANG" in path.read_text() for path in clock.folder.glob("timer-*.ics")):
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
        assert first.stdout.read() == ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
        assert second.stdout is not None
        assert second.stdout.readline() == "Alarm bus\n"
        second.send_signal(signal.SIGKILL)
        assert second.stdout.read() == ""
