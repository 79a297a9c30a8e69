"""How counts, lengths and amounts are said; every fifth of each list is held out.

n, h: a number as it is said, and in digits. u: its unit. r: minutes. s: how many in each. m: so many days.
"""

from __future__ import annotations

from .lists import Wordings, more

JOINED = Wordings(
    (
        "{rest} and {last}",
        "{rest}, and {last}",
        "{rest} plus {last}",
        "{rest} as well as {last}",
        "{rest} along with {last}",
        "{rest} together with {last}",
        "{rest} and also {last}",
        "{rest} & {last}",
        "{rest} and of course {last}",
        "{rest}, plus {last}",
        "{rest} with {last}",
        "{rest}, and then {last}",
        "{rest}, not forgetting {last}",
        "{rest}, also {last}",
        "{rest} and finally {last}",
    ),
    more("JOINED"),
)
WHOLE_HOURS = Wordings(
    (
        "{n} {u}",
        "{n} whole {u}",
        "{n} full {u}",
        "exactly {n} {u}",
        "{h}h",
        "{n} entire {u}",
        "{h} hrs",
        "{n} solid {u}",
        "{n} {u} straight",
        "precisely {n} {u}",
        "{n} {u} in all",
        "just {n} {u}",
        "{n} {u} on end",
        "a total of {n} {u}",
    ),
    more("WHOLE_HOURS"),
)
QUARTER_HOURS = Wordings(
    (
        "{n} and a quarter {u}",
        "{n} {u} and a quarter",
        "{n} {u} and 15 minutes",
        "{n} {u} 15",
        "{n} {u} and fifteen minutes",
        "{n} {u} plus a quarter",
        "{h}h15",
        "{n} {u} fifteen",
        "{n} {u} plus 15 minutes",
        "{n} {u} and 15 mins",
        "{h}.25 hours",
        "{n} {u} and a quarter of an hour",
        "{h}:15 hours",
        "{h} hrs 15 mins",
        "a quarter of an hour more than {n} {u}",
    ),
    more("QUARTER_HOURS"),
)
HALF_HOURS = Wordings(
    (
        "{n} and a half {u}",
        "{n} {u} and a half",
        "{n} {u} and 30 minutes",
        "{n} {u} thirty",
        "{n} {u} and thirty minutes",
        "{h}.5 hours",
        "{h}h30",
        "{n} {u} 30",
        "{n} {u} plus half an hour",
        "{n} {u} and 30 mins",
        "{n} {u} and half an hour",
        "{h}:30 hours",
        "{h} hrs 30 mins",
        "half an hour more than {n} {u}",
        "{n} {u} plus 30 minutes",
    ),
    more("HALF_HOURS"),
)
THREE_QUARTER_HOURS = Wordings(
    (
        "{n} and three quarter {u}",
        "{n} {u} and three quarters",
        "{n} {u} and 45 minutes",
        "{n} {u} 45",
        "{n} {u} and forty-five minutes",
        "{h}.75 hours",
        "{h}h45",
        "{n} {u} forty-five",
        "{n} {u} plus 45 minutes",
        "{n} {u} and 45 mins",
        "{n} {u} and three quarters of an hour",
        "{h}:45 hours",
        "{h} hrs 45 mins",
        "{n} {u} plus three quarters of an hour",
    ),
    more("THREE_QUARTER_HOURS"),
)
ODD_HOURS = Wordings(
    (
        "{n} {u} and {r} minutes",
        "{n} {u} {r} minutes",
        "{n} {u} {r}",
        "{n} {u} plus {r} minutes",
        "{n} {u} and {r} mins",
        "{h}h {r}min",
        "{h} hrs {r} mins",
        "{n} {u}, {r} minutes",
        "{h}:{r:02} hours",
        "{r} minutes more than {n} {u}",
        "{h} h {r} min",
        "{n} {u} and another {r} minutes",
        "{n} {u} with {r} minutes on top",
        "{r} minutes and {n} {u}",
    ),
    more("ODD_HOURS"),
)
HALVES = Wordings(
    (
        "{n} and a half {u}",
        "{n} {u} and a half",
        "{h}.5 {u}",
        "{n} and one half {u}",
        "{n} 1/2 {u}",
        "{n} {u} plus a half",
        "{n} and 1/2 {u}",
        "{n} {u} and another half",
        "{n}-and-a-half {u}",
    ),
    more("HALVES"),
)
PACKS = Wordings(
    (
        "{n} packs of {s}",
        "{n} boxes of {s}",
        "{n} bags with {s} each",
        "{n} crates of {s}",
        "{n} sets of {s}",
        "{n} packets of {s}",
        "{n} cartons of {s}",
        "{n} bundles of {s}",
        "{n} trays of {s}",
        "{n} packages of {s}",
        "{n} lots of {s}",
        "{n} times {s}",
        "{n} bags of {s}",
        "{n} multipacks of {s}",
        "{n} cases of {s}",
        "{n} batches of {s}",
    ),
    more("PACKS"),
)
WEEKS = Wordings(
    (
        "{n} weeks",
        "{n} full weeks",
        "{n} whole weeks",
        "exactly {n} weeks",
        "all of {n} weeks",
        "{n} entire weeks",
        "a total of {n} weeks",
        "precisely {n} weeks",
        "{n} solid weeks",
        "a full {n} weeks",
    ),
    more("WEEKS"),
)
WEEKS_AND_DAYS = Wordings(
    (
        "{n} weeks and {m}",
        "{n} weeks plus {m}",
        "{n} weeks, {m}",
        "{n} weeks and then {m}",
        "{n} weeks and another {m}",
        "{n} weeks with {m} on top",
        "{n} full weeks and {m}",
        "{n} whole weeks plus {m}",
        "{m} and {n} weeks",
        "{m} more than {n} weeks",
    ),
    more("WEEKS_AND_DAYS"),
)
