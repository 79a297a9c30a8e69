"""Dates, times and periods as people say them."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrubjay.tools.said.dates import NotUnderstood, Speaking, read_when
from scrubjay.tools.said.readings import Reading, in_words, local

PAGE = Path(__file__).parent / "data/dates.txt"
LISBON = ZoneInfo("Europe/Lisbon")
NOW = datetime(2026, 11, 24, 14, 20, tzinfo=LISBON)


def phrases() -> list[tuple[datetime, str, str]]:
    """The page's lines: now, what is said, what it means."""
    found, now = [], NOW
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("["):
            moment, zone = line.strip("[]").split()
            now = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone))
        elif " = " in line and not line.startswith("#"):
            said, meaning = line.rsplit(" = ", 1)
            found.append((now, said, meaning))
    return found


def understood(said: str, speaking: Speaking) -> str:
    """The readings, written as the page writes them."""
    try:
        return " or ".join(map(written, read_when(said, speaking)))
    except NotUnderstood:
        return "?"


def written(reading: Reading) -> str:
    if reading.is_moment:
        return _iso(reading.start)
    whole_day = reading.start.time() == time() and not isinstance(reading.at, datetime)
    if whole_day and reading.at is not None:
        return reading.at.isoformat()
    return "/".join(
        point.date().isoformat() if point.time() == time() else _iso(point)
        for point in (reading.start, reading.end)
    )


def _iso(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds").removesuffix(":00")


@pytest.mark.parametrize(("now", "said", "meaning"), phrases(), ids=lambda part: str(part)[:40])
def test_a_phrase_means_what_the_page_says(now: datetime, said: str, meaning: str) -> None:
    assert understood(said, Speaking(now)) == meaning


def test_there_are_three_hundred_phrases() -> None:
    assert len(phrases()) >= 300


def test_an_alarm_is_in_the_morning_unless_the_afternoon_is_near() -> None:
    alarm = Speaking(NOW, usually="morning")
    assert understood("7:30", alarm) == "2026-11-25T07:30"
    assert understood("tomorrow at 8", alarm) == "2026-11-25T08:00"
    assert understood("Saturday at 2", alarm) == "2026-11-28T14:00"
    assert understood("4:10", alarm) == "2026-11-24T16:10 or 2026-11-25T04:10"
    assert understood("7pm", alarm) == "2026-11-24T19:00"
    assert understood("1 o'clock", alarm) == "2026-11-25T13:00"


def test_what_is_usually_in_the_evening_is() -> None:
    assert understood("Friday at 8", Speaking(NOW, usually="evening")) == "2026-11-27T20:00"


def test_an_end_is_after_its_start() -> None:
    ends = Speaking(NOW, after=datetime(2026, 11, 27, 22, 0, tzinfo=LISBON))
    assert understood("11", ends) == "2026-11-27T23:00"
    assert understood("2:15 am", ends) == "2026-11-28T02:15"
    assert understood("half past one", ends) == "2026-11-28T01:30"


def test_a_time_alone_is_on_the_day_of_what_is_moved() -> None:
    moved = Speaking(NOW, on=date(2026, 12, 3))
    assert understood("4pm", moved) == "2026-12-03T16:00"
    assert understood("half past nine", moved) == "2026-12-03T09:30"
    assert understood("tomorrow at 4pm", moved) == "2026-11-25T16:00"


def test_dates_in_numbers_follow_what_was_set() -> None:
    assert understood("3/4", Speaking(NOW, numbers="day first")) == "2027-04-03"
    assert understood("3/4", Speaking(NOW, numbers="month first")) == "2027-03-04"
    assert understood("25/12", Speaking(NOW, numbers="month first")) == "2026-12-25"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("tomorrow at 2pm", "Wednesday 25 November, 14:00"),
        ("March 3rd", "Wednesday 3 March 2027"),
        ("tomorrow morning", "Wednesday 25 November, 05:00 to 12:00"),
        ("tonight", "Tuesday 24 November, 18:00 to midnight"),
        ("next week", "Monday 30 November to Sunday 6 December"),
        ("rest of the week", "Tuesday 24 November, 14:20 to the end of Sunday 29 November"),
    ],
)
def test_what_was_understood_is_told_in_words(said: str, words: str) -> None:
    (reading,) = read_when(said, Speaking(NOW))
    assert in_words(reading, NOW) == words


def test_what_is_not_understood_is_told_with_an_example() -> None:
    with pytest.raises(NotUnderstood, match=r"'soon' is no date or time that I know\. Say it like"):
        read_when("soon", Speaking(NOW))
    with pytest.raises(NotUnderstood, match="June has no day 31"):
        read_when("31 June", Speaking(NOW))


moments = st.datetimes(datetime(2020, 1, 1), datetime(2050, 1, 1)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
zones = st.sampled_from(["Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]).map(
    ZoneInfo
)


@given(moments, moments, zones)
def test_a_moment_told_in_words_is_read_back(now: datetime, then: datetime, zone: ZoneInfo) -> None:
    here = now.replace(tzinfo=zone)
    moment = local(then.date(), then.time(), zone)
    words = in_words(Reading(moment, moment, moment), here)
    found = read_when(words, Speaking(here))
    if moment > here or moment.year != here.year:
        assert found == [Reading(moment, moment, moment)]


WORDS = """
tomorrow friday next last this the of at in on to from half past quarter 3 12 31st 2027 may march pm am noon
midnight week weekend month day days hours minutes an a two rest end first - / 3/4 9:30 before after until
morning night tonight easter every
"""
vocabulary = st.sampled_from(WORDS.split())


@given(st.one_of(st.text(max_size=30), st.lists(vocabulary, max_size=7).map(" ".join)), moments, zones)
@example("in 99999999999 years", NOW.replace(tzinfo=None), LISBON)
@example("0/0/0", NOW.replace(tzinfo=None), LISBON)
def test_any_text_is_read_or_refused(said: str, now: datetime, zone: ZoneInfo) -> None:
    speaking = Speaking(now.replace(tzinfo=zone))
    try:
        found = read_when(said, speaking)
    except NotUnderstood:
        return
    assert found
    for reading in found:
        assert reading.start <= reading.end
        assert reading.start.tzinfo is not None
        assert in_words(reading, speaking.now)


@given(moments, st.integers(1, 5000), zones)
def test_hours_are_counted_on_the_clock_and_days_on_the_calendar(
    now: datetime, count: int, zone: ZoneInfo
) -> None:
    here = local(now.date(), now.time(), zone)
    (hours,) = read_when(f"in {count} hours", Speaking(here))
    assert hours.start.timestamp() - here.timestamp() == count * 3600
    (days,) = read_when(f"in {count} days", replace(Speaking(here)))
    assert days.at == here.date() + timedelta(days=count)
