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
