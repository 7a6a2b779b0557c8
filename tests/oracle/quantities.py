"""Quantity parameters: a number with its unit, as written or brought to the base units of UCUM.

https://hl7.org/fhir/R4/search.html#quantity and https://ucum.org/ucum
"""

from decimal import Decimal
from typing import NamedTuple

from tests.oracle import numbers
from tests.oracle.definitions import Value, is_a
from tests.oracle.numbers import INFINITE, Asked, Interval
from tests.oracle.words import plain, split
from tests.oracle.world import World

UCUM = "http://unitsofmeasure.org"
CURRENCIES = "urn:iso:std:iso:4217"
# Code → how much of the dimension's own unit one is, where zero stands, and the dimension.
UNITS = {
    "ug": ("0.000001", "0", "mass"),
    "mg": ("0.001", "0", "mass"),
    "g": ("1", "0", "mass"),
    "kg": ("1000", "0", "mass"),
    "mg/dL": ("0.01", "0", "mass by volume"),
    "mg/L": ("0.001", "0", "mass by volume"),
    "g/L": ("1", "0", "mass by volume"),
    "mmol/L": ("1", "0", "amount by volume"),
    "umol/L": ("0.001", "0", "amount by volume"),
    "mol/m3": ("1", "0", "amount by volume"),
    "mm": ("0.001", "0", "length"),
    "cm": ("0.01", "0", "length"),
    "m": ("1", "0", "length"),
    "[in_i]": ("0.0254", "0", "length"),
    "s": ("1", "0", "time"),
    "min": ("60", "0", "time"),
    "h": ("3600", "0", "time"),
    "d": ("86400", "0", "time"),
    "mm[Hg]": ("133.322", "0", "pressure"),
    "kPa": ("1000", "0", "pressure"),
    "K": ("1", "0", "temperature"),
    "Cel": ("1", "273.15", "temperature"),
}


class Unit(NamedTuple):
    """A unit by its system and code, and as it is printed."""

    system: str = ""
    code: str = ""
    printed: str = ""


def unit_of(value: Value) -> Unit:
    """Give the unit of a Quantity, of a Range's ends, the currency of a Money."""
    json = value.json
    if value.type == "Range":
        json = json.get("low") or json.get("high") or {}
    if value.type == "Money":
        return Unit(CURRENCIES, json.get("currency", ""))
    return Unit(json.get("system", ""), json.get("code", ""), json.get("unit", ""))


def interval(value: Value) -> Interval | None:
    """Give what a value may be: `comparator` leaves it open on one side."""
    if value.type == "Range":
        return numbers.interval(value)
    if not (is_a(value.type, "Quantity") or value.type == "Money") or "value" not in value.json:
        return None
    number = Decimal(value.json["value"])
    match value.json.get("comparator"):
        case "<" | "<=" as comparator:
            return Interval(-INFINITE, number, low_open=True, high_open=comparator == "<")
        case ">" | ">=" as comparator:
            return Interval(number, INFINITE, low_open=comparator == ">", high_open=True)
        case _:
            return Interval(number, number)


def compares(text: str, value: Value, _world: World) -> bool:
    """`number`, `number|system|code`, `number||code` with the code or the unit as printed."""
    number, *rest = (plain(part) for part in split(text, "|", 3))
    prefix, asked = numbers.read(number)
    found = interval(value)
    if found is None:
        return False
    holds = numbers.PREFIXES[prefix]
    here = unit_of(value)
    if not any(rest):
        return holds(found, asked)
    system, code = rest
    if not system:
        return code in (here.code, here.printed) and holds(found, asked)
    if (here.system, here.code) == (system, code):
        return holds(found, asked)
    if {system, here.system} != {UCUM} or not {code, here.code} <= set(UNITS):
        return False
    alike = UNITS[code][2] == UNITS[here.code][2]
    return alike and holds(brought(found, here.code), asked_in_base(asked, code))


def brought(found: Interval, code: str) -> Interval:
    """Bring a value to the dimension's own unit."""
    factor, zero, _ = UNITS[code]
    low, high = (end * Decimal(factor) + Decimal(zero) for end in (found.low, found.high))
    return found._replace(low=low, high=high)


def asked_in_base(asked: Asked, code: str) -> Asked:
    """Bring what is asked for to the dimension's own unit, and its rounding with it."""
    factor, zero, _ = UNITS[code]
    return Asked(asked.number * Decimal(factor) + Decimal(zero), asked.half * Decimal(factor))


MODIFIERS = {"": compares}


def order(value: Value, _world: World) -> tuple[Decimal, bool] | None:
    """Sort by the number as written, whatever the unit; more than 5 comes behind 5."""
    found = interval(value)
    return (found.low, found.low_open) if found else None
