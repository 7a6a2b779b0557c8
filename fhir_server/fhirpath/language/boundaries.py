"""How exactly a value is known: its least and its greatest possible value, its precision.

https://hl7.org/fhirpath/N1/#lowboundaryprecision-integer-decimal--date--datetime--time
"""

import calendar
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from fhir_server.fhirpath.language import quantities, temporal
from fhir_server.fhirpath.language.arithmetic import EXACT, integer
from fhir_server.fhirpath.language.calls import value_in
from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.step import (
    NOTHING,
    Builder,
    Scope,
    Step,
    boolean,
    collection,
    single,
)
from fhir_server.fhirpath.language.values import kind_of, system, value_of
from fhir_server.fhirpath.syntax import FhirPathError, Node

_MAX_PLACES = 28
_DEFAULT = {"Integer": 8, "Decimal": 8, "Quantity": 8, "Date": 8, "DateTime": 17, "Time": 9}
# Digits a moment is written with → how long its text is.
_LENGTHS = {4: 4, 6: 7, 8: 10, 10: 13, 12: 16, 14: 19, 17: 23}
_TIMES = {2: 2, 4: 5, 6: 8, 9: 12}


def _number(value: int | Decimal, places: int, side: int) -> Decimal | None:
    if not 0 <= places <= _MAX_PLACES:
        return None
    number = Decimal(value)
    exponent = int(number.as_tuple().exponent)
    if not -_MAX_PLACES <= exponent <= _MAX_PLACES:
        return None
    half = Decimal((0, (5,), min(exponent, 0) - 1))
    rounding = ROUND_FLOOR if side < 0 else ROUND_CEILING
    return EXACT.add(number, half * side).quantize(Decimal((0, (1,), -places)), rounding, EXACT)


def _moment(kind: str, text: str, digits: int, side: int) -> str | None:
    length = _LENGTHS.get(digits)
    known = temporal.moment(text)
    if known is None or length is None or (kind == "Date" and digits > _DEFAULT["Date"]):
        return None
    numbers, offset = known
    date, _, rest = text.partition("T")
    clock = rest.removesuffix("Z").partition("+")[0].partition("-")[0]
    zone = rest[len(clock) :]
    whole = _filled_date(date, len(numbers), side) + "T" + _filled_time(clock, side)
    if digits <= _DEFAULT["Date"]:
        return whole[:length]
    if offset is None:
        zone = "+14:00" if side < 0 else "-12:00"
    return whole[:length] + zone


def _filled_date(date: str, known: int, side: int) -> str:
    if known == 1:
        date += "-01" if side < 0 else "-12"
    if known <= 2:  # noqa: PLR2004 (year and month)
        year, month = int(date[:4]), int(date[5:7])
        date += "-01" if side < 0 else f"-{calendar.monthrange(year, month)[1]}"
    return date


def _filled_time(clock: str, side: int) -> str:
    if len(clock) < _LENGTHS[8]:
        full = "00:00:00.000" if side < 0 else "23:59:59.999"
        return clock + full[len(clock) :]
    return clock.ljust(12, "0" if side < 0 else "9")


def _time(text: str, digits: int, side: int) -> str | None:
    if temporal.time(text) is None or digits not in _TIMES:
        return None
    return _filled_time(text, side)[: _TIMES[digits]]


def _bound(kind: str, value: Any, digits: int, side: int) -> Any:
    if kind in ("Integer", "Decimal"):
        return _number(value, digits, side)
    if kind == "Quantity":
        number = _number(value[0], digits, side)
        return None if number is None else (number, *value[1:])
    return _time(value, digits, side) if kind == "Time" else _moment(kind, value, digits, side)


def _boundary(side: int) -> Builder:
    def build(scope: Scope, source: Step, arguments: tuple[Node, ...]) -> Step:
        before = source.run
        precision = scope.compile(scope, arguments[0]).run if arguments else None

        def run(this: Item, frame: Frame) -> list[Item]:
            item = single(before(this, frame), "what a boundary is asked of")
            if item is None:
                return NOTHING
            kind, value = kind_of(item), value_of(item)
            if kind not in _DEFAULT:
                raise FhirPathError(f"{item[0]} has no boundaries")
            digits = value_in(precision(this, frame), ("Integer",)) if precision else _DEFAULT[kind]
            if value is None or digits is None:
                return NOTHING
            found = _bound(kind, value, digits, side)
            return NOTHING if found is None else [_item(kind, found)]

        return collection(run)

    return build


def _item(kind: str, found: Any) -> Item:
    return system("Decimal" if kind == "Integer" else kind, found)


def _precision(_scope: Scope, source: Step, _arguments: tuple[Node, ...]) -> Step:
    before = source.run

    def run(this: Item, frame: Frame) -> list[Item]:
        item = single(before(this, frame), "what precision() is called on")
        if item is None:
            return NOTHING
        kind, value = kind_of(item), value_of(item)
        if kind not in _DEFAULT or kind == "Quantity":
            raise FhirPathError(f"{item[0]} has no precision")
        if value is None:
            return NOTHING
        return integer(_digits(kind, value))

    return collection(run)


def _digits(kind: str, value: Any) -> int:
    if kind in ("Integer", "Decimal"):
        return max(-int(Decimal(value).as_tuple().exponent), 0)
    date, _, rest = value.partition("T")
    clock = rest.removesuffix("Z").partition("+")[0].partition("-")[0]
    return sum(character.isdigit() for character in date + clock)


def _comparable(scope: Scope, source: Step, arguments: tuple[Node, ...]) -> Step:
    one, other = source.run, scope.compile(scope, arguments[0]).run

    def run(this: Item, frame: Frame) -> list[Item]:
        left = value_in(one(this, frame), ("Quantity",))
        right = value_in(other(this, frame), ("Quantity",))
        if left is None or right is None:
            return NOTHING
        return boolean(quantities.in_unit_of(left, right, frame.environment) is not None)

    return collection(run)


FUNCTIONS: dict[str, tuple[int, int, Builder]] = {
    "lowBoundary": (0, 1, _boundary(-1)),
    "highBoundary": (0, 1, _boundary(1)),
    "precision": (0, 0, _precision),
    "comparable": (1, 1, _comparable),
}
