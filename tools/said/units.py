"""Units as people name them, and conversion between them by pint.

pint reads "C" as coulomb, "Mb" as megabarn and "kilos" as kiloseconds. What people mean is looked up here
first; single words that are not listed go to pint, whole expressions never do.
"""

import math
import re
from functools import cache

import pint
from pint.facets.plain import PlainUnit

_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_SUPERSCRIPTS = {"²": 2, "³": 3, "^2": 2, "^3": 3, "2": 2, "3": 3}
_FACTOR = re.compile(r"(?:(square|sq|cubic|cu)\.? )?([^\d²³^]+?)(²|³|\^?[23])?", re.IGNORECASE)
_PER = re.compile(r"\s*/\s*| per | an? (?=hour|minute|second|day|week)", re.IGNORECASE)
_DEGREES = re.compile(r"^(?:degrees?|deg\.?|grad|°)\s*")
_TEMPERATURES = {
    "degC": ("c", "celsius", "centigrade"),
    "degF": ("f", "fahrenheit", "farenheit", "fahrenheight"),
    "kelvin": ("k", "kelvin", "kelvins"),
    "degR": ("rankine",),
}
# Names that pint doesn't know or reads as something else, where capitals don't matter.
_NAMES = {
    "kilo": "kilogram",
    "kilos": "kilogram",
    "kg": "kilogram",
    "kgs": "kilogram",
    "lb": "pound",
    "lbs": "pound",
    "avoirdupois pounds": "pound",
    "st": "stone",
    "quintal": "quintal",
    "quintals": "quintal",
    "troy ounces": "troy_ounce",
    "troy ounce": "troy_ounce",
    "troy oz": "troy_ounce",
    "us tons": "short_ton",
    "short tons": "short_ton",
    "short ton": "short_ton",
    "long tons": "long_ton",
    "long ton": "long_ton",
    "imperial tons": "long_ton",
    "metric tons": "metric_ton",
    "metric ton": "metric_ton",
    "metric tonnes": "metric_ton",
    "fl oz": "fluid_ounce",
    "fl. oz": "fluid_ounce",
    "fluid ounce": "fluid_ounce",
    "fluid ounces": "fluid_ounce",
    "us gallon": "gallon",
    "us gallons": "gallon",
    "us pints": "pint",
    "us cups": "cup",
    "imperial gallon": "imperial_gallon",
    "imperial gallons": "imperial_gallon",
    "uk gallons": "imperial_gallon",
    "imperial pint": "imperial_pint",
    "imperial pints": "imperial_pint",
    "uk pints": "imperial_pint",
    "imperial fluid ounces": "imperial_fluid_ounce",
    "tablespoonfuls": "tablespoon",
    "teaspoonfuls": "teaspoon",
    "stick of butter": "stick_of_butter",
    "sticks of butter": "stick_of_butter",
    "l": "liter",
    "mls": "milliliter",
    "kms": "kilometer",
    "cms": "centimeter",
    "nautical mile": "nautical_mile",
    "nautical miles": "nautical_mile",
    "statute mile": "mile",
    "statute miles": "mile",
    "light year": "light_year",
    "light years": "light_year",
    "cubit": "cubit",
    "cubits": "cubit",
    "mach": "mach",
    "kmh": "kilometer / hour",
    "kph": "kilometer / hour",
    "kmph": "kilometer / hour",
    "lunar month": "lunar_month",
    "lunar months": "lunar_month",
    "leap year": "leap_year",
    "leap years": "leap_year",
    "kb": "kilobyte",
    "mb": "megabyte",
    "gb": "gigabyte",
    "tb": "terabyte",
}
# Symbols in which a capital makes the difference.
_SYMBOLS = {
    "NM": "nautical_mile",
    "kb": "kilobit",
    "Mb": "megabit",
    "Gb": "gigabit",
    "Tb": "terabit",
    "b": "bit",
    "B": "byte",
}
_DEFINITIONS = (
    "quintal = 100 * kilogram",
    "stick_of_butter = 113.4 * gram",
    "cubit = 18 * inch",
    "mach = 340.29 * meter / second",  # at sea level, 15 degrees Celsius
    "lunar_month = 29.530588 * day",
    "leap_year = 366 * day",
)


def convert(value: float, from_unit: str, to_unit: str) -> float:
    """`value` from one unit to another, with 10 significant digits. Gallons, pints and tons are the US ones.

    Raises ValueError that names the unit which isn't known, or says that the two measure different things.
    """
    source, target = _unit(from_unit), _unit(to_unit)
    try:
        converted = float(_registry().Quantity(value, source).to(target).magnitude)
    except pint.DimensionalityError:
        raise ValueError(
            f"{from_unit} cannot be converted to {to_unit}: they measure different things."
        ) from None
    if not math.isfinite(converted):
        raise ValueError(f"{value} {from_unit} is too large to convert.")
    rounded = float(f"{converted:.10g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded


@cache
def _registry() -> "pint.UnitRegistry[float]":
    """Made at the first conversion: it reads a long list of definitions, which takes half a second."""
    registry: pint.UnitRegistry[float] = pint.UnitRegistry()
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


def _unit(said: str) -> PlainUnit:
    text = " ".join(said.split())
    temperature = _temperature(text)
    if temperature:
        return _registry().Unit(temperature)
    numerator, *denominators = _PER.split(text)
    unit = _factor(numerator, said)
    for denominator in denominators:
        unit = unit / _factor(denominator, said)
    return unit


def _temperature(text: str) -> str | None:
    bare = _DEGREES.sub("", text.lower())
    return next((unit for unit, names in _TEMPERATURES.items() if bare in names), None)


def _factor(text: str, said: str) -> PlainUnit:
    known = _known(text)
    if known is not None:
        return known
    found = _FACTOR.fullmatch(text)
    if found:
        power, name, superscript = found.groups()
        known = _known(name.strip())
        if known is not None:
            return known ** (_POWERS[power.lower()] if power else _SUPERSCRIPTS.get(superscript or "", 1))
    raise ValueError(f"{said!r} is not a unit I know. Use a name like 'cups' or 'miles per hour'.")


def _known(name: str) -> PlainUnit | None:
    units = _registry()
    if name in _SYMBOLS:
        return units.Unit(_SYMBOLS[name])
    if name.lower() in _NAMES:
        return units.Unit(_NAMES[name.lower()])
    respelled = re.sub(r"grammes?$", "grams", name)
    for spelling in (respelled, respelled.lower()):
        if re.fullmatch(r"[A-Za-zµμΩÅ]+", spelling) and spelling in units:
            return units.Unit(spelling)
    return None
