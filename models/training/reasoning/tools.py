"""The tools of the reasoning problems that are not built in: with numbers, dates and lists as arguments."""

from __future__ import annotations

from dataclasses import dataclass

from ..corpus import Call, Json, Schema


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


@dataclass(frozen=True, slots=True)
class Alike:
    """A tool that does what a problem's own one does. own: what the latter calls each argument."""

    schema: Schema
    own: dict[str, str]

    def call(self, call: Call) -> Call:
        """The same call, of this tool."""
        return Call(
            self.schema["name"],
            {name: call.args[own] for name, own in self.own.items() if own in call.args},
        )


def _alike(tool: str, about: str, /, **arguments: tuple[str, Json]) -> Alike:
    """arguments: each with the name that the problem's own tool has for it."""
    schema = _tool(tool, about, **{name: parameter for name, (_, parameter) in arguments.items()})
    return Alike(schema, {name: own for name, (own, _) in arguments.items()})


ALIKE: dict[str, tuple[Alike, ...]] = {
    "create_reminder": (
        _alike("add_task", "Put a task on the list.", task=("text", _text("Task")), due_at=("due", _TIME)),
        _alike("notify_me", "Notify later.", at=("due", _TIME), message=("text", _text("What to say"))),
        _alike("add_todo", "Note something to do.", what=("text", _text("What to do")), by=("due", _TIME)),
    ),
    "set_alarm": (
        _alike("wake_up", "Wake the user.", at=("time", _TIME)),
        _alike("start_alarm_clock", "Let the alarm clock ring.", rings=("time", _TIME)),
    ),
    "move_event": (
        _alike(
            "reschedule", "Give an event a new time.", event=("title", _text("Event")), to=("start", _TIME)
        ),
        _alike(
            "change_date",
            "Change when something is.",
            new_start=("start", _TIME),
            name=("title", _text("What")),
        ),
    ),
    "list_events": (
        _alike("show_agenda", "Show the agenda of a day.", day=("when", _DAY)),
        _alike("get_appointments", "Look up appointments.", date=("when", _DAY)),
    ),
    "book_table": (
        _alike(
            "reserve_restaurant",
            "Book seats in a restaurant.",
            restaurant=("place", _text("Name of the restaurant")),
            guests=("people", _whole("Number of guests")),
        ),
        _alike(
            "make_reservation",
            "Make a reservation.",
            seats=("people", _whole("Seats")),
            venue=("place", _text("Where")),
        ),
    ),
    "buy_tickets": (
        _alike(
            "order_tickets",
            "Order tickets for an event.",
            quantity=("count", _whole("Number of tickets")),
            show=("event", _text("Event")),
        ),
        _alike("book_seats", "Book seats.", what=("event", _text("Event")), seats=("count", _whole("Seats"))),
    ),
    "request_money": (
        _alike(
            "send_invoice",
            "Send someone an invoice.",
            customer=("sender", _text("Who pays")),
            total=("amount", _number("Sum")),
        ),
        _alike(
            "collect_debt",
            "Ask for what is owed.",
            sum=("amount", _number("Sum")),
            debtor=("sender", _text("Who")),
        ),
    ),
    "send_money": (
        _alike(
            "transfer",
            "Transfer money.",
            sum=("amount", _number("Sum")),
            recipient=("to", _text("Recipient")),
        ),
        _alike(
            "pay_person", "Pay a person.", person=("to", _text("Who")), value=("amount", _number("How much"))
        ),
    ),
    "move_to_savings": (
        _alike("save_money", "Put money aside.", sum=("amount", _number("Sum"))),
        _alike("deposit", "Deposit into savings.", value=("amount", _number("How much"))),
    ),
    "pay_bill": (
        _alike(
            "settle_bill",
            "Settle a bill.",
            total=("amount", _number("Sum with tip")),
            payee=("to", _text("Payee")),
        ),
        _alike(
            "checkout",
            "Pay at a business.",
            business=("to", _text("Which")),
            sum=("amount", _number("Whole sum")),
        ),
    ),
    "add_to_cart": (
        _alike(
            "order_item",
            "Order something.",
            count=("quantity", _whole("Number")),
            product=("item", _text("Product")),
        ),
        _alike(
            "buy", "Buy goods.", what=("item", _text("What")), pieces=("quantity", _whole("How many pieces"))
        ),
    ),
    "block_days": (
        _alike(
            "set_absence", "Mark days of absence.", reason=("label", _text("Reason")), dates=("days", _DAYS)
        ),
        _alike("reserve_days", "Reserve days.", on=("days", _DAYS), purpose=("label", _text("Purpose"))),
    ),
    "plan_chore": (
        _alike("add_routine", "Add a routine.", dates=("days", _DAYS), task=("chore", _text("Task"))),
        _alike("assign_chore", "Assign a chore.", what=("chore", _text("Chore")), on=("days", _DAYS)),
    ),
    "log_workout": (
        _alike(
            "add_training",
            "Add a training session.",
            duration=("minutes", _whole("Minutes")),
            kind=("sport", _text("Sport")),
        ),
        _alike(
            "track_exercise",
            "Track exercise.",
            activity=("sport", _text("Activity")),
            length=("minutes", _whole("In minutes")),
        ),
    ),
    "log_drink": (
        _alike(
            "track_intake",
            "Track what is drunk.",
            millilitres=("ml", _whole("How much")),
            beverage=("drink", _text("Beverage")),
        ),
        _alike(
            "add_drink",
            "Add a drink to the diary.",
            kind=("drink", _text("Kind")),
            volume=("ml", _whole("In millilitres")),
        ),
    ),
    "log_distance": (
        _alike(
            "track_distance",
            "Track a distance.",
            length=("metres", _whole("In metres")),
            activity=("sport", _text("Activity")),
        ),
        _alike(
            "add_route",
            "Add a route.",
            kind=("sport", _text("Kind of sport")),
            m=("metres", _whole("Metres")),
        ),
    ),
    "add_ingredient": (
        _alike(
            "extend_recipe",
            "Put more into a recipe.",
            g=("grams", _whole("Grams")),
            what=("ingredient", _text("What")),
        ),
        _alike(
            "set_ingredient",
            "Set an ingredient.",
            name=("ingredient", _text("Name")),
            weight=("grams", _whole("In grams")),
        ),
    ),
    "pause_subscription": (
        _alike(
            "suspend",
            "Suspend a service.",
            days=("days", _whole("For how many days")),
            service=("name", _text("Service")),
        ),
        _alike(
            "hold_membership",
            "Put a membership on hold.",
            membership=("name", _text("Which")),
            length=("days", _whole("In days")),
        ),
    ),
    "book_hotel": (
        _alike("reserve_room", "Reserve a room.", hotel=("name", _text("Hotel"))),
        _alike("take_hotel", "Take one of the hotels.", choice=("name", _text("Which"))),
    ),
    "book_flight": (
        _alike("reserve_flight", "Reserve a seat on a flight.", number=("flight", _text("Flight number"))),
        _alike("take_flight", "Take one of the flights.", choice=("flight", _text("Which"))),
    ),
}
"""By a problem's own tool."""
MORE_TOOLS: dict[str, Schema] = {
    tool["name"]: tool for tool in (*_MORE, *(other.schema for others in ALIKE.values() for other in others))
}
_DEEDS = {other.schema["name"]: own for own, others in ALIKE.items() for other in others}


def deed(tool: str) -> str:
    """What a tool does, as the name of a problem's own tool: only one that does what is asked is offered."""
    return _DEEDS.get(tool, tool)
