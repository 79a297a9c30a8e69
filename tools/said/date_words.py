"""The words that dates and times are said in, brought into one form."""

import re
from collections.abc import Sequence

from .names import folded
from .numbers import read_number

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_ORDINAL_WORDS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]
_ORDINALS = {word: number for number, word in enumerate(_ORDINAL_WORDS, 1)} | {"thirtieth": 30}
_SAME = {
    "tomorrow": "tmrw tmr tmw tomorow tommorow tommorrow tomorrows morrow",
    "tonight": "tonite 2nite 2night tonights",
    "today": "2day todays",
    "before": "b4",
    "monday": "mon mondays",
    "tuesday": "tue tues tuesdays",
    "wednesday": "wed weds wednesdays",
    "thursday": "thu thur thurs thursdays",
    "friday": "fri fridays",
    "saturday": "sat saturdays",
    "sunday": "sun sundays",
    "week": "wk weeks wks",
    "weekend": "wkend wknd weekends",
    "weekday": "weekdays",
    "fortnight": "fortnights",
    "day": "days",
    "month": "months mth mths",
    "quarter": "qtr",
    "year": "years yr yrs",
    "hour": "hours hr hrs h",
    "minute": "minutes min mins",
    "seconds": "secs sec",
    "evening": "eve evenings",
    "afternoon": "arvo afternoons aft",
    "morning": "mornings morn",
    "night": "nite nights",
    "lunchtime": "lunchtimes",
    "noon": "midday",
    "oclock": "o'clock",
    "until": "till til 'til",
    "around": "about approximately roughly circa",
    "every": "each",
    "am": "a.m. a.m",
    "pm": "p.m. p.m",
    "eod": "cob",
}
_CANONICAL = {other: word for word, others in _SAME.items() for other in others.split()}
_CANONICAL |= {month[:3]: month for month in MONTHS} | {"sept": "september"}
_PHRASES = (
    (r"\bmid-day\b", "noon"),
    (r"\bo ?clock\b", "oclock"),
    (r"\b(morning|afternoon|evening|tonight|tomorrow|today)'s\b", r"\1"),
    (r"\bend of (?:the )?(?:business )?day\b|\bclose of business\b", "eod"),
    (r"\bnew year'?s eve\b", "december 31"),
    (r"\bnew year'?s(?: day)?\b", "january 1"),
    (r"\bchristmas eve\b|\bxmas eve\b", "december 24"),
    (r"\bchristmas(?: day)?\b|\bxmas(?: day)?\b", "december 25"),
    (r"\bboxing day\b", "december 26"),
    (r"\bvalentine'?s(?: day)?\b", "february 14"),
    (r"\bhallowe'?en\b", "october 31"),
    (r"\blunch ?time\b|\blunch-time\b", "lunchtime"),
    (r"\bbed ?time\b", "bedtime"),
    (r"\bweek-?end\b", "weekend"),
    (r"\bwhen it(?:'s| is)\b|\bin time for\b", "at"),
)
_TOKEN = re.compile(
    r"\d{4}-\d\d-\d\d(?:[t ]\d\d:?\d\d(?::?\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?"  # ISO 8601
    r"|\d{1,2}:\d\d:\d\d"
    r"|\d{1,4}[/.]\d{1,2}[/.]\d{2,4}|\d{1,2}/\d{1,2}"  # dates in numbers
    r"|\d{1,2}[:.]\d\d(?!\d)"  # times
    r"|\d{1,2}(?:st|nd|rd|th)(?![a-z])"
    r"|\d+"
    r"|[ap]\.m\.?(?![a-z])"
    r"|[a-z]+(?:'[a-z]+)?|[b2](?:4|nite|night|day)"
    r"|[^\s\w]"
)
_DROPPED = frozenset(",;!?\"'()")


def date_words(said: str) -> list[str]:
    """`said` in lower case and taken apart: "Weds @ 4pm" is ["wednesday", "at", "4", "pm"]."""
    text = re.sub(r"\b(b4|2nite|2night|2day)\b", lambda found: _CANONICAL[found[0]], folded(said))
    for pattern, replacement in _PHRASES:
        text = re.sub(pattern, replacement, text)
    text = re.sub(r"(?<=[a-z])-(?=[a-z])|(?<=\d)-(?=ish)", " ", text)
    words = [word for word in _TOKEN.findall(text) if word not in _DROPPED]
    words = [_CANONICAL.get(word, word) for word in words]
    while words and words[-1] == ".":
        words.pop()
    return ["at" if word == "@" else "and" if word in ("+", "&") else word for word in words if word != "."]


def word(words: Sequence[str], at: int) -> str:
    """The word at a place; empty before the beginning and after the end."""
    return words[at] if 0 <= at < len(words) else ""


def read_ordinal(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """ "3rd", "third" or "twenty third" as (3, after) or (23, after)."""
    first = word(words, at)
    if first[:-2].isdigit() and first[-2:] in ("st", "nd", "rd", "th"):
        return int(first[:-2]), at + 1
    if first in ("twenty", "thirty") and _ORDINALS.get(word(words, at + 1), 99) < 10:
        return {"twenty": 20, "thirty": 30}[first] + _ORDINALS[words[at + 1]], at + 2
    return (_ORDINALS[first], at + 1) if first in _ORDINALS else None


def read_count(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """A whole number, in digits or words, and where it ends."""
    found = read_number(words, at)
    if found is None or found[0].denominator != 1:
        return None
    return int(found[0]), found[1]
