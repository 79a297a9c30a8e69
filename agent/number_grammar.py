"""Regular expressions for the numbers that a schema allows, in the one form that `print_value` writes.

Python prints a float of at most 15 significant digits between 0.0001 and 10^15 as it was read; the forms
below stay inside that, so that a number in a plan always prints back to the text that was decoded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from .schema_branches import MalformedSchema, Schema, shown

LARGEST = 10**15 - 1
"""The largest whole number offered (and its negative the smallest): as a float it still is exact."""

MAX_LISTED = 1_000
"""Multiples that can't be told by their last digits are listed: this many, nearest to 0 or to the bound."""

_FRACTION = r"((0|[1-9][0-9]{0,2})\.([0-9]{0,11}[1-9]|0)|[1-9][0-9]{3,8}\.([0-9]{0,5}[1-9]|0))"
_DIGITS = Decimal("1e-12")
_NOT_OFFERED = r"(0\.0000[0-9]*|0\.0)"  # Python prints the former with an exponent; 0.0 is written 0
_SMALL = range(5, 16)
"""Exponents of the numbers below 0.0001, such as 2e-05, which are offered too."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The numbers from `low` to `high`; None is no bound. A bound itself may be left out."""

    low: Decimal | None = None
    high: Decimal | None = None
    without_low: bool = False
    without_high: bool = False

    def mirrored(self) -> Bounds:
        """The bounds of the same numbers times -1."""
        low, high = (None if bound is None else -bound for bound in (self.high, self.low))
        return Bounds(low, high, self.without_high, self.without_low)


def bounds_in(schema: Mapping[str, Schema]) -> Bounds:
    """What minimum, maximum and their exclusive forms (of any draft) say. Raises MalformedSchema."""
    low, without_low = _bound(schema, "minimum", "exclusiveMinimum", 1)
    high, without_high = _bound(schema, "maximum", "exclusiveMaximum", -1)
    return Bounds(low, high, without_low, without_high)


def multiple_in(schema: Mapping[str, Schema]) -> int | None:
    """What multipleOf says; None if it is not there or a fraction, which is left to the tool's validation."""
    multiple = _number(schema, "multipleOf")
    if multiple is None or multiple != multiple.to_integral_value():
        return None
    if not 0 < multiple <= LARGEST:
        raise MalformedSchema(f"multipleOf must be above 0 and at most {LARGEST}")
    return int(multiple)


