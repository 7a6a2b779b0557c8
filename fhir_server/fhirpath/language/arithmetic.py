"""Arithmetic: exact decimals, 32-bit integers, quantities, dates and durations.

What cannot be (a division by zero, an overflow) is empty.
https://hl7.org/fhirpath/N1/#math
"""

from collections.abc import Callable
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Any

from fhir_server.fhirpath.language import durations, quantities
from fhir_server.fhirpath.language.environment import MAX_TEXT, Environment, Exceeded, Frame, Item
from fhir_server.fhirpath.language.equality import amount
from fhir_server.fhirpath.language.step import NOTHING, Step, collection, single
from fhir_server.fhirpath.language.values import kind_of, system, value_of
from fhir_server.fhirpath.syntax import FhirPathError

MAX_INTEGER = 2**31 - 1
# Enough that no sum or product of what people write is rounded.
EXACT = Context(
    prec=100,
    rounding=ROUND_HALF_EVEN,
    Emin=MIN_EMIN,
    Emax=MAX_EMAX,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
DIVIDED = Context(
    prec=28,
    rounding=ROUND_HALF_EVEN,
    Emin=MIN_EMIN,
    Emax=MAX_EMAX,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
# No quotient is longer than this many digits before the point.
_MAX_DIGITS = 400

_Numbers = Callable[[Any, Any], Any]


def integer(value: int) -> list[Item]:
    """Give an integer, or nothing if it is over 32 bits."""
    return [system("Integer", value)] if -MAX_INTEGER - 1 <= value <= MAX_INTEGER else NOTHING


def number(value: int | Decimal) -> list[Item]:
    """Give a number as what it is."""
    if isinstance(value, int):
        return integer(value)
    return [system("Decimal", value)] if value.is_finite() else NOTHING


def _plus(left: Decimal, right: Decimal) -> Decimal:
    return EXACT.add(left, right)


def _minus(left: Decimal, right: Decimal) -> Decimal:
    return EXACT.subtract(left, right)


def _times(left: Decimal, right: Decimal) -> Decimal:
    return EXACT.multiply(left, right)


def _divide(left: Decimal, right: Decimal) -> Decimal:
    return DIVIDED.divide(Decimal(left), Decimal(right))


def _div(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        whole = abs(left) // abs(right)
        return whole if (left < 0) == (right < 0) else -whole
    found = EXACT.divide_int(Decimal(left), Decimal(right))
    return int(found) if found.adjusted() < _MAX_DIGITS else found


def _mod(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return rest if left >= 0 else -rest
    return EXACT.remainder(Decimal(left), Decimal(right))


def _integers(one: Callable[[int, int], int], decimal: _Numbers) -> _Numbers:
    def work(left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(right, int):
            return one(left, right)
        return decimal(Decimal(left), Decimal(right))

    return work


_NUMBERS: dict[str, _Numbers] = {
    "+": _integers(lambda left, right: left + right, _plus),
    "-": _integers(lambda left, right: left - right, _minus),
    "*": _integers(lambda left, right: left * right, _times),
    "/": _divide,
    "div": _div,
    "mod": _mod,
}


def build(operator: str) -> Callable[[Step, Step], Step]:
    """Give the operator: two steps → the step of their sum, product, …."""

    def built(left: Step, right: Step) -> Step:
        one, other = left.run, right.run

        def run(this: Item, frame: Frame) -> list[Item]:
            first = single(one(this, frame), f"the left side of {operator}")
            second = single(other(this, frame), f"the right side of {operator}")
            if first is None or second is None:
                return NOTHING
            return work(operator, first, second, frame.environment)

        return collection(run)

    return built


def work(operator: str, left: Item, right: Item, environment: Environment) -> list[Item]:
    """Give `left operator right`; FhirPathError for types that have no such operator."""
    kind, other = kind_of(left), kind_of(right)
    one, two = value_of(left), value_of(right)
    try:
        if {kind, other} <= {"Integer", "Decimal"}:
            return NOTHING if one is None or two is None else number(_NUMBERS[operator](one, two))
        if kind == other == "String" and operator == "+":
            return NOTHING if one is None or two is None else text(one + two)
        if {kind, other} <= {"Integer", "Decimal", "Quantity"}:
            return (
                NOTHING if one is None or two is None else _amounts(operator, one, two, environment)
            )
        if kind in ("Date", "DateTime", "Time") and other == "Quantity" and operator in ("+", "-"):
            return NOTHING if one is None or two is None else _moved(kind, one, two, operator)
    except (InvalidOperation, DivisionByZero, Overflow, ZeroDivisionError):
        return NOTHING
    raise FhirPathError(f"there is no {left[0]} {operator} {right[0]}")


def text(found: str) -> list[Item]:
    """Give a string, unless it is too long."""
    if len(found) > MAX_TEXT:
        raise Exceeded(f"the expression makes a string of more than {MAX_TEXT} characters")
    return [system("String", found)]


def _amounts(operator: str, left: Any, right: Any, environment: Environment) -> list[Item]:
    one, other = amount(left), amount(right)
    if operator in ("+", "-"):
        value = quantities.in_unit_of(other, one, environment)
        if value is None:
            return NOTHING
        return [system("Quantity", (_NUMBERS[operator](one[0], value), *one[1:]))]
    if operator == "*":
        return [system("Quantity", quantities.product(one, other))]
    if operator == "/" and other[0]:
        return [system("Quantity", quantities.quotient(one, other))]
    return NOTHING


def _moved(kind: str, moment: str, by: quantities.Quantity, operator: str) -> list[Item]:
    value = -by[0] if operator == "-" else by[0]
    moved = durations.add(kind, moment, (value, *by[1:]))
    return NOTHING if moved is None else [system(kind, moved)]


def concatenate(left: Step, right: Step) -> Step:
    """Give `left & right`: strings, an empty one for nothing."""
    one, other = left.run, right.run

    def run(this: Item, frame: Frame) -> list[Item]:
        return text(_string(one(this, frame)) + _string(other(this, frame)))

    return collection(run)


def _string(items: list[Item]) -> str:
    item = single(items, "a side of &")
    if item is None:
        return ""
    value = value_of(item)
    if kind_of(item) != "String":
        raise FhirPathError(f"{item[0]} is no string")
    return str(value) if value is not None else ""


ARITHMETIC: dict[str, Callable[[Step, Step], Step]] = {
    **{operator: build(operator) for operator in _NUMBERS},
    "&": concatenate,
}
