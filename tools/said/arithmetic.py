"""Sums as people write or say them, worked out exactly and within bounds.

"12 * (3 + 4)", "19% of 312", "250 minus 15%", "the square root of eighty one", "a third of two hundred and
ten". Numbers are exact fractions as long as the sum allows, so that 0.1 + 0.2 is 0.3. Nothing is ever run as
Python.
"""

import math
import re
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import NoReturn

from .numbers import ONES, read_number

Number = Fraction | float

LONGEST_EXPRESSION = 1000
"""Characters."""
DEEPEST_NESTING = 50
LARGEST_BITS = 1024
"""Whole numbers stay below 2 to the power of this."""

_TOKEN = re.compile(
    r"\s+|[$£€]|(?P<token>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,3}(?![a-z]))?|\.\d+"
    r"|[a-z]+|\*\*|[-+*/^%()!,])",
    re.IGNORECASE,
)
_HYPHEN = re.compile(rf"(?<=ty)-(?=(?:{'|'.join(ONES)})\b)", re.IGNORECASE)  # of "twenty-five"
_SIGNS = str.maketrans(
    {"\N{MULTIPLICATION SIGN}": "*", "·": "*", "÷": "/", "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-"}
    | {"π": " pi ", "√": " sqrt ", "²": "^2", "³": "^3"}
)
_PHRASES = {
    "to the power of": "^",
    "raised to": "^",
    "the square root of": "sqrt",
    "square root of": "sqrt",
    "root of": "sqrt",
    "multiplied by": "*",
    "divided by": "/",
    "take away": "-",
    "per cent": "%",
    "percent": "%",
    "tip on": "of",
    "plus": "+",
    "minus": "-",
    "less": "-",
    "times": "*",
    "x": "*",
    "over": "/",
    "modulo": "mod",
    "factorial": "!",
}
_LONGEST_PHRASE = max(len(phrase.split()) for phrase in _PHRASES)
_CONSTANTS = {"pi": math.pi, "e": math.e}
_POSTFIXES = {"squared": 2, "cubed": 3}
_MULTIPLES = {"twice": 2, "double": 2, "triple": 3}


def evaluate(expression: str) -> int | float:
    """The value of `expression`: an int where it is whole, otherwise a float of 12 significant digits.

    Raises ValueError with a sentence that says what is wrong: not a sum, divides by zero, too large.
    """
    if len(expression) > LONGEST_EXPRESSION:
        raise ValueError(f"The sum is longer than {LONGEST_EXPRESSION} characters.")
    try:
        value = _Reader(expression).read()
        if isinstance(value, Fraction):
            return value.numerator if value.denominator == 1 else float(f"{float(value):.12g}")
        if not math.isfinite(value):
            raise OverflowError
        rounded = float(f"{value:.12g}")
        return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
    except ZeroDivisionError:
        raise ValueError(f"{expression!r:.100} divides by zero.") from None
    except OverflowError:
        raise ValueError(f"The value of {expression!r:.100} is too large.") from None


