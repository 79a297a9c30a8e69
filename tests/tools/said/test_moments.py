"""Plain ISO 8601."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.said.moments import iso_moment

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)


def test_dates_and_times_are_read() -> None:
    assert iso_moment("2026-12-01", NOW) == date(2026, 12, 1)
    assert iso_moment(" 2026-12-01T09:30 ", NOW) == datetime(2026, 12, 1, 9, 30)
    assert iso_moment("2026-12-01 09:30:15Z", NOW) == datetime(2026, 12, 1, 9, 30, 15, tzinfo=UTC)


def test_a_time_is_the_next_one() -> None:
    assert iso_moment("18:30", NOW) == datetime(2026, 11, 24, 18, 30)
    assert iso_moment("06:10", NOW) == datetime(2026, 11, 25, 6, 10)
    assert iso_moment("14:20", NOW) == datetime(2026, 11, 25, 14, 20)


@pytest.mark.parametrize(
    "said",
    ["", "tomorrow at 2pm", "2026-13-01", "2026-02-30", "25:00", "6:10", "10", "20261201", "2026-12-01T09"],
)
def test_everything_else_stays_as_it_was_said(said: str) -> None:
    assert iso_moment(said, NOW) is None


@given(st.datetimes())
def test_what_isoformat_writes_is_read_back(moment: datetime) -> None:
    assert iso_moment(moment.isoformat(), NOW) == moment
