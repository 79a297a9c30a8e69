"""Phone numbers and e-mail addresses as people say or type them."""

import re
from unicodedata import decimal

from .numbers import ONES

_DIGITS = {word: str(n) for word, n in ONES.items()} | {"oh": "0", "o": "0", "plus": "+"}
_TIMES = {"double": 2, "triple": 3}
_PHONE = re.compile(r"\+?[\d\s().\-/]*\d[\d\s().\-/]*(?:(?:ext\.?|x|#)\s*\d{1,6})?", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")


def phone_number(said: str) -> str:
    """The number as it was written, or digits for one that was spoken: "oh one double two" is "0122".

    Digits of other alphabets, which can look like other ones, become those of a telephone.

    Raises ValueError when it isn't a phone number.
    """
    text = "".join(str(decimal(sign)) if sign.isdecimal() else sign for sign in " ".join(said.split()))
    spoken = _spoken_digits(text.lower())
    if spoken:
        text = spoken
    if not _PHONE.fullmatch(text) or not 3 <= len(re.sub(r"\D", "", text)) <= 20:
        raise ValueError(f"{said!r} is not a phone number.")
    return text


def email_address(said: str) -> str:
    """The address as it was written, or put together from "ranger at pinecreek dot gov".

    Raises ValueError when it isn't an address.
    """
    text = " ".join(said.split())
    if "@" not in text:
        text = re.sub(r"\s+at\s+", "@", text, count=1, flags=re.IGNORECASE)
        for word, sign in (("dot", "."), ("underscore", "_"), ("dash", "-"), ("hyphen", "-"), ("plus", "+")):
            text = re.sub(rf"\s+{word}\s+", sign, text, flags=re.IGNORECASE)
    if not _EMAIL.fullmatch(text):
        raise ValueError(f"{said!r} is not an e-mail address.")
    return text


def _spoken_digits(text: str) -> str:
    digits, times = "", 1
    for word in text.replace("-", " ").split():
        if word in _TIMES:
            times = _TIMES[word]
        elif word in _DIGITS or word.isdigit():
            digits, times = digits + _DIGITS.get(word, word) * times, 1
        else:
            return ""
    return digits if any(word in _DIGITS for word in text.replace("-", " ").split()) else ""
