"""Lists of wordings, and those that came later: in `more.json`, and all for training."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Wordings(tuple[T, ...]):
    """Ways to say something. Of the first `split` of them every fifth is held out; the rest is for training.

    Of `more`, what is among the first, apart from capitals, is left out.
    """

    split: int

    def __new__(cls, first: Iterable[T], more: Iterable[T] = ()) -> Wordings[T]:
        first = tuple(first)
        known = {_plain(wording) for wording in first}
        new = [wording for wording in dict.fromkeys(more) if _plain(wording) not in known]
        self = super().__new__(cls, (*first, *new))
        self.split = len(first)
        return self


def more(name: str) -> Any:
    """What `more.json` has for a list: strings, or lists of them by a number."""
    return _MORE[name]


def _plain(wording: object) -> object:
    return wording.casefold() if isinstance(wording, str) else wording


_MORE: dict[str, Any] = json.loads((Path(__file__).parent / "more.json").read_text("utf-8"))
