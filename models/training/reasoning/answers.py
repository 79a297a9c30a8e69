"""Problems of the second adapter: a tool returned a record, and the request asked for a part of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from ...dialects import facts_text
from ..corpus import Call, Json, Turn
from . import names
from .draw import Draw
from .problems import Problem

Value = Callable[[Draw], Json]


def _time(draw: Draw) -> Json:
    return f"{draw.between(0, 23):02}:{draw.between(0, 59):02}"


def _day(draw: Draw) -> Json:
    return f"{draw.between(2024, 2029)}-{draw.between(1, 12):02}-{draw.between(1, 28):02}"


def _small(draw: Draw) -> Json:
    return draw.between(1, 40)


def _price(draw: Draw) -> Json:
    return draw.between(3, 900) if draw.chance(0.5) else draw.between(300, 99999) / 100


def _code(draw: Draw) -> Json:
    letters = "".join(draw.rng.choice("ABCDEFGHKLMNPRSTUVWXYZ") for _ in range(draw.between(1, 3)))
    return f"{letters}{draw.between(1, 9999)}"


def _phone(draw: Draw) -> Json:
    return f"555-{draw.between(0, 9999):04}"


def _one_of(choices: tuple[str, ...]) -> Value:
    return lambda draw: draw.of(choices)


_STATES = (
    "open",
    "closed",
    "delayed",
    "on time",
    "sold out",
    "in stock",
    "cancelled",
    "shipped",
    "pending",
    "paid",
)
_KINDS = ("laser", "deluxe", "standard", "small", "large", "wooden", "red", "black", "electric", "folding")

FIELDS: dict[str, tuple[Value, tuple[str, ...]]] = {
    "departs": (
        _time,
        ("when does it leave", "departure time", "what time does it depart", "when is it leaving"),
    ),
    "arrives": (
        _time,
        ("when does it get there", "arrival time", "what time does it arrive", "when does it arrive"),
    ),
    "opens": (
        _time,
        ("when does it open", "opening time", "from when is it open", "since what time is it open"),
    ),
    "closes": (_time, ("when does it close", "closing time", "until when is it open", "how late is it open")),
    "gate": (_code, ("which gate", "what gate is it", "where do I board", "the gate please")),
    "platform": (
        _small,
        ("which platform", "what track is it on", "from which platform", "the platform please"),
    ),
    "seat": (_code, ("which seat", "where do I sit", "my seat", "what is my seat")),
    "price": (_price, ("how much is it", "what does it cost", "the price", "what is the price")),
    "total": (_price, ("how much in all", "what is the total", "the sum", "what do I owe")),
    "balance": (
        _price,
        ("how much is in it", "what is the balance", "how much money is there", "the balance"),
    ),
    "stock": (
        _small,
        ("how many are left", "how many are there", "what is in stock", "how many do they have"),
    ),
    "status": (
        _one_of(_STATES),
        ("what is its status", "how does it stand", "is it all right", "the state of it"),
    ),
    "kind": (_one_of(_KINDS), ("what kind is it", "which type", "what sort is it", "the type")),
    "phone": (_phone, ("the phone number", "what is the number", "how can I call them", "their number")),
    "city": (
        _one_of(tuple(names.CITIES)),
        ("which city", "where is it", "in what city", "what town is it in"),
    ),
    "host": (_one_of(tuple(names.PEOPLE)), ("who is it", "who hosts", "whose is it", "who is in charge")),
    "due": (_day, ("when is it due", "by when", "what is the deadline", "the due date")),
    "date": (_day, ("on what day", "which day is it", "the date", "when is it")),
    "code": (_code, ("the code", "what is the code", "booking code", "which code do I need")),
    "rooms": (_small, ("how many rooms", "number of rooms", "how big is it", "the rooms")),
}
_THINGS = (
    "the train",
    "order",
    "the flight",
    "the shop",
    "my booking",
    "the hotel",
    "invoice",
    "the library",
)
_ASKS = (
    "{ask} for {thing}",
    "{thing}: {ask}",
    "{ask}, {thing}",
    "tell me {ask} of {thing}",
    "{ask}? {thing}",
)
_PAIRS = (
    "{one} and {other}",
    "{one}, and {other}",
    "{one} plus {other}",
    "{one}, also {other}",
    "{one} & {other}",
)
_TOOLS = ("look_up", "get_details", "find", "check", "status_of", "fetch", "show")


def answers(seed: int, held_out: bool) -> Iterator[Problem]:
    """Problems without end; what is to be written is the part that was asked for."""
    draw = Draw(random.Random(seed), held_out)
    while True:
        draw.tries = 0
        shown = draw.rng.sample(sorted(FIELDS), draw.between(3, 6))
        record: dict[str, Json] = {name: FIELDS[name][0](draw) for name in shown}
        asked = draw.rng.sample(shown, 1 if draw.chance(0.7) else 2)
        said = [draw.of(FIELDS[name][1]) for name in asked]
        ask = said[0] if len(said) == 1 else draw.of(_PAIRS).format(one=said[0], other=said[1])
        thing = draw.of(_THINGS)
        request = draw.of(_ASKS).format(ask=ask, thing=thing)
        call = Call(draw.any(_TOOLS), {"name": thing})
        now = datetime(2024, 1, 1) + timedelta(minutes=draw.between(0, 5 * 365 * 24 * 60))
        history = (Turn(request, (call,), (record,)),)
        answer = ", ".join(str(record[name]) for name in asked)
        yield Problem("answers", request, facts_text(now, "en_GB"), (answer,), (), history)
