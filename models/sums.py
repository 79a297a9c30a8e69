"""Sums that a thought writes down and that are worked out for it: `84/4=` is followed by `21`.

A small model finds out what is to be reckoned, but not reliably what comes out (after Cobbe et al. 2021,
arXiv 2110.14168, whose calculator fills in what follows "="). Before the "=" of a line may stand:

- `1+1+5`, `(640-220)/4*3`, `2.5*1000`: a number, rounded to 2 places (below 0.01 to 6);
- `1 me, 1 Ana, 2 the twins`: all of them together;
- `min 90 Savoy, 207 Ritz`, `max 7 LX12, 12 SN3`: one of them, with its name;
- `2026-11-27+3*7`, `2026-11-27-2`: a day so many days later or earlier;
- `2026-11-27>Friday`, `2026-11-27>3`: the next Friday after it, the next 3rd of a month;
- `2026-11+1`: a month; `2 Friday 2026-11`, `last Friday 2026-11`: a day of it;
- `2026-11-27T15:45-0:30`: a time so many hours and minutes later or earlier;
- `2026-11-27 every 2 for 14`, `2026-11-27 every 7 times 3`: days as `11-27 11-29 ...`.
"""

from __future__ import annotations

import ast
import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST = 160
"""Characters of a line that is worked out."""
MOST_DAYS = 14

_DATED = re.compile(r"\b(?:19|20)\d\d-\d\d?\b")
"""What stands for a day or a month, and not for a difference such as `1500-20`."""
_DATE = re.compile(r"\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:-\d\d)?(?!\d)")
_DAY = r"(?P<day>\d{4}-\d\d-\d\d)"
_NAMED = r"\d+(\.\d+)? [^\W_][^,=]*"  # a number and a name
_LETTER = re.compile(r"[^\W\d]")
_COUNT = re.compile(rf"(?P<named>{_NAMED}(, {_NAMED})+)")
_CHOICE = re.compile(rf"(?P<which>min|max) (?P<named>{_NAMED}(, {_NAMED})+)")
_LATER = re.compile(_DAY + r"(?P<days>[+-][\d+*/()-]+)")
_NEXT = re.compile(_DAY + rf">(?P<what>{'|'.join(WEEKDAYS)}|\d\d?)")
_MONTH = re.compile(r"(?P<month>\d{4}-\d\d)\+(?P<months>\d\d?)")
_NTH = re.compile(rf"(?P<place>[1-5]|last) (?P<weekday>{'|'.join(WEEKDAYS)}) (?P<month>\d{{4}}-\d\d)")
_TIME = re.compile(_DAY + r"T(?P<time>\d\d:\d\d)(?P<sign>[+-])(?P<hours>\d\d?):(?P<minutes>\d\d)")
_DAYS = re.compile(_DAY + r" every (?P<step>\d\d?) (?P<what>for|times) (?P<much>[\d+*]+)")


def worked_out(line: str) -> str | None:
    """What follows the "=" that ends `line`, or None where it is none of these sums."""
    said = line.removesuffix("=").strip()
    if not line.endswith("=") or len(line) > LONGEST:
        return None
    try:
        for pattern, work in _SUMS:
            if found := pattern.fullmatch(said):
                return work(found)
        return _plain(_number(said))
    except (ValueError, SyntaxError, ArithmeticError, RecursionError):
        return None


def day_lists(thought: str) -> tuple[tuple[str, ...], ...]:
    """The lists of days (`2026-11-27`) that lines of a thought have worked out, with their years."""
    lists = []
    for line in thought.splitlines():
        said, _, told = line.partition("=")
        if (found := _DAYS.fullmatch(said)) and worked_out(f"{said}=") == told:
            lists.append(tuple(day.isoformat() for day in _days(found)))
    return tuple(lists)


def made_up_dates(thought: str, known: Iterable[str]) -> list[str]:
    """Days and months of a thought that are in none of the `known` texts and that no sum before has given."""
    seen: set[str] = set()
    found: list[str] = []
    for text in known:
        seen |= _dates_in(text)
    for line in thought.splitlines():
        said, _, told = line.partition("=")
        found += [date_ for date_ in _DATE.findall(said) if date_ not in seen]
        seen |= _dates_in(told)
    return found


def _dates_in(text: str) -> set[str]:
    """The days in a text, and their months."""
    dates = _DATE.findall(text)
    return {*dates, *(day[:7] for day in dates)}


