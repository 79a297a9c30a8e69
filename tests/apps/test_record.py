"""What a request's stream becomes as JSON."""

import json

from scrubjay.agent.events import Event
from scrubjay.apps.record import Record, StepStatus

from .streams import failing, texting


def _record(events: list[Event]) -> Record:
    record = Record()
    for event in events:
        record.see(event)
    return record


def test_a_finished_request_has_every_key_and_no_other() -> None:
    written = _record(texting()).as_json()
    assert list(written) == ["request", "plan", "steps", "answer", "timings"]
    assert written["plan"][1] == {"tool": "send_sms", "args": {"to": ["$1"], "message": "running late"}}
    assert written["steps"][0] == {
        "id": 1,
        "tool": "get_phone_number",
        "args": {"name": "Sid"},
        "status": "done",
        "result": "555-0101",
        "started_ms": 20.0,
        "ended_ms": 80.0,
    }
    json.dumps(written)


def test_steps_have_the_arguments_they_ran_with() -> None:
    assert _record(texting()).as_json()["steps"][1]["args"] == {"to": ["555-0101"]}


def test_the_result_of_a_failed_step_is_what_went_wrong() -> None:
    (step,) = _record(failing("no contact is called Sid")).as_json()["steps"]
    assert (step["status"], step["result"]) == ("failed", "no contact is called Sid")


def test_the_unfinished_line_grows_and_is_gone_when_it_ends() -> None:
    seen = Record()
    lines = []
    for event in texting():
        seen.see(event)
        lines.append(seen.unfinished)
    assert "$2 = send" in lines
    assert lines[-1] == ""


def test_a_step_that_waits_for_consent_says_so() -> None:
    record = _record(texting()[:11])
    assert record.steps[2].status is StepStatus.ASKING
    assert list(record.questions) == [2]
