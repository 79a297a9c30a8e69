"""How often something is, as people say it: "every weekday at 8", "every second Tuesday", "daily at noon"."""

from dataclasses import dataclass
from datetime import date, timedelta

from .date_words import WEEKDAYS, date_words
from .numbers import read_number

_SHORT = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNITS = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
_ADVERBS = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year", "annually": "year"}
_PARTS = {"morning": "in the morning", "evening": "in the evening", "afternoon": "in the afternoon"}
_PARTS |= {"night": "at night"}


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often something is."""

    frequency: str
    """DAILY, WEEKLY, MONTHLY or YEARLY."""
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    """0 is Monday; empty: whichever day the first one is on."""

    def rule(self) -> dict[str, object]:
        """The recurrence rule, as iCalendar has it."""
        rule: dict[str, object] = {"FREQ": self.frequency}
        if self.interval > 1:
            rule["INTERVAL"] = self.interval
        if self.weekdays:
            rule["BYDAY"] = [_SHORT[day] for day in self.weekdays]
        return rule

    def in_words(self) -> str:
        """ "every day", "every 2 weeks on Monday and Friday"."""
        unit = next(name for name, frequency in _UNITS.items() if frequency == self.frequency)
        every = f"every {unit}" if self.interval == 1 else f"every {self.interval} {unit}s"
        *first, last = [WEEKDAYS[day].capitalize() for day in self.weekdays] or [""]
        return f"{every} on {' and '.join(filter(None, (', '.join(first), last)))}" if last else every

    def first_from(self, day: date) -> date:
        """The first day on which it is, `day` or later."""
        while self.weekdays and day.weekday() not in self.weekdays:
            day += timedelta(days=1)
        return day


def split_repeat(said: str) -> tuple[str, Repeat | None]:
    """What is said of the first time, and how often it repeats: "every Monday at 9" is ("at 9", weekly).

    Words that repeat nothing come back as they are, with None.
    """
    words = date_words(said)
    for at, word in enumerate(words):
        if word in _ADVERBS:
            unit = _UNITS[_ADVERBS[word]]
            return " ".join([*words[:at], *words[at + 1 :]]), Repeat(unit)
        if word == "every":
            found = _every(words, at + 1)
            if found is None:
                return said, None
            repeat, rest, after = found
            return " ".join([*words[:at], *rest, *words[after:]]).strip(), repeat
    return said, None


def _every(words: list[str], at: int) -> tuple[Repeat, list[str], int] | None:
    """What follows "every": how often, words about the time of day in it, and where it ends."""
    interval = 1
    if words[at : at + 1] == ["other"] or words[at : at + 1] == ["second"]:
        interval, at = 2, at + 1
    elif (count := read_number(words, at)) and count[0].denominator == 1 and count[0] > 0:
        interval, at = int(count[0]), count[1]
    name = words[at] if at < len(words) else ""
    if name == "weekday":
        return Repeat("WEEKLY", interval, (0, 1, 2, 3, 4)), [], at + 1
    if name == "weekend":
        return Repeat("WEEKLY", interval, (5, 6)), [], at + 1
    if name in _PARTS:
        return Repeat("DAILY", interval), [_PARTS[name]], at + 1
    if name in _UNITS:
        return Repeat(_UNITS[name], interval), [], at + 1
    days: list[int] = []
    while at < len(words) and words[at] in (*WEEKDAYS, "and"):
        if words[at] in WEEKDAYS:
            days.append(WEEKDAYS.index(words[at]))
        at += 1
    return (Repeat("WEEKLY", interval, tuple(sorted(set(days)))), [], at) if days else None