def integers(bounds: Bounds, multiple_of: int = 1) -> str | None:
    """A terminal (Lark, with its slashes) for the whole numbers within `bounds`; None when there are none."""
    low, high = _whole(bounds)
    ending = _ending(multiple_of) if multiple_of > 1 else None
    if multiple_of > 1 and (ending is None or high - low < multiple_of * MAX_LISTED):
        low = max(low, min(-multiple_of * (MAX_LISTED // 2), high - multiple_of * MAX_LISTED))
        first = -(-low // multiple_of) * multiple_of
        listed = range(first, min(high, first + multiple_of * MAX_LISTED) + 1, multiple_of)
        return f"/{'|'.join(map(str, listed))}/" if listed else None
    if low > high:
        return None
    ranges = f"/{'|'.join(_signed_ranges(low, high))}/"
    return f"({ranges} & /{ending}/)" if ending else ranges


def numbers(bounds: Bounds) -> str | None:
    """A terminal for the numbers within `bounds`, whole or with a decimal point; None when there are none."""
    whole = integers(bounds)
    fractions = [*_fractions(bounds), *(f"-({part})" for part in _fractions(bounds.mirrored()))]
    small = [*_small(bounds), *(f"-{part}" for part in _small(bounds.mirrored()))]
    forms = [
        whole,
        f"(/-?{_FRACTION}/ & ~/-?{_NOT_OFFERED}/ & /{'|'.join(fractions)}/)" if fractions else None,
        f"/{'|'.join(small)}/" if small else None,
    ]
    return " | ".join(form for form in forms if form) or None


def _bound(
    schema: Mapping[str, Schema], keyword: str, exclusive: str, sign: int
) -> tuple[Decimal | None, bool]:
    """The tighter of a bound and its exclusive form; in draft 4 the latter is true or false."""
    bound = _number(schema, keyword)
    if isinstance(schema.get(exclusive), bool):
        return bound, schema[exclusive]
    outside = _number(schema, exclusive)
    if outside is None or (bound is not None and bound * sign > outside * sign):
        return bound, False
    return outside, True


def _number(schema: Mapping[str, Schema], keyword: str) -> Decimal | None:
    value = schema.get(keyword)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise MalformedSchema(f"{keyword} must be a number, but it is {shown(value)}")
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def _whole(bounds: Bounds) -> tuple[int, int]:
    """The smallest and the largest whole number within `bounds`."""
    low, high = Decimal(-LARGEST), Decimal(LARGEST)
    if bounds.low is not None and bounds.low >= low:
        low = bounds.low.to_integral_value(ROUND_CEILING)
        low += bounds.without_low and low == bounds.low
    if bounds.high is not None and bounds.high <= high:
        high = bounds.high.to_integral_value(ROUND_FLOOR)
        high -= bounds.without_high and high == bounds.high
    return int(low), int(high)


def _signed_ranges(low: int, high: int) -> Iterator[str]:
    if low < 0:
        yield from (f"-({part})" for part in _ranges(max(1, -high), -low))
    if high >= 0:
        yield from _ranges(max(0, low), high)


def _ranges(low: int, high: int) -> Iterator[str]:
    """Patterns that together match exactly the whole numbers from `low` to `high`, neither negative."""
    while low <= high:
        free = 0  # how many last digits run freely from `low` on: 200 to 299 is 2[0-9]{2}
        while low > 0 and low % 10 ** (free + 1) == 0 and low + 10 ** (free + 1) - 1 <= high:
            free += 1
        digit = low // 10**free % 10
        last = min(9, digit + (high + 1 - low) // 10**free - 1)
        yield str(low // 10**free)[:-1] + _digit(digit, last) + (f"[0-9]{{{free}}}" if free else "")
        low += (last - digit + 1) * 10**free


def _fractions(bounds: Bounds) -> Iterator[str]:
    """Patterns for the numbers above 0 within `bounds` that have a decimal point."""
    low, without_low = Decimal(0), False
    if bounds.low is not None and bounds.low > 0:
        low, without_low = bounds.low, bounds.without_low
    high, without_high = Decimal(LARGEST), False
    if bounds.high is not None and bounds.high < high:
        high, without_high = bounds.high, bounds.without_high
    if low > high:
        return
    # No number offered has more digits after the point than _DIGITS, so bounds needn't either.
    rounded_low, rounded_high = low.quantize(_DIGITS, ROUND_CEILING), high.quantize(_DIGITS, ROUND_FLOOR)
    without_low &= rounded_low == low
    without_high &= rounded_high == high
    low, high = rounded_low, rounded_high
    if low > high or (low == high and (without_low or without_high)):
        return
    low_whole, low_digits = _split(low)
    high_whole, high_digits = _split(high)
    if low_whole == high_whole:
        between = _between(low_digits, high_digits, without_low, without_high)
        yield from (f"{low_whole}\\.{part}" for part in between)
        return
    yield from (f"{low_whole}\\.{part}" for part in _at_least(low_digits, without_low))
    yield from (f"({part})\\.[0-9]+" for part in _ranges(low_whole + 1, high_whole - 1))
    yield from (f"{high_whole}\\.{part}" for part in _at_most(high_digits, without_high))


def _small(bounds: Bounds) -> Iterator[str]:
    """Patterns for numbers between 0 and 0.0001, from each power of ten that is wholly within `bounds`."""
    for exponent in _SMALL:
        first, behind = Decimal(1).scaleb(-exponent), Decimal(1).scaleb(1 - exponent)
        above_low = (
            bounds.low is None or bounds.low < first or (bounds.low == first and not bounds.without_low)
        )
        if above_low and (bounds.high is None or behind <= bounds.high):
            yield f"[1-9](\\.[0-9]{{0,11}}[1-9])?e-{exponent:02}"


def _between(low: str, high: str, without_low: bool, without_high: bool) -> Iterator[str]:
    """Patterns of the digits after the point from `low` to `high` (both without trailing zeros)."""
    if low == high:
        yield low or "0"
        return
    width = max(len(low), len(high))
    a, b = low.ljust(width, "0"), high.ljust(width, "0")
    common = next(i for i in range(width) if a[i] != b[i])
    head, first, last = a[:common], int(a[common]), int(b[common])
    if last - first > 1:
        yield f"{head}{_digit(first + 1, last - 1)}[0-9]*"
    yield from (f"{head}{first}{part}" for part in _at_least(low[common + 1 :], without_low))
    yield from (f"{head}{last}{part}" for part in _at_most(high[common + 1 :], without_high))
    if len(low) <= common and not without_low:
        yield low or "0"  # 0.1 is within 0.1 and 0.105, though it has no third digit


def _at_least(digits: str, without: bool) -> Iterator[str]:
    """Patterns of the digits after the point that are at least `digits` (more, when `without`)."""
    for i, digit in enumerate(digits):
        if digit != "9":
            yield f"{digits[:i]}{_digit(int(digit) + 1, 9)}[0-9]*"
    yield f"{digits}[0-9]*[1-9]" if without else f"{digits}[0-9]*"


def _at_most(digits: str, without: bool) -> Iterator[str]:
    """Patterns of the digits after the point that are at most `digits` (less, when `without`)."""
    for i, digit in enumerate(digits):
        yield digits[:i] if digit == "0" else f"{digits[:i]}([0-{int(digit) - 1}][0-9]*)?"
    if not without:
        yield f"{digits}0*"


def _split(number: Decimal) -> tuple[int, str]:
    """The whole part and the digits after the point: 12.50 is (12, "5")."""
    whole, _, digits = f"{number:f}".partition(".")
    return int(whole), digits.rstrip("0")


def _digit(first: int, last: int) -> str:
    return str(first) if first == last else f"[{first}-{last}]"


def _ending(multiple_of: int) -> str | None:
    """What the multiples of a divisor of 10, 100 or 1000 look like; None for other numbers."""
    for zeros in (1, 2, 3):
        if 10**zeros % multiple_of == 0:
            endings = [str(n).zfill(zeros) for n in range(0, 10**zeros, multiple_of)]
            short = [str(n) for n in range(0, 10 ** (zeros - 1), multiple_of)]
            return f"-?([0-9]*({'|'.join(endings)})|{'|'.join(short)})"
    return None
