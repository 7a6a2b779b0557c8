"""Equality, equivalence and order of items and collections.

https://hl7.org/fhirpath/N1/#equality and https://hl7.org/fhirpath/N1/#comparison
"""

from collections.abc import Callable, Hashable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from fhir_server.fhir import decimals
from fhir_server.fhirpath.language import quantities, temporal
from fhir_server.fhirpath.language.environment import Environment, Frame, Item
from fhir_server.fhirpath.language.values import decimal, kind_of, value_of
from fhir_server.fhirpath.syntax import FhirPathError

_NUMBERS = ("Integer", "Decimal")
_DATES = ("Date", "DateTime")
_ONE = "1"


def equal(left: Sequence[Item], right: Sequence[Item], frame: Frame) -> bool | None:
    """Say whether two collections are equal, in order; None if that is not known."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    if len(left) == 1:
        return same(left[0], right[0], frame.environment)
    frame.spend(len(left))
    found = [same(a, b, frame.environment) for a, b in zip(left, right, strict=True)]
    return False if False in found else None if None in found else True


def same(left: Item, right: Item, environment: Environment) -> bool | None:
    """Say whether two items are equal."""
    kind, other = kind_of(left), kind_of(right)
    if not kind or not other:
        return kind == other and _plain(left[1]) == _plain(right[1])
    if kind == other and type(left[1]) is str and left[1] == right[1]:
        return True
    one, two = value_of(left), value_of(right)
    if one is None or two is None:
        return _uncountable(left, right)
    if (kind == other and kind not in _ORDERED) or (kind in _NUMBERS and other in _NUMBERS):
        return bool(one == two)
    order = _order(kind, other)
    if order is None:
        return False
    found = order(one, two, environment)
    return None if found is None else found == 0


def _uncountable(left: Item, right: Item) -> bool | None:
    """Compare FHIR quantities that are none of FHIRPath's: those with a comparator, or no value."""
    if type(left[1]) is dict and type(right[1]) is dict:
        return bool(_plain(left[1]) == _plain(right[1]))
    return None


def compare(left: Item, right: Item, environment: Environment) -> int | None:
    """Give -1, 0 or 1; None if that is not known. FhirPathError for what has no order."""
    kind, other = kind_of(left), kind_of(right)
    one, two = value_of(left), value_of(right)
    if (kind in _NUMBERS and other in _NUMBERS) or kind == other == "String":
        return None if one is None or two is None else (one > two) - (one < two)
    order = _order(kind, other)
    if order is None:
        raise FhirPathError(f"{left[0]} and {right[0]} cannot be compared")
    return None if one is None or two is None else order(one, two, environment)


def _order(kind: str, other: str) -> Callable[[Any, Any, Environment], int | None] | None:
    if kind in _DATES and other in _DATES:
        return _dates
    if "Quantity" in (kind, other) and {kind, other} <= {"Quantity", *_NUMBERS}:
        return _amounts
    return _times if kind == other == "Time" else None


def _dates(left: str, right: str, _environment: Environment) -> int | None:
    one, two = temporal.moment(left), temporal.moment(right)
    return None if one is None or two is None else temporal.compare(one, two)


def _times(left: str, right: str, _environment: Environment) -> int | None:
    one, two = temporal.time(left), temporal.time(right)
    return None if one is None or two is None else temporal.compare(one, two)


def _amounts(left: Any, right: Any, environment: Environment) -> int | None:
    return quantities.compare(amount(left), amount(right), environment)


def amount(value: Any) -> quantities.Quantity:
    """Give a number as a quantity without a unit."""
    return value if isinstance(value, tuple) else (Decimal(value), _ONE, False)


_ORDERED = ("Date", "DateTime", "Time", "Quantity")


def equivalent(left: Sequence[Item], right: Sequence[Item], frame: Frame) -> bool:
    """Say whether two collections are equivalent, in any order."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for item in left:
        frame.spend(len(rest))
        found = next((at for at, other in enumerate(rest) if alike(item, other, frame)), None)
        if found is None:
            return False
        del rest[found]
    return True


def alike(left: Item, right: Item, frame: Frame) -> bool:
    """Say whether two items are equivalent."""
    kind, other = kind_of(left), kind_of(right)
    one, two = value_of(left), value_of(right)
    if one is None or two is None:
        return kind == other and _loose(left[1]) == _loose(right[1])
    if kind == other == "String":
        return bool(_words(one) == _words(two))
    if kind in _NUMBERS and other in _NUMBERS:
        return _roughly(Decimal(one), Decimal(two))
    if _order(kind, other) is _amounts:
        return _amounts_alike(amount(one), amount(two), frame.environment)
    return same(left, right, frame.environment) is True


def _amounts_alike(
    left: quantities.Quantity, right: quantities.Quantity, environment: Environment
) -> bool:
    """Compare in the coarser unit, so that what is not written is not compared."""
    value = quantities.in_unit_of(right, left, environment)
    if value is None:
        return False
    if right[0] and abs(value) > abs(right[0]):
        value = quantities.in_unit_of(left, right, environment)
        return value is not None and _roughly(value, right[0])
    return _roughly(left[0], value)


def _words(text: str) -> str:
    return " ".join(text.lower().split())


def _roughly(left: Decimal, right: Decimal) -> bool:
    """Compare as far as the less precise one is written."""
    places = max(_exponent(left), _exponent(right))
    if left == right or (places >= 0 and left.adjusted() != right.adjusted()):
        return left == right
    try:
        unit = Decimal((0, (1,), min(places, 0)))
        return left.quantize(unit, ROUND_HALF_UP) == right.quantize(unit, ROUND_HALF_UP)
    except InvalidOperation:
        return False


def _exponent(number: Decimal) -> int:
    return int(number.normalize().as_tuple().exponent)


def _plain(value: Any) -> Any:
    """Give a JSON value so that numbers of one value are equal."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return ("number", decimal(value)) if decimals.is_number(value) else value


def _loose(value: Any) -> Any:
    """Give a JSON value so that equivalent ones are equal."""
    if isinstance(value, dict):
        return {name: _loose(inner) for name, inner in value.items() if name != "id"}
    if isinstance(value, list):
        return sorted((_loose(inner) for inner in value), key=repr)
    return _words(value) if isinstance(value, str) else _plain(value)


def key(item: Item, environment: Environment) -> Hashable:
    """Give what all items that are equal to this one share, and no other."""
    kind = kind_of(item)
    value = value_of(item)
    if value is None:
        return ("", repr(_sorted(item[1])), repr(_sorted(item[2])))
    if kind in _NUMBERS:
        return ("Number", Decimal(value))
    if kind == "Quantity":
        return (kind, *quantities.base(value, environment))
    if kind not in _DATES and kind != "Time":
        return (kind, value)
    moment = temporal.time(value) if kind == "Time" else temporal.moment(value)
    return ("Time" if kind == "Time" else "Date", value if moment is None else temporal.key(moment))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((name, _sorted(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return [_sorted(inner) for inner in value]
    return _plain(value)
