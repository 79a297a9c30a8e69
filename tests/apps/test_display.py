"""What a person sees of a request."""

import time
from io import StringIO

from rich.console import Console

from scrubjay.agent.events import Event, StepPlanned
from scrubjay.agent.plan import Step
from scrubjay.apps.display import open_display
from scrubjay.apps.record import Record

from .streams import failing, texting


def _shown(events: list[Event], *, terminal: bool, width: int = 80) -> str:
    console = Console(file=StringIO(), force_terminal=terminal, width=width, color_system=None)
    record = Record()
    display = open_display(console, record)
    for event in events:
        record.see(event)
        display.see(event)
    display.close()
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().replace("\x1b[K", "")  # to the end of the line: cleared


def test_a_pipe_gets_plain_lines_in_the_order_in_which_things_happened() -> None:
    assert _shown(texting(), terminal=False).splitlines() == [
        '$1 = get_phone_number(name="Sid")',
        "$1 started at 20 ms",
        '$2 = send_sms(to=[$1], message="running late")',
        "plan ready at 60 ms, 40 tokens",
        "$1 done at 80 ms: 555-0101",
        "$2 needs consent: Send “running late” to 555-0101?",
        "$2 started at 90 ms",
        "$2 done at 95 ms: Message sent",
        "",
        "Message sent.",
    ]


def test_a_terminal_shows_each_step_with_its_result_and_time() -> None:
    shown = _shown(texting(), terminal=True)
    assert '$1 = get_phone_number(name="Sid")' in shown
    assert "555-0101" in shown
    assert "20-80 ms" in shown
    assert "Planned in 60 ms, 40 tokens" in shown


def test_the_question_stands_under_the_plan_while_a_step_waits() -> None:
    shown = _shown(texting()[:11], terminal=True)
    assert "Send “running late” to 555-0101?\n[y]es / [n]o / [a]ll in this request" in shown.replace("\r", "")


def test_a_narrow_terminal_wraps_and_loses_nothing() -> None:
    narrow = _shown(texting("5" * 150), terminal=True, width=30)
    assert max(len(line) for line in narrow.splitlines()) < 60
    assert narrow.count("5") >= 150


def test_a_question_stays_in_sight_when_the_plan_is_longer_than_the_screen() -> None:
    output = StringIO()
    record = Record()
    for number in range(100, 160):
        record.see(StepPlanned(Step(number, "current_time")))
    for event in texting()[:11]:
        record.see(event)
    display = open_display(Console(file=output, force_terminal=True, width=80, height=20), record)
    until = time.monotonic() + 60
    while "[y]es" not in output.getvalue() and time.monotonic() < until:
        time.sleep(0.1)
    on_screen = output.getvalue()
    display.close()
    assert "[y]es / [n]o" in on_screen
    assert "$100 = current_time()" not in on_screen
    assert "$100 = current_time()" in output.getvalue()


def test_no_result_can_steer_the_terminal() -> None:
    for terminal in (True, False):
        shown = _shown(failing("\x1b]0;owned\x07 \u202eevil"), terminal=terminal)
        assert "\x1b]0;" not in shown
        assert "\u202e" not in shown