class _Reader:
    """Reads tokens from left to right; one method a level of precedence."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens = _tokens(expression)
        self.at = 0
        self.depth = 0

    def read(self) -> Number:
        value = self.sum()
        if self.at < len(self.tokens):
            self.wrong(f"{self.tokens[self.at]!r} is out of place")
        return value

    def sum(self) -> Number:
        value = self.product()
        while self.peek() in ("+", "-"):
            sign = 1 if self.next() == "+" else -1
            number = read_number(self.tokens, self.at)
            other = self.product()
            if number and self.tokens[number[1] : self.at] == ["%"]:
                other = _product(value, other)  # 250 - 15% takes 15% of 250 away
            value = _sized(value + sign * other)
        return value

    def product(self) -> Number:
        value = self.signed()
        while (operator := self.peek()) in _OPERATORS or operator in ("%", "off"):
            if operator == "off":
                self.next()
                value = _product(1 - value, self.signed())
                continue
            self.next()
            value = _sized(_OPERATORS["mod" if operator == "%" else operator](value, self.signed()))
        return value

    def signed(self) -> Number:
        sign = 1
        while self.peek() in ("+", "-"):
            sign = -sign if self.next() == "-" else sign
        return sign * self.power()

    def power(self) -> Number:
        value = self.postfixed()
        if self.peek() in ("^", "**"):
            self.next()
            return _power(value, self.nested(self.signed))
        return value

    def postfixed(self) -> Number:
        value: Number = self.atom()
        while True:
            token = self.peek()
            if token in _POSTFIXES:
                value = _power(value, Fraction(_POSTFIXES[token]))
            elif token == "!":
                value = _factorial(value)
            elif token == "%" and not self.starts_value(self.at + 1):
                value = value / 100
            else:
                return value
            self.next()

    def atom(self) -> Number:
        found = read_number(self.tokens, self.at)
        if found is not None:
            number, self.at = found
            return _sized(number)
        token = self.next()
        if token == "(":
            value = self.nested(self.sum)
            self.expect(")")
            return value
        if token in _CONSTANTS:
            return _CONSTANTS[token]
        if token in _MULTIPLES:
            return _product(Fraction(_MULTIPLES[token]), self.nested(self.signed))
        if token in _FUNCTIONS:
            return _sized(self.call(token))
        if not token:
            self.wrong("it ends where a number should be")
        self.wrong(f"{token!r} is not a number")

    def call(self, name: str) -> Number:
        if self.peek() != "(":
            return _FUNCTIONS[name](self.nested(self.postfixed))
        self.next()
        value = self.nested(self.sum)
        self.expect(")")
        return _FUNCTIONS[name](value)

    def nested(self, read: Callable[[], Number]) -> Number:
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            self.wrong(f"it is nested more than {DEEPEST_NESTING} deep")
        value = read()
        self.depth -= 1
        return value

    def starts_value(self, at: int) -> bool:
        token = self.tokens[at] if at < len(self.tokens) else ""
        return (
            read_number(self.tokens, at) is not None
            or token == "("
            or token in _CONSTANTS
            or token in _FUNCTIONS
        )

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def expect(self, token: str) -> None:
        if self.next() != token:
            self.wrong(f"a {token!r} is missing")

    def wrong(self, what: str) -> NoReturn:
        raise ValueError(f"{self.expression!r:.100} cannot be worked out: {what}.")


def _tokens(expression: str) -> list[str]:
    text = expression.strip().rstrip("=? ").translate(_SIGNS)
    text = _HYPHEN.sub(" ", text)
    words, end = [], 0
    while end < len(text):
        found = _TOKEN.match(text, end)
        if found is None:
            raise ValueError(
                f"{expression!r:.100} cannot be worked out: {text[end]!r} has no meaning in a sum."
            )
        end = found.end()
        if found["token"]:
            words.append(found["token"].lower())
    return _with_signs(words)


def _with_signs(words: list[str]) -> list[str]:
    """Spoken operators as signs, longest phrase first."""
    tokens, at = [], 0
    while at < len(words):
        for length in range(_LONGEST_PHRASE, 0, -1):
            sign = _PHRASES.get(" ".join(words[at : at + length]))
            if sign is not None:
                break
        else:
            sign, length = words[at], 1
        tokens.append(sign)
        at += length
    return tokens


def _sized(value: Number) -> Number:
    """`value`, as a float when its fraction grows unwieldy; OverflowError when it is too large."""
    if isinstance(value, Fraction):
        if value.numerator.bit_length() - value.denominator.bit_length() >= LARGEST_BITS:
            raise OverflowError
        if (
            value.denominator != 1
            and max(value.numerator.bit_length(), value.denominator.bit_length()) > LARGEST_BITS
        ):
            return float(value)
    return value


def _product(one: Number, other: Number) -> Number:
    return _sized(one * other)


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if bits <= 1 or abs(exponent) * bits <= 2 * LARGEST_BITS:
            return _sized(Fraction(base**exponent.numerator))
    elif base < 0:
        raise ValueError("A root of a negative number is not a real number.")
    return math.pow(base, exponent)


def _factorial(value: Number) -> Number:
    if value < 0 or value != int(value):
        raise ValueError("Only whole numbers from 0 have a factorial.")
    if value > 170:
        raise OverflowError
    return Fraction(math.factorial(int(value)))


def _size(value: Number) -> Number:
    return value if value >= 0 else -value


def _root(value: Number) -> Number:
    if value < 0:
        raise ValueError("A negative number has no real square root.")
    if isinstance(value, Fraction):
        top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if top * top == value.numerator and bottom * bottom == value.denominator:
            return Fraction(top, bottom)
    return math.sqrt(value)


def _logarithm(base: float, value: Number) -> Number:
    if value <= 0:
        raise ValueError("Only numbers above 0 have a logarithm.")
    return math.log10(value) if base == 10 else math.log(value)


def _quotient(one: Number, other: Number) -> Number:
    return one / other


def _remainder(one: Number, other: Number) -> Number:
    return one % other


_OPERATORS: dict[str, Callable[[Number, Number], Number]] = {
    "*": _product,
    "of": _product,
    "/": _quotient,
    "mod": _remainder,
}
_FUNCTIONS: dict[str, Callable[[Number], Number]] = {
    "sqrt": _root,
    "abs": _size,
    "round": lambda value: Fraction(round(value)),
    "floor": lambda value: Fraction(math.floor(value)),
    "ceil": lambda value: Fraction(math.ceil(value)),
    "exp": math.exp,
    "ln": partial(_logarithm, math.e),
    "log": partial(_logarithm, 10.0),
}