def _number(said: str) -> Fraction:
    """An expression's value. Raises ValueError, SyntaxError or ArithmeticError where it has none."""
    if not re.fullmatch(r"[\d.+*/() -]+", said) or re.fullmatch(r"[\d.]+", said) or _DATED.search(said):
        raise ValueError(said)
    return _value(ast.parse(said, mode="eval").body, said)


def _value(node: ast.expr, said: str) -> Fraction:
    match node:
        case ast.Constant(value=int() | float()):
            return Fraction(ast.get_source_segment(said, node) or "")
        case ast.BinOp(left, ast.Add(), right):
            return _value(left, said) + _value(right, said)
        case ast.BinOp(left, ast.Sub(), right):
            return _value(left, said) - _value(right, said)
        case ast.BinOp(left, ast.Mult(), right):
            return _value(left, said) * _value(right, said)
        case ast.BinOp(left, ast.Div(), right):
            return _value(left, said) / _value(right, said)
    raise ValueError(said)


def _plain(value: Fraction) -> str:
    places = 2 if abs(value) >= Fraction(1, 100) else 6
    rounded = int(abs(value) * 10**places + Fraction(1, 2))  # half of the last place is rounded up
    whole, rest = divmod(rounded, 10**places)
    digits = f"{whole}.{rest:0{places}}".rstrip("0").rstrip(".")
    return f"-{digits}" if value < 0 and rounded else digits


def _whole(said: str) -> int:
    value = Fraction(said) if said.isdigit() else _number(said.removeprefix("+"))
    if value.denominator != 1:
        raise ValueError(said)
    return value.numerator


def _count(found: re.Match[str]) -> str:
    return _plain(sum(map(_number_of, _named(found)), Fraction()))


def _choice(found: re.Match[str]) -> str:
    return (min if found["which"] == "min" else max)(_named(found), key=_number_of)


def _named(found: re.Match[str]) -> list[str]:
    """The parts of a list, each a number and a name with a letter; raises ValueError where one is not."""
    parts = found["named"].split(", ")
    if not all(_LETTER.search(part) for part in parts) or _DATED.search(found["named"]):
        raise ValueError(found["named"])
    return parts


def _number_of(part: str) -> Fraction:
    return Fraction(part.split(" ")[0])


def _later(found: re.Match[str]) -> str:
    start, days = date.fromisoformat(found["day"]), found["days"]
    return (start + timedelta(days=_whole(f"0{days}"))).isoformat()


def _next(found: re.Match[str]) -> str:
    day = date.fromisoformat(found["day"]) + timedelta(days=1)
    for _ in range(62):  # the next 31st is at most two months away
        if found["what"] in (WEEKDAYS[day.weekday()], str(day.day)):
            return day.isoformat()
        day += timedelta(days=1)
    raise ValueError(found["what"])


def _month(found: re.Match[str]) -> str:
    year, month = map(int, found["month"].split("-"))
    date(year, month, 1)  # raises ValueError where there is no such month
    years, month = divmod(month - 1 + int(found["months"]), 12)
    return f"{date(year + years, month + 1, 1):%Y-%m}"


def _nth(found: re.Match[str]) -> str:
    year, month = map(int, found["month"].split("-"))
    days = [date(year, month, number) for number in range(1, monthrange(year, month)[1] + 1)]
    fitting = [day for day in days if WEEKDAYS[day.weekday()] == found["weekday"]]
    place = len(fitting) if found["place"] == "last" else int(found["place"])
    if place > len(fitting):
        raise ValueError(found["place"])
    return fitting[place - 1].isoformat()


def _time(found: re.Match[str]) -> str:
    length = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
    at = datetime.fromisoformat(f"{found['day']}T{found['time']}")
    return f"{at + length if found['sign'] == '+' else at - length:%Y-%m-%dT%H:%M}"


def _listed(found: re.Match[str]) -> str:
    return " ".join(f"{day:%m-%d}" for day in _days(found))


def _days(found: re.Match[str]) -> list[date]:
    start, step, much = date.fromisoformat(found["day"]), int(found["step"]), _whole(found["much"])
    offsets = range(0, much if found["what"] == "for" else step * much, step)  # a step of 0: ValueError
    if not 0 < len(offsets) <= MOST_DAYS:
        raise ValueError(found["much"])
    return [start + timedelta(days=offset) for offset in offsets]


_SUMS = (
    (_COUNT, _count),
    (_CHOICE, _choice),
    (_LATER, _later),
    (_NEXT, _next),
    (_MONTH, _month),
    (_NTH, _nth),
    (_TIME, _time),
    (_DAYS, _listed),
)
