"""Functions from one type to another: `toInteger()`, `convertsToInteger()`, ….

https://hl7.org/fhirpath/N1/#conversion
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_server.fhirpath.language import quantities, temporal
from fhir_server.fhirpath.language.arithmetic import MAX_INTEGER
from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.step import (
    NOTHING,
    Builder,
    Scope,
    Step,
    collection,
    condition,
    single,
)
from fhir_server.fhirpath.language.values import kind_of, plain, system, value_of
from fhir_server.fhirpath.syntax import CALENDAR, Node

_TRUE = ("true", "t", "yes", "y", "1", "1.0")
_FALSE = ("false", "f", "no", "n", "0", "0.0")
_INTEGER = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,400}(?:\.\d{1,400})?", re.ASCII)
_QUANTITY = re.compile(
    r"(?P<value>[+-]?\d{1,400}(?:\.\d{1,400})?)\s*(?:(?P<unit>'[^']+')|(?P<word>[a-z]+))?", re.ASCII
)

# A value and its kind → the value as another kind, None if it is none.
_Conversion = Callable[[Any, str], Any]


def _to_boolean(value: Any, kind: str) -> bool | None:
    if kind == "Boolean":
        return bool(value)
    if kind in ("Integer", "Decimal"):
        return {Decimal(1): True, Decimal(0): False}.get(Decimal(value))
    if kind == "String":
        word = value.lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return None


def _to_integer(value: Any, kind: str) -> int | None:
    if kind in ("Integer", "Boolean"):
        return int(value)
    if kind != "String" or not _INTEGER.fullmatch(value):
        return None
    found = int(value)
    return found if -MAX_INTEGER - 1 <= found <= MAX_INTEGER else None


def _to_decimal(value: Any, kind: str) -> Decimal | None:
    if kind in ("Integer", "Decimal", "Boolean"):
        return Decimal(value)
    return Decimal(value) if kind == "String" and _DECIMAL.fullmatch(value) else None


def to_string(value: Any, kind: str) -> str | None:
    """Give a value as text."""
    if kind == "Boolean":
        return "true" if value else "false"
    if kind in ("Integer", "Decimal"):
        return plain(Decimal(value))
    if kind == "Quantity":
        return quantities.text(value)
    return value if isinstance(value, str) else None


def _to_quantity(value: Any, kind: str) -> quantities.Quantity | None:
    if kind == "Quantity":
        return (value[0], value[1], value[2])
    if kind != "String":
        number = _to_decimal(value, kind)
        return None if number is None else (number, "1", False)
    found = _QUANTITY.fullmatch(value)
    word = "" if found is None else found["word"] or ""
    if found is None or (word and word.removesuffix("s") not in CALENDAR):
        return None
    return quantities.literal(Decimal(found["value"]), word or found["unit"] or "'1'")


def _to_date(value: Any, kind: str) -> str | None:
    if kind not in ("Date", "DateTime", "String") or temporal.moment(value) is None:
        return None
    return str(value).partition("T")[0]


def _to_date_time(value: Any, kind: str) -> str | None:
    known = kind in ("Date", "DateTime", "String") and temporal.moment(value) is not None
    return str(value) if known else None


def _to_time(value: Any, kind: str) -> str | None:
    known = kind in ("Time", "String") and temporal.time(value) is not None
    return str(value) if known else None


_TO: dict[str, _Conversion] = {
    "Boolean": _to_boolean,
    "Integer": _to_integer,
    "Decimal": _to_decimal,
    "String": to_string,
    "Quantity": _to_quantity,
    "Date": _to_date,
    "DateTime": _to_date_time,
    "Time": _to_time,
}


def _converted(item: Item, convert: _Conversion) -> Any:
    value, kind = value_of(item), kind_of(item)
    try:
        return None if value is None else convert(value, kind)
    except InvalidOperation:
        return None


def _to(kind: str) -> Builder:
    def build(scope: Scope, source: Step, arguments: tuple[Node, ...]) -> Step:
        before, unit = source.run, _unit(scope, arguments)

        def run(this: Item, frame: Frame) -> list[Item]:
            item = single(before(this, frame), f"what to{kind}() is called on")
            found = None if item is None else _converted(item, _TO[kind])
            if found is not None and unit is not None:
                found = _in_unit(found, unit(this, frame), frame)
            return NOTHING if found is None else [system(kind, found)]

        return collection(run, frozenset([f"System.{kind}"]))

    return build


def _converts_to(kind: str) -> Builder:
    def build(scope: Scope, source: Step, arguments: tuple[Node, ...]) -> Step:
        before, unit = source.run, _unit(scope, arguments)

        def decide(this: Item, frame: Frame) -> bool | None:
            item = single(before(this, frame), f"what convertsTo{kind}() is called on")
            if item is None:
                return None
            found = _converted(item, _TO[kind])
            if found is not None and unit is not None:
                found = _in_unit(found, unit(this, frame), frame)
            return found is not None

        return condition(decide)

    return build


def _unit(scope: Scope, arguments: tuple[Node, ...]) -> Callable[[Item, Frame], list[Item]] | None:
    return scope.compile(scope, arguments[0]).run if arguments else None


def _in_unit(
    found: quantities.Quantity, unit: list[Item], frame: Frame
) -> quantities.Quantity | None:
    item = single(unit, "a unit")
    if item is None or not isinstance(item[1], str):
        return None
    word = item[1].removesuffix("s")
    target = quantities.literal(Decimal(1), word if word in CALENDAR else f"'{item[1]}'")
    value = quantities.in_unit_of(found, target, frame.environment)
    return None if value is None else (value, *target[1:])


FUNCTIONS: dict[str, tuple[int, int, Builder]] = {
    f"{start}{kind}": (0, 1 if kind == "Quantity" else 0, build(kind))
    for kind in _TO
    for start, build in (("to", _to), ("convertsTo", _converts_to))
}
