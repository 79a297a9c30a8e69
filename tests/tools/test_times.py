"""Dates and times of arguments."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from scrubjay.tools.errors import ToolFailed, ToolQuestion
from scrubjay.tools.settings import TimeSettings
from scrubjay.tools.times import Times

LISBON = ZoneInfo("Europe/Lisbon")
NOW = datetime(2026, 11, 24, 14, 20, tzinfo=LISBON)
TIMES = Times(lambda: NOW)


def test_a_moment_or_a_day_is_read() -> None:
    assert TIMES.point("tomorrow at 2pm") == datetime(2026, 11, 25, 14, tzinfo=LISBON)
    assert TIMES.point("tomorrow") == date(2026, 11, 25)
    assert TIMES.point("tomorrow evening") == datetime(2026, 11, 25, 19, tzinfo=LISBON)


def test_two_likely_readings_are_a_question_whose_answers_can_be_read() -> None:
    with pytest.raises(ToolQuestion) as asked:
        TIMES.point("next Friday at 3pm")
    assert asked.value.choices == ("Friday 4 December, 15:00", "Friday 27 November, 15:00")
    assert asked.value.question == (
        "Is next Friday at 3pm Friday 4 December, 15:00 or Friday 27 November, 15:00?"
    )
    assert TIMES.point(asked.value.choices[1]) == datetime(2026, 11, 27, 15, tzinfo=LISBON)


def test_a_whole_period_is_a_question_where_a_time_is_needed() -> None:
    with pytest.raises(
        ToolQuestion, match=r"next week is Monday 30 November to Sunday 6 December\. Which day"
    ):
        TIMES.point("next week")
    assert TIMES.period("next week").end == datetime(2026, 12, 7, tzinfo=LISBON)


def test_what_has_passed_is_refused_where_it_must_be_ahead() -> None:
    with pytest.raises(ToolFailed, match=r"yesterday at 3pm is Monday 23 November, 15:00, which has passed"):
        TIMES.coming("yesterday at 3pm")
    assert TIMES.coming("today") == date(2026, 11, 24)


def test_what_is_no_time_fails_with_an_example() -> None:
    with pytest.raises(ToolFailed, match="Say it like"):
        TIMES.point("whenever")


def test_the_zone_is_the_one_that_was_set_or_the_system_s() -> None:
    assert Times.chosen(TimeSettings(zone="Asia/Tokyo")).now().tzinfo == ZoneInfo("Asia/Tokyo")
    assert Times.chosen(TimeSettings()).now().utcoffset() is not None


@pytest.mark.parametrize(
    ("said", "first", "rule"),
    [
        (
            "every weekday at 9",
            "2026-11-25T09:00",
            {"FREQ": "WEEKLY", "BYDAY": ["MO", "TU", "WE", "TH", "FR"]},
        ),
        ("every day at 6pm", "2026-11-24T18:00", {"FREQ": "DAILY"}),
        ("daily at noon", "2026-11-25T12:00", {"FREQ": "DAILY"}),
        ("every morning at 7", "2026-11-25T07:00", {"FREQ": "DAILY"}),
        ("at 10 every Tuesday", "2026-12-01T10:00", {"FREQ": "WEEKLY", "BYDAY": ["TU"]}),
        ("every Mon and Wed at 5:30pm", "2026-11-25T17:30", {"FREQ": "WEEKLY", "BYDAY": ["MO", "WE"]}),
        ("every other Friday", "2026-11-27", {"FREQ": "WEEKLY", "INTERVAL": 2, "BYDAY": ["FR"]}),
        ("every 3 days at 8pm", "2026-11-24T20:00", {"FREQ": "DAILY", "INTERVAL": 3}),
        ("every month on the 1st", "2026-12-01", {"FREQ": "MONTHLY"}),
        ("every weekend", "2026-11-28", {"FREQ": "WEEKLY", "BYDAY": ["SA", "SU"]}),
        ("weekly on Thursday at 3", "2026-11-26T15:00", {"FREQ": "WEEKLY"}),
    ],
)
def test_what_repeats_has_a_first_time_and_a_rule(said: str, first: str, rule: dict[str, object]) -> None:
    point, repeat = TIMES.repeating(said)
    assert repeat is not None
    assert (point.isoformat()[:16], repeat.rule()) == (first, rule)


def test_what_repeats_is_asked_about_with_answers_that_repeat() -> None:
    with pytest.raises(ToolQuestion) as asked:
        TIMES.repeating("every Friday at 8")
    assert asked.value.choices == ("every Friday at 8 in the morning", "every Friday at 8 in the evening")
    assert TIMES.repeating(asked.value.choices[1])[0] == datetime(2026, 11, 27, 20, tzinfo=LISBON)
    assert TIMES.repeating("tomorrow at 2") == (datetime(2026, 11, 25, 14, tzinfo=LISBON), None)
