"""Problems of the second adapter: a tool returned a record, and the request asked for a part of it.

The adapter writes what the tool calls that part; the value is then taken from the record, so that none can be
miscopied.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...dialects import facts_text
from ..corpus import Call, Json, Turn
from .draw import Draw
from .problems import Problem
from .wordings import names

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


@dataclass(frozen=True, slots=True)
class Field:
    """A part of a record. names: what tools call it. value: draws one. asks: how people ask for it."""

    names: tuple[str, ...]
    value: Value
    asks: tuple[str, ...]


def _field(names: str, value: Value, asks: str) -> Field:
    return Field(tuple(names.split()), value, tuple(asks.split("|")))


FIELDS = (
    _field(
        "departs departure leaves_at dep_time",
        _time,
        "when does it leave|departure time|what time does it depart|when is it leaving|"
        "when does it go|what time does it go|when does it set off|time of departure|"
        "at what time does it leave|when is departure",
    ),
    _field(
        "arrives arrival arrives_at arr_time",
        _time,
        "when does it get there|arrival time|what time does it arrive|when does it arrive|"
        "when will it be there|when does it get in|time of arrival|at what time does it arrive|"
        "what time does it get in|when is arrival",
    ),
    _field(
        "opens opening opens_at open_from",
        _time,
        "when does it open|opening time|from when is it open|what time does it open|"
        "since what time is it open|when do they open|at what time does it open|how early is it open|"
        "opening hour|what time do they open",
    ),
    _field(
        "closes closing closes_at open_until",
        _time,
        "when does it close|closing time|until when is it open|what time does it close|"
        "how late is it open|when do they close|at what time does it close|when is it shut|"
        "closing hour|what time do they close",
    ),
    _field(
        "gate gate_number boarding_gate",
        _code,
        "which gate|what gate is it|where do I board|what gate|the gate please|from which gate|"
        "gate number|what is the gate|the boarding gate|at which gate",
    ),
    _field(
        "platform track platform_number",
        _small,
        "which platform|what track is it on|from which platform|what platform|the platform please|"
        "which track|platform number|what is the platform|on which track|at what platform",
    ),
    _field(
        "seat seat_number place",
        _code,
        "which seat|where do I sit|my seat|what seat|what is my seat|which is my place|seat number|"
        "where is my seat|what seat do I have|in which seat",
    ),
    _field(
        "price cost fare amount_each",
        _price,
        "how much is it|what does it cost|the price|how much does it cost|what is the price|"
        "price of it|how expensive is it|the cost|what is the cost|how much for it",
    ),
    _field(
        "total sum amount_due total_price",
        _price,
        "how much in all|what is the total|the sum|what is the sum|what do I owe|the total|"
        "how much altogether|total amount|what does it come to|how much do I owe",
    ),
    _field(
        "balance account_balance funds",
        _price,
        "how much is in it|what is the balance|how much money is there|what balance is there|"
        "the balance|how much money is in it|current balance|balance of it|how much is on it|"
        "what is on it",
    ),
    _field(
        "stock in_stock available quantity",
        _small,
        "how many are left|how many are there|what is in stock|how many are in stock|"
        "how many do they have|how many remain|stock of it|how many are available|"
        "what stock is there|number in stock",
    ),
    _field(
        "status state condition",
        _one_of(_STATES),
        "what is its status|how does it stand|is it all right|what is the status|the state of it|"
        "the status|what state is it in|current status|status of it|how is it going",
    ),
    _field(
        "kind type category model",
        _one_of(_KINDS),
        "what kind is it|which type|what sort is it|what type is it|the type|which kind|what kind|"
        "type of it|which model is it|what category is it",
    ),
    _field(
        "phone phone_number telephone tel",
        _phone,
        "the phone number|what is the number|how can I call them|what is the phone number|"
        "their number|phone number|number to call|which number do I call|their phone|telephone number",
    ),
    _field(
        "city town location",
        _one_of(tuple(names.CITIES)),
        "which city|where is it|in what city|what city is it in|what town is it in|the city|"
        "in which town|which town|what city|where can I find it",
    ),
    _field(
        "host owner contact manager",
        _one_of(tuple(names.PEOPLE)),
        "who is it|who hosts|whose is it|who is the host|who is in charge|who runs it|"
        "name of the host|who owns it|who is responsible|whom do I ask",
    ),
    _field(
        "due due_date deadline",
        _day,
        "when is it due|by when|what is the deadline|what is the due date|the due date|"
        "when must it be done|deadline of it|until when do I have|by which day|due date",
    ),
    _field(
        "date day on_date",
        _day,
        "on what day|which day is it|the date|what day is it|when is it|what is the date|"
        "on which day|which date|what date is it on|date of it",
    ),
    _field(
        "code booking_code reference",
        _code,
        "the code|what is the code|booking code|which code|which code do I need|the reference|"
        "reference number|what is the reference|code for it|what code is it",
    ),
    _field(
        "rooms room_count bedrooms",
        _small,
        "how many rooms|number of rooms|how big is it|how many rooms are there|the rooms|rooms in it|"
        "how many bedrooms|count of rooms|how many rooms does it have|what number of rooms",
    ),
)
_THINGS = (
    "the train",
    "order",
    "the flight",
    "the ferry",
    "the shop",
    "my booking",
    "the hotel",
    "invoice",
    "the museum",
    "the library",
    "the bus",
    "my parcel",
    "the concert",
    "the meeting",
    "the account",
    "the house",
    "my ticket",
    "the restaurant",
)
_ASKS = (
    "{ask} for {thing}",
    "{thing}: {ask}",
    "{ask}, {thing}",
    "{thing}, {ask}",
    "tell me {ask} of {thing}",
    "{ask}? {thing}",
    "{ask} {thing}",
    "can you say {ask}, {thing}",
    "I need {ask} of {thing}",
    "{thing} {ask}",
)
_PAIRS = (
    "{one} and {other}",
    "{one}, and {other}",
    "{one} plus {other}",
    "{one} and then {other}",
    "{one}, also {other}",
    "{one} & {other}",
)
_TOOLS = ("look_up", "get_details", "find", "check", "status_of", "fetch", "show")


def answers(seed: int, held_out: bool) -> Iterator[Problem]:
    """Problems without end; what is to be written are the names of the parts that were asked for."""
    draw = Draw(random.Random(seed), held_out)
    while True:
        draw.tries = 0
        shown = draw.rng.sample(FIELDS, draw.between(3, 6))
        called = {field: draw.any(field.names) for field in shown}
        record: dict[str, Json] = {called[field]: field.value(draw) for field in shown}
        asked = draw.rng.sample(shown, 1 if draw.chance(0.7) else 2)
        said = [draw.of(field.asks) for field in asked]
        ask = said[0] if len(said) == 1 else draw.of(_PAIRS).format(one=said[0], other=said[1])
        thing = draw.of(_THINGS)
        request = draw.of(_ASKS).format(ask=ask, thing=thing)
        call = Call(draw.any(_TOOLS), {"name": thing})
        now = datetime(2024, 1, 1) + timedelta(minutes=draw.between(0, 5 * 365 * 24 * 60))
        history = (Turn(request, (call,), (record,)),)
        answer = ", ".join(called[field] for field in asked)
        yield Problem("answers", request, facts_text(now, "en_GB"), (answer,), (), history)
