"""The tools of the reasoning problems that are not built in: with numbers, dates and lists as arguments."""

from __future__ import annotations

from ..corpus import Json, Schema


def _tool(tool: str, about: str, optional: tuple[str, ...] = (), /, **parameters: Json) -> Schema:
    return {
        "name": tool,
        "description": about,
        "parameters": {
            "type": "object",
            "properties": parameters,
            "required": [key for key in parameters if key not in optional],
        },
    }


def _text(description: str) -> Json:
    return {"type": "string", "description": description}


def _number(description: str) -> Json:
    return {"type": "number", "description": description}


def _whole(description: str) -> Json:
    return {"type": "integer", "description": description}


_DAY: Json = {"type": "string", "format": "date", "description": "Day"}
_TIME: Json = {"type": "string", "format": "date-time", "description": "When"}
_DAYS: Json = {"type": "array", "items": {"type": "string", "format": "date"}, "description": "Days"}

_MORE = (
    _tool(
        "book_table",
        "Reserve a table.",
        ("when",),
        place=_text("Restaurant"),
        people=_whole("How many come"),
        when=_TIME,
    ),
    _tool("buy_tickets", "Buy tickets.", event=_text("What for"), count=_whole("How many")),
    _tool("request_money", "Ask someone for money.", sender=_text("Who pays"), amount=_number("How much")),
    _tool("send_money", "Send money to someone.", to=_text("Who gets it"), amount=_number("How much")),
    _tool("move_to_savings", "Put money into the savings account.", amount=_number("How much")),
    _tool("pay_bill", "Pay a bill.", to=_text("Who gets it"), amount=_number("How much, tip included")),
    _tool(
        "add_to_cart",
        "Put something into the shopping cart.",
        item=_text("What"),
        quantity=_whole("How many"),
    ),
    _tool("block_days", "Keep days free in the calendar.", days=_DAYS, label=_text("What for")),
    _tool("plan_chore", "Put a chore on several days.", chore=_text("What is done"), days=_DAYS),
    _tool("log_workout", "Note a workout.", sport=_text("Which sport"), minutes=_whole("How long")),
    _tool("log_drink", "Note what was drunk.", drink=_text("Which drink"), ml=_whole("Millilitres")),
    _tool("log_distance", "Note a distance.", sport=_text("Which sport"), metres=_whole("How far")),
    _tool("add_ingredient", "Add to a recipe.", ingredient=_text("Which"), grams=_whole("How much")),
    _tool("pause_subscription", "Pause a subscription.", name=_text("Which"), days=_whole("How many days")),
    _tool("book_hotel", "Book a hotel.", name=_text("Name of the hotel")),
    _tool("search_hotels", "Find hotels.", city=_text("City")),
    _tool("book_flight", "Book a flight.", flight=_text("Number of the flight")),
    _tool("search_flights", "Find flights.", to=_text("Destination")),
    _tool("account_balance", "Tell how much is in an account.", account=_text("Which account")),
)
MORE_TOOLS: dict[str, Schema] = {tool["name"]: tool for tool in _MORE}
