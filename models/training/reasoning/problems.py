"""Reasoning problems: a request, the facts, the thought that works it out, and the checked plan."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...dialects import facts_text
from ..corpus import Call, Json, Turn
from . import amounts, clock, when
from .choices import choose
from .draw import Draw, Exhausted, Worked
from .several_days import several_days
from .tools import ALIKE
from .wordings import bookings, calendar, choices, goods, log, money, names, payments, reminders, tasks
from .wordings.clock import AT_A_TIME

_ACCOUNTS = ("current", "shared", "holiday", "business", "household", "joint", "travel", "family", "club")
_LOCALES = ("en_GB", "en_US", "de_DE", "fr_FR", "en_IN", "es_ES", "pl_PL")


@dataclass(frozen=True, slots=True)
class Problem:
    """A request with its worked-out plan. lines: the thought, one line each."""

    kind: str
    request: str
    facts: str
    lines: tuple[str, ...]
    plan: tuple[Call, ...]
    history: tuple[Turn, ...] = ()

    @property
    def thought(self) -> str:
        """The text of the think block."""
        return "\n".join(self.lines)


def problems(seed: int, held_out: bool) -> Iterator[Problem]:
    """Problems without end, every kind as often as the others; the same seed gives the same ones."""
    draw = Draw(random.Random(seed), held_out)
    while True:
        kinds = list(KINDS)
        draw.rng.shuffle(kinds)
        for kind in kinds:
            now = datetime(2024, 1, 1) + timedelta(minutes=draw.between(0, 5 * 365 * 24 * 60))
            if kind in (_before_time, _end_of_event, _their_time, _from_now):
                now = now.replace(hour=draw.between(6, 20))
            draw.tries = 0
            try:
                problem = kind(draw, now)
            except Exhausted:
                continue
            problem = replace(
                problem, kind=kind.__name__.strip("_"), facts=facts_text(now, draw.any(_LOCALES))
            )
            yield _as_typed(_with_its_tool(problem, draw), draw)


def _with_its_tool(problem: Problem, draw: Draw) -> Problem:
    """Often with another tool that does the same."""
    call = problem.plan[0]
    if call.tool not in ALIKE or draw.chance(0.6):
        return problem
    return replace(problem, plan=(draw.any(ALIKE[call.tool]).call(call), *problem.plan[1:]))


def _as_typed(problem: Problem, draw: Draw) -> Problem:
    """Sometimes with a capital at the start and a full stop, as people type."""
    request = problem.request
    if draw.chance(0.4):
        request = request[0].upper() + request[1:]
    if draw.chance(0.3) and request[-1].isalnum():
        request += "."
    return replace(problem, request=request)


def _problem(frame: str, lines: tuple[str, ...], *plan: Call, history: tuple[Turn, ...] = ()) -> Problem:
    return Problem("", frame, "", lines, plan, history)


def _day_with_time(draw: Draw, now: datetime, chance: float = 0.4) -> Worked:
    worked = when.day(draw, now)
    if not draw.chance(chance):
        return worked
    hour, minute = draw.between(7, 21), draw.any((0, 0, 0, 15, 30, 45))
    said = draw.of(AT_A_TIME).format(d=worked.said, t=clock.spoken_time(draw, hour, minute))
    value = f"{worked.value}T{hour:02}:{minute:02}"
    return Worked(said, value, (*worked.lines, value), worked.numbers)


def _remind(draw: Draw, now: datetime) -> Problem:
    worked, task = _day_with_time(draw, now), draw.of(tasks.TASKS)
    request = draw.of(reminders.REMIND).format(task=task, when=worked.said)
    return _problem(request, worked.lines, Call("create_reminder", {"text": task, "due": worked.value}))


def _schedule(draw: Draw, now: datetime) -> Problem:
    worked, title = _day_with_time(draw, now, 0.6), draw.of(tasks.TITLES)
    request = draw.of(calendar.SCHEDULE).format(title=title, when=worked.said)
    return _problem(request, worked.lines, Call("create_event", {"title": title, "start": worked.value}))


def _move(draw: Draw, now: datetime) -> Problem:
    worked, title = _day_with_time(draw, now), draw.of(tasks.TITLES)
    request = draw.of(calendar.MOVE).format(title=f"the {title}", when=worked.said)
    return _problem(request, worked.lines, Call("move_event", {"title": title, "start": worked.value}))


def _list_events(draw: Draw, now: datetime) -> Problem:
    worked = when.day(draw, now)
    request = draw.of(calendar.LIST).format(when=worked.said)
    return _problem(request, worked.lines, Call("list_events", {"when": worked.value}))


def _before_time(draw: Draw, now: datetime) -> Problem:
    worked = clock.beside_a_time(draw, now)
    if draw.chance(0.3):
        return _problem(
            draw.of(reminders.ALARM).format(when=worked.said),
            worked.lines,
            Call("set_alarm", {"time": worked.value}),
        )
    task = draw.of(tasks.TASKS)
    request = draw.of(reminders.REMIND).format(task=task, when=worked.said)
    return _problem(request, worked.lines, Call("create_reminder", {"text": task, "due": worked.value}))


def _from_now(draw: Draw, now: datetime) -> Problem:
    while now.hour > 19:
        now = now.replace(hour=draw.between(7, 19))
    worked, task = clock.from_now(draw, now), draw.of(tasks.TASKS)
    request = draw.of(reminders.REMIND).format(task=task, when=worked.said)
    return _problem(request, worked.lines, Call("create_reminder", {"text": task, "due": worked.value}))


def _end_of_event(draw: Draw, now: datetime) -> Problem:
    worked, start, end = clock.start_and_end(draw, now)
    title = draw.of(tasks.TITLES)
    request = draw.of(calendar.SCHEDULE).format(title=title, when=worked.said)
    return _problem(request, worked.lines, Call("create_event", {"title": title, "start": start, "end": end}))


def _their_time(draw: Draw, now: datetime) -> Problem:
    worked = clock.their_time(draw, now)
    if draw.chance(0.5):
        title = draw.of(tasks.TITLES)
        request = draw.of(calendar.SCHEDULE).format(title=title, when=worked.said)
        return _problem(request, worked.lines, Call("create_event", {"title": title, "start": worked.value}))
    task = draw.of(tasks.TASKS)
    request = draw.of(reminders.REMIND).format(task=task, when=worked.said)
    return _problem(request, worked.lines, Call("create_reminder", {"text": task, "due": worked.value}))


def _block_days(draw: Draw, now: datetime) -> Problem:
    worked, label = several_days(draw, now), draw.of(tasks.LABELS)
    request = draw.of(calendar.BLOCK).format(when=worked.said, label=label)
    return _problem(request, worked.lines, Call("block_days", {"days": worked.value, "label": label}))


def _plan_chore(draw: Draw, now: datetime) -> Problem:
    worked, chore = several_days(draw, now), draw.of(tasks.CHORES)
    request = draw.of(calendar.CHORE).format(when=worked.said, chore=chore)
    return _problem(request, worked.lines, Call("plan_chore", {"chore": chore, "days": worked.value}))


def _table(draw: Draw, now: datetime) -> Problem:
    worked, place = amounts.people(draw, names.PEOPLE), draw.of(names.PLACES)
    request = draw.of(bookings.TABLE).format(place=place, people=worked.said)
    return _problem(request, worked.lines, Call("book_table", {"place": place, "people": worked.value}))


def _tickets(draw: Draw, now: datetime) -> Problem:
    worked, event = amounts.people(draw, names.PEOPLE), draw.of(names.EVENTS)
    request = draw.of(bookings.TICKETS).format(event=event, people=worked.said)
    return _problem(request, worked.lines, Call("buy_tickets", {"event": event, "count": worked.value}))


def _split(draw: Draw, now: datetime) -> Problem:
    count, name = amounts.people(draw, names.PEOPLE), draw.of(names.PEOPLE)
    worked = amounts.share(draw, count)
    total = f"{worked.said} {draw.any(('euros', 'dollars', 'pounds'))}"
    request = draw.of(money.SPLIT).format(total=total, people=count.said, name=name)
    return _problem(request, worked.lines, Call("request_money", {"sender": name, "amount": worked.value}))


def _rest(draw: Draw, now: datetime) -> Problem:
    total, spent, worked = amounts.part_of_rest(draw)
    if draw.chance(0.5):
        request = draw.of(money.REST_SAVE).format(total=total, spent=spent, part=worked.said)
        return _problem(request, worked.lines, Call("move_to_savings", {"amount": worked.value}))
    name = draw.of(names.PEOPLE)
    request = draw.of(money.REST_SEND).format(total=total, spent=spent, part=worked.said, name=name)
    return _problem(request, worked.lines, Call("send_money", {"to": name, "amount": worked.value}))


def _part_of_balance(draw: Draw, now: datetime) -> Problem:
    while True:
        total = 60 * draw.between(1, 16)
        worked = amounts.part_of(draw, total)
        if draw.owns("balance", *worked.numbers):
            break
    account = draw.any(_ACCOUNTS)
    asked = draw.of(money.BALANCE_ASKED).format(account=account)
    history = (Turn(asked, (Call("account_balance", {"account": account}),), (total,)),)
    if draw.chance(0.5):
        request = draw.of(money.LEFT_SAVE).format(part=worked.said)
        return _problem(
            request, worked.lines, Call("move_to_savings", {"amount": worked.value}), history=history
        )
    name = draw.of(names.PEOPLE)
    request = draw.of(money.LEFT).format(part=worked.said, name=name)
    call = Call("send_money", {"to": name, "amount": worked.value})
    return _problem(request, worked.lines, call, history=history)


def _tip(draw: Draw, now: datetime) -> Problem:
    bill, percent, worked = amounts.with_tip(draw)
    payee = draw.of(goods.PAYEES)
    request = draw.of(payments.TIP).format(payee=payee, bill=bill, percent=percent)
    return _problem(request, worked.lines, Call("pay_bill", {"to": payee, "amount": worked.value}))


def _several(draw: Draw, now: datetime) -> Problem:
    _, price, worked = amounts.several(draw)
    name = draw.of(names.PEOPLE)
    request = draw.of(payments.SEVERAL).format(name=name, n=worked.said, price=price)
    return _problem(request, worked.lines, Call("send_money", {"to": name, "amount": worked.value}))


def _cart(draw: Draw, now: datetime) -> Problem:
    worked, item = amounts.dozens(draw), draw.of(goods.ITEMS)
    joined = f"{worked.said} of {item}" if "pairs" in worked.said else f"{worked.said} {item}"
    request = draw.of(bookings.CART_PACKS).replace("{n} {item}", joined)
    return _problem(request, worked.lines, Call("add_to_cart", {"item": item, "quantity": worked.value}))


def _workout(draw: Draw, now: datetime) -> Problem:
    worked, sport = amounts.minutes(draw), draw.of(goods.SPORTS)
    request = draw.of(log.WORKOUT).format(length=worked.said, sport=sport)
    return _problem(request, worked.lines, Call("log_workout", {"sport": sport, "minutes": worked.value}))


def _units(draw: Draw, now: datetime) -> Problem:
    worked, unit = amounts.in_smaller_units(draw)
    if unit == "ml":
        drink = draw.of(goods.DRINKS)
        request = draw.of(log.DRINK).format(amount=worked.said, drink=drink)
        return _problem(request, worked.lines, Call("log_drink", {"drink": drink, "ml": worked.value}))
    if unit == "metres":
        sport = draw.of(goods.SPORTS)
        request = draw.of(log.DISTANCE).format(amount=worked.said, sport=sport)
        return _problem(request, worked.lines, Call("log_distance", {"sport": sport, "metres": worked.value}))
    ingredient = draw.of(goods.INGREDIENTS)
    request = draw.of(log.INGREDIENT).format(amount=worked.said, ingredient=ingredient)
    call = Call("add_ingredient", {"ingredient": ingredient, "grams": worked.value})
    return _problem(request, worked.lines, call)


def _pause(draw: Draw, now: datetime) -> Problem:
    worked, name = amounts.weeks(draw), draw.of(goods.SUBSCRIPTIONS)
    request = draw.of(bookings.PAUSE).format(name=name, weeks=worked.said)
    return _problem(request, worked.lines, Call("pause_subscription", {"name": name, "days": worked.value}))


def _cheapest(draw: Draw, now: datetime) -> Problem:
    choice = choose(draw, names.HOTELS, False, draw.any((2, 3, 3)), 40, 320)
    style = draw.of(choices.OPTIONS)
    options = [style.format(n=n, p=p) for n, p in zip(choice.names, choice.numbers, strict=True)]
    listed = ", ".join(options[:-1]) + draw.any((" and ", " and ", " or ", ", ")) + options[-1]
    request = draw.of(choices.CHEAPEST).format(options=listed)
    return _problem(request, choice.lines, Call("book_hotel", {"name": choice.wanted}))


def _among_hotels(draw: Draw, now: datetime) -> Problem:
    dearest = draw.chance(0.25)
    choice = choose(draw, names.HOTELS, dearest, draw.any((2, 3, 3, 4)), 40, 320)
    city = draw.of(names.CITIES)
    results: list[Json] = [
        {"name": name, "price": price} for name, price in zip(choice.names, choice.numbers, strict=True)
    ]
    asked = draw.of(choices.HOTELS_ASKED).format(city=city)
    history = (Turn(asked, (Call("search_hotels", {"city": city}),), (results,)),)
    request = draw.of(choices.DEAREST_EARLIER if dearest else choices.CHEAPEST_EARLIER)
    return _problem(request, choice.lines, Call("book_hotel", {"name": choice.wanted}), history=history)


def _among_flights(draw: Draw, now: datetime) -> Problem:
    latest = draw.chance(0.5)
    flights = [f"{draw.of(names.CARRIERS)}{draw.between(100, 999)}" for _ in range(40)]
    choice = choose(draw, tuple(dict.fromkeys(flights)), latest, draw.any((2, 3, 3)), 6, 23)
    city = draw.of(names.CITIES)
    minutes = draw.any((0, 5, 10, 30, 45))
    results: list[Json] = [
        {"flight": name, "departs": f"{hour:02}:{minutes:02}"}
        for name, hour in zip(choice.names, choice.numbers, strict=True)
    ]
    asked = draw.of(choices.FLIGHTS_ASKED).format(city=city)
    history = (Turn(asked, (Call("search_flights", {"to": city}),), (results,)),)
    request = draw.of(choices.LATEST_EARLIER if latest else choices.EARLIEST_EARLIER)
    return _problem(request, choice.lines, Call("book_flight", {"flight": choice.wanted}), history=history)


Kind = Callable[[Draw, datetime], Problem]

KINDS: tuple[Kind, ...] = (
    _remind,
    _remind,
    _schedule,
    _schedule,
    _move,
    _list_events,
    _before_time,
    _from_now,
    _end_of_event,
    _their_time,
    _block_days,
    _plan_chore,
    _table,
    _tickets,
    _split,
    _rest,
    _part_of_balance,
    _tip,
    _several,
    _cart,
    _workout,
    _units,
    _pause,
    _cheapest,
    _among_hotels,
    _among_flights,
)
