"""Numbers as people say them: "1,200", "four hundred and eighty", "two and a half", "three quarters"."""

import re
from collections.abc import Sequence
from fractions import Fraction

_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
ONES = dict(zip(_ONES, range(10), strict=True))
_TEENS = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_BELOW_HUNDRED = (
    ONES
    | {word: 10 + n for n, word in enumerate(_TEENS)}
    | {word: 20 + 10 * n for n, word in enumerate(_TENS)}
    | {"fourty": 40}
)
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_PARTS |= {"halves": 2} | {f"{word}s": n for word, n in _PARTS.items() if word != "half"}
_WHOLE_WORDS = {"couple": 2, "dozen": 12}
_NUMERAL = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d{1,3})?|\.\d+")


def read_number(words: Sequence[str], at: int = 0) -> tuple[Fraction, int] | None:
    """The longest number that starts at `words[at]`, and where it ends; None when there is none.

    `words` are lower-case, hyphens taken apart: ["two", "and", "a", "half"] is (5/2, 4).
    """
    part = _read_part(words, at)
    if part is not None:
        return part
    whole = _read_whole(words, at)
    if whole is None:
        return None
    value, at = whole
    if _word(words, at) == "point" and _word(words, at + 1) in ONES:
        digits = ""
        while _word(words, at + 1 + len(digits)) in ONES:
            digits += str(ONES[words[at + 1 + len(digits)]])
        return value + Fraction(int(digits), 10 ** len(digits)), at + 1 + len(digits)
    extra = _read_part(words, at + 1) if _word(words, at) == "and" else None
    return (value + extra[0], extra[1]) if extra and extra[0] < 1 else (value, at)


def numeral(text: str) -> Fraction | None:
    """The value of a number written in digits, such as "1,200.50" or "1e6"; None when `text` is none."""
    if not _NUMERAL.fullmatch(text):
        return None
    return Fraction(text.replace(",", ""))


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if at < len(words) else ""


def _read_part(words: Sequence[str], at: int) -> tuple[Fraction, int] | None:
    """ "half", "a third", "three quarters"."""
    if _word(words, at) == "half":
        return Fraction(1, 2), at + 1
    if _word(words, at) == "quarter":
        return Fraction(1, 4), at + 1
    count = 1 if _word(words, at) == "a" else ONES.get(_word(words, at))
    part = _PARTS.get(_word(words, at + 1))
    return (Fraction(count, part), at + 2) if count and part else None


def _read_whole(words: Sequence[str], at: int) -> tuple[Fraction, int] | None:
    if _word(words, at) == "a" and _word(words, at + 1) in _WHOLE_WORDS:
        of = _word(words, at + 2) == "of"
        return Fraction(_WHOLE_WORDS[words[at + 1]]), at + (3 if of else 2)
    digits = numeral(_word(words, at))
    if digits is not None:
        scale = _SCALES.get(_word(words, at + 1))
        return (digits * scale, at + 2) if scale else (digits, at + 1)
    total, largest, found = 0, 10**15, False
    while (group := _read_group(words, at + (found and _word(words, at) == "and"))) is not None:
        value, after = group
        scale = _SCALES.get(_word(words, after), 1)
        if scale >= largest:
            break
        total, largest, found = total + value * scale, scale, True
        at = after + (scale > 1)
        if scale == 1:
            break
    return (Fraction(total), at) if found else None


def _read_group(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """A number below a thousand, or "a" before hundred, thousand and so on."""
    if _word(words, at) == "a" and _word(words, at + 1) in {"hundred", *_SCALES}:
        small = (1, at + 1)
    else:
        found = _read_below_hundred(words, at)
        if found is None:
            return None
        small = found
    value, after = small
    if _word(words, after) != "hundred":
        return small
    hundreds, after = value * 100, after + 1
    rest = _read_below_hundred(words, after + (_word(words, after) == "and"))
    return (hundreds + rest[0], rest[1]) if rest else (hundreds, after)


def _read_below_hundred(words: Sequence[str], at: int) -> tuple[int, int] | None:
    value = _BELOW_HUNDRED.get(_word(words, at))
    if value is None:
        return None
    one = ONES.get(_word(words, at + 1), 0)
    return (value + one, at + 2) if value >= 20 and one else (value, at + 1)
