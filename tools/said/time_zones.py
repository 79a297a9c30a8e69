"""Time zones as people name them: a city, a country, "Pacific time", "CET", "GMT+2"."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from .names import folded

_OFFSET = re.compile(r"(?:utc|gmt)\s*([+-])\s*(\d{1,2})(?::?([0-5]\d))?")
_ZONES = {
    "America/New_York": (
        "eastern time, et, est, edt, boston, washington, washington dc, miami, atlanta, philadelphia, new "
        "york city, nyc, orlando, charlotte, baltimore, pittsburgh, cleveland"
    ),
    "America/Chicago": (
        "central time, ct, cst, cdt, houston, dallas, austin, san antonio, minneapolis, new orleans, "
        "nashville, st louis, kansas city, milwaukee, memphis"
    ),
    "America/Denver": "mountain time, mt, mst, mdt, salt lake city, albuquerque",
    "America/Los_Angeles": (
        "pacific time, pt, pst, pdt, san francisco, san diego, seattle, portland, las vegas, la, "
        "sacramento, oakland, california, san jose, silicon valley"
    ),
    "America/Anchorage": "alaska time, akst, akdt",
    "Pacific/Honolulu": "hawaii, hawaii time, hst",
    "America/Toronto": "ottawa, montreal, quebec",
    "America/Edmonton": "calgary",
    "America/St_Johns": "st. john's, newfoundland",
    "America/Sao_Paulo": "rio, rio de janeiro, brasilia, belo horizonte",
    "America/Panama": "panama city",
    "America/Guayaquil": "quito",
    "Europe/London": (
        "uk, united kingdom, britain, england, scotland, wales, bst, edinburgh, glasgow, manchester, "
        "birmingham, leeds, liverpool, bristol, cardiff, oxford, cambridge, sheffield, newcastle"
    ),
    "Europe/Dublin": "cork, galway",
    "Europe/Paris": "cet, cest, central european time, lyon, marseille, nice, toulouse, bordeaux, strasbourg",
    "Europe/Berlin": "munich, hamburg, cologne, frankfurt, stuttgart, dresden, leipzig, dusseldorf",
    "Europe/Madrid": "barcelona, valencia, seville, bilbao",
    "Europe/Lisbon": "porto",
    "Europe/Rome": "milan, naples, turin, florence, venice, bologna",
    "Europe/Zurich": "geneva, basel, bern",
    "Europe/Warsaw": "krakow, gdansk, wroclaw",
    "Europe/Amsterdam": "rotterdam, the hague, utrecht",
    "Europe/Stockholm": "gothenburg, malmo",
    "Europe/Athens": "eet, eest, thessaloniki",
    "Europe/Istanbul": "ankara, izmir",
    "Europe/Moscow": "msk, st petersburg, saint petersburg",
    "Africa/Casablanca": "marrakesh, marrakech, rabat, fez",
    "Africa/Dar_es_Salaam": "zanzibar",
    "Africa/Johannesburg": "cape town, durban, pretoria, sast",
    "Africa/Lagos": "abuja",
    "Asia/Riyadh": "jeddah, mecca, medina",
    "Asia/Qatar": "doha",
    "Asia/Dubai": "abu dhabi",
    "Asia/Jerusalem": "israel",
    "Asia/Tehran": "isfahan",
    "Asia/Kolkata": (
        "ist, india, delhi, new delhi, mumbai, bombay, pune, bangalore, bengaluru, chennai, hyderabad, "
        "kolkata, ahmedabad, goa, jaipur"
    ),
    "Asia/Karachi": "lahore, islamabad",
    "Asia/Shanghai": "china, beijing, peking, shenzhen, guangzhou, chengdu, wuhan",
    "Asia/Ho_Chi_Minh": "hanoi, saigon, ho chi minh city",
    "Asia/Makassar": "denpasar, bali",
    "Asia/Tokyo": "jst, osaka, kyoto, yokohama, sapporo, nagoya, fukuoka, hiroshima",
    "Asia/Seoul": "kst, busan",
    "Australia/Sydney": "aest, aedt, canberra, newcastle nsw",
    "Australia/Adelaide": "acst, acdt",
    "Australia/Perth": "awst",
    "Australia/Brisbane": "gold coast, queensland",
    "Pacific/Auckland": "nzst, nzdt, wellington, christchurch, new zealand",
    "UTC": "z, zulu, utc, gmt, greenwich",
}


def zone(said: str) -> tzinfo:
    """The time zone that `said` names. Raises ValueError with a sentence for the person if it names none."""
    text = folded(said)
    offset = _OFFSET.fullmatch(text)
    if offset:
        return _fixed(offset)
    *_, after_in = text.split(" in ")  # "home in Leeds"
    for name in dict.fromkeys((text, after_in, after_in.removesuffix(" time"), after_in.split(",")[0])):
        if name in _zones_by_name():
            return ZoneInfo(_zones_by_name()[name])
        zones = _zones_by_country().get(name.removeprefix("the "), [])
        if len({_offsets(key) for key in zones}) > 1:
            raise ValueError(f"{said} has several time zones. Name the city.")
        if zones:
            return ZoneInfo(zones[0])
    raise ValueError(f"I don't know the time zone of {said!r}. Name a big city near it.")


def _fixed(offset: re.Match[str]) -> tzinfo:
    sign, hours, minutes = offset.groups()
    if int(hours) > 14:
        raise ValueError(f"There is no time zone {offset[0]}.")
    delta = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-delta if sign == "-" else delta)


@cache
def _zones_by_name() -> dict[str, str]:
    """City and zone names, folded, to zones of the tz database; our own names win."""
    found = {folded(name): zone for zone, names in _ZONES.items() for name in names.split(", ")}
    for key in sorted(available_timezones()):
        found.setdefault(folded(key), key)
        found.setdefault(folded(key.rpartition("/")[2].replace("_", " ")), key)
    return found


@cache
def _zones_by_country() -> dict[str, list[str]]:
    """Countries, folded, to their zones as the tz database lists them."""
    tables = files("tzdata") / "zoneinfo"
    zones: dict[str, list[str]] = {}
    for country, _, key, *_ in _rows(tables.joinpath("zone.tab").read_text("utf-8")):
        zones.setdefault(country, []).append(key)
    names = _rows(tables.joinpath("iso3166.tab").read_text("utf-8"))
    by_name = {folded(name): zones[code] for code, name in names if code in zones}
    return by_name | {"usa": zones["US"], "us": zones["US"], "america": zones["US"]}


def _offsets(key: str) -> tuple[timedelta | None, ...]:
    """The zone's offsets in winter and in summer: what tells two zones of a country apart."""
    return tuple(datetime(2026, month, 15, tzinfo=ZoneInfo(key)).utcoffset() for month in (1, 7))


def _rows(table: str) -> list[list[str]]:
    return [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
