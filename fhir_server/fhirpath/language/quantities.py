"""Quantities: calendar durations and UCUM units, as far as the environment knows units.

https://hl7.org/fhirpath/N1/#quantity and https://hl7.org/fhirpath/N1/#time-valued-quantities
"""

from decimal import Decimal
from typing import TypeAlias

from fhir_server.fhirpath.language.environment import Environment
from fhir_server.fhirpath.language.values import plain
from fhir_server.fhirpath.syntax import CALENDAR

# value, unit (UCUM's, or a calendar's in the singular), whether it is a calendar's
Quantity: TypeAlias = tuple[Decimal, str, bool]

# What a calendar's unit is in UCUM; year and month are so only for equivalence.
UCUM = {
    "year": "a",
    "month": "mo",
    "week": "wk",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
    "millisecond": "ms",
}
_MONTHS = {"year": Decimal(12), "month": Decimal(1)}


def literal(value: Decimal, unit: str) -> Quantity:
    """Give the quantity of a literal: its unit is quoted, or a calendar's word."""
    if unit.startswith("'"):
        return value, unit[1:-1], False
    word = unit.removesuffix("s")
    return value, word, word in CALENDAR


def text(of: Quantity) -> str:
    """Give it as a literal: `1 'wk'`, `2 weeks`."""
    value, unit, calendar = of
    if not calendar:
        return f"{plain(value)} '{unit}'"
    return f"{plain(value)} {unit}" if value == 1 else f"{plain(value)} {unit}s"


def base(of: Quantity, environment: Environment) -> tuple[Decimal, str]:
    """Give the value in a unit that all that can be compared with it share."""
    value, unit, calendar = of
    if calendar and unit in _MONTHS:
        return value * _MONTHS[unit], "month"
    code = UCUM[unit] if calendar else unit
    return environment.units(value, code) or (value, f"'{code}'")


def compare(left: Quantity, right: Quantity, environment: Environment) -> int | None:
    """Give -1, 0 or 1; None for units that have nothing in common."""
    if left[1:] == right[1:]:
        one, other = left[0], right[0]
    else:
        (one, unit), (other, other_unit) = base(left, environment), base(right, environment)
        if unit != other_unit:
            return None
    return (one > other) - (one < other)


def in_unit_of(of: Quantity, target: Quantity, environment: Environment) -> Decimal | None:
    """Give the value of one quantity in the unit of another; None if that cannot be."""
    if of[1:] == target[1:]:
        return of[0]
    value, unit = base(definite(of), environment)
    one, other_unit = base(definite((Decimal(1), *target[1:])), environment)
    return value / one if unit == other_unit and one else None


def definite(of: Quantity) -> Quantity:
    """Give a calendar duration as the UCUM unit it is equivalent to."""
    return (of[0], UCUM[of[1]], False) if of[2] else of


def product(left: Quantity, right: Quantity) -> Quantity:
    """Give `left * right`."""
    one, other = definite(left), definite(right)
    if one[1] == "1" or other[1] == "1":
        unit = other[1] if one[1] == "1" else one[1]
        return one[0] * other[0], unit, False
    return one[0] * other[0], f"{_grouped(one[1])}.{_grouped(other[1])}", False


def quotient(left: Quantity, right: Quantity) -> Quantity:
    """Give `left / right`; the right value is not zero."""
    one, other = definite(left), definite(right)
    if one[1] == other[1]:
        unit = "1"
    elif other[1] == "1":
        unit = one[1]
    else:
        unit = f"{_grouped(one[1])}/{_grouped(other[1])}"
    return one[0] / other[0], unit, False


def _grouped(unit: str) -> str:
    return f"({unit})" if "." in unit or "/" in unit else unit
