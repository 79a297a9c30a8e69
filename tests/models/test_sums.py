"""What a thought wants to know is worked out for it, and nothing else is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.sums import made_up_dates, worked_out

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("1+1+5=", "7"),
        ("(640-220)/4*3=", "315"),
        ("80+80*25/100=", "100"),
        ("2.5*1000=", "2500"),
        ("10/4=", "2.5"),
        ("10/3=", "3.33"),
        ("3-5=", "-2"),
        (" 12+30=", "42"),
        ("0-1/3000=", "-0.000333"),
        ("0-1/30000000=", "0"),
        ("0.125*1=", "0.13"),
        ("10000000000000000000.25*1=", "10000000000000000000.25"),
        ("1 me, 1 Ana, 2 the twins=", "4"),
        ("1 me, 1.5 apples=", "2.5"),
        ("min 90 Savoy, 207 Ritz, 112 Hotel 5=", "90 Savoy"),
        ("max 9.5 AB12, 12 U2, 7 LX3=", "12 U2"),
        ("min 7 AB12, 7 U2=", "7 AB12"),
        ("1500-20=", "1480"),
        ("0.001*2=", "0.002"),
        ("1/30000=", "0.000033"),
        ("2026-11-27+3*7=", "2026-12-18"),
        ("2026-11-27-2=", "2026-11-25"),
        ("2026-02-27+2=", "2026-03-01"),
        ("2028-02-27+2=", "2028-02-29"),
        ("2026-12-30+3*7-7=", "2027-01-13"),
        ("2026-11-27>Friday=", "2026-12-04"),
        ("2026-11-26>Friday=", "2026-11-27"),
        ("2026-11-27>3=", "2026-12-03"),
        ("2026-11-27>28=", "2026-11-28"),
        ("2026-11-27>27=", "2026-12-27"),
        ("2027-01-30>30=", "2027-03-30"),
        ("2026-11+1=", "2026-12"),
        ("2026-12+1=", "2027-01"),
        ("2 Friday 2026-11=", "2026-11-13"),
        ("last Friday 2026-11=", "2026-11-27"),
        ("2026-11-27T15:45-0:30=", "2026-11-27T15:15"),
        ("2026-11-27T23:45+1:30=", "2026-11-28T01:15"),
        ("2026-12-28 every 2 for 7=", "12-28 12-30 01-01 01-03"),
        ("2026-11-27 every 7 times 3=", "11-27 12-04 12-11"),
        ("2026-11-27 every 7 for 2*7=", "11-27 12-04"),
    ],
)
def test_sums(line: str, result: str) -> None:
    assert worked_out(line) == result


@pytest.mark.parametrize(
    "line",
    [
        "1+1",
        "=",
        "7=",
        "1+=",
        "1/0=",
        "9**9**9**9=",
        "__import__('os')=",
        "2026-13-27+1=",
        "2026-11-31>Friday=",
        "2026-11-27>0=",
        "2026-11-27>32=",
        "9999-12-31+1=",
        "5 Friday 2026-11=",
        "2 Friday 2026-13=",
        "2026-11-27T25:00+1:00=",
        "2026-11-27 every 0 for 7=",
        "2026-11-27 every 1 for 9999999999=",
        "2026-11-27+1/2=",
        "a=",
        "1+" * 90 + "1=",
        "(" * 70 + "1=",
        "me, Ana, the twins=",
        "007+1=",
        "1_000+1=",
        "min 3=",
        "min 3 4=",
        "min 3 Savoy=",
        "1 me=",
        "1 me, the twins=",
        "1 me, 2 3=",
        "1 + 2 eggs, 3 cups=",
        "2026-11-27=",
        "2026-11=",
        "2026-11-27-2026-11-20=",
        "2026-11-27+ 3=",
        "2026-13+1=",
        "2026-00+1=",
        "9999-12+1=",
        "2 Friday 2026-11, 3 x=",
    ],
)
def test_what_is_no_sum_is_left_to_the_thought(line: str) -> None:
    assert worked_out(line) is None


@given(st.text(max_size=90))
def test_any_text_is_read_without_harm(line: str) -> None:
    found = worked_out(line)
    assert found is None or line.endswith("=")


@given(DAYS, st.integers(0, 400))
def test_days_go_forth_and_back(day: date, count: int) -> None:
    later = worked_out(f"{day}+{count}=")
    assert later == str(day + timedelta(days=count))
    assert worked_out(f"{later}-{count}=") == str(day)


@given(DAYS, st.sampled_from(["Monday", "Friday", "Sunday"]))
def test_the_next_weekday_is_one_to_seven_days_away(day: date, weekday: str) -> None:
    found = date.fromisoformat(worked_out(f"{day}>{weekday}=") or "")
    assert 1 <= (found - day).days <= 7
    assert f"{found:%A}" == weekday


FACTS = "Tuesday 2026-11-24 03:15 en_GB"


@pytest.mark.parametrize(
    ("thought", "made_up"),
    [
        ("2026-11-24>3=2026-12-03\n2026-12-03-2=2026-12-01\n2026-12-01T15:00", []),
        ("2026-11+1=2026-12\n1 Tuesday 2026-12=2026-12-01", []),
        ("2026-11-24T03:15+0:30=2026-11-24T03:45", []),
        ("2026-11-24 every 2 for 7=11-24 11-26 11-28 11-30", []),
        ("1500-20=1480\n1 me, 2 the twins=3", []),
        ("last Friday 2021-11=2021-11-26", ["2021-11"]),
        ("2026-12-21>3=2027-01-03", ["2026-12-21"]),
        ("2026-11-24+1=2026-11-25\n2026-11-26T07:00-0:30=2026-11-26T06:30", ["2026-11-26"]),
        ("2026-11-25T15:00", ["2026-11-25"]),
    ],
)
def test_days_that_nobody_told_are_found(thought: str, made_up: list[str]) -> None:
    assert made_up_dates(thought, [FACTS, "remind me"]) == made_up
    assert (
        made_up_dates(thought, [FACTS, "not before 2021-11-30, 2026-12-21, 2026-11-25 or 2026-11-26"]) == []
    )
