"""Values: fixed and pattern values, least and greatest values, lengths.

https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.fixed_x_
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_server.fhir import decimals
from fhir_server.fhir.dates import date_range, time_range
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.json import dump
from fhir_server.validation.findings import Findings, error
from fhir_server.validation.profiles.walk import Check, Item, Walk

_UCUM = "http://unitsofmeasure.org"
_LEAST_LENGTH = "http://hl7.org/fhir/StructureDefinition/minLength"
_SHORT = 200
_R5_ELEMENT = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition."


def given(element: Mapping[str, Any], stem: str) -> tuple[str, Any] | None:
    """Give the type and value of `fixed[x]`, `pattern[x]`, `minValue[x]` or `maxValue[x]`."""
    for key, value in element.items():
        if key.startswith(stem) and key[len(stem) : len(stem) + 1].isupper():
            return key.removeprefix(stem), value
    return None


def value_checks(element: Mapping[str, Any]) -> Iterator[Check]:
    """Give the checks of what an ElementDefinition says of the value itself."""
    if fixed := given(element, "fixed"):
        yield Like(fixed[1], exact=True)
    if pattern := given(element, "pattern"):
        yield Like(pattern[1], exact=False)
    for stem, sign in (("minValue", 1), ("maxValue", -1)):
        if bound := given(element, stem):
            yield _bounded(bound[1], sign)
    if isinstance(length := element.get("maxLength"), int):
        yield _no_longer(length)


def presence_checks(element: Mapping[str, Any]) -> Iterator[Check]:
    """Give the checks written as extensions: whether a value must be there, and how long."""
    alternatives: list[str] = []
    for one in element.get("extension", ()):
        name = str(one.get("url", "")).removeprefix(_R5_ELEMENT)
        if name == "mustHaveValue" and one.get("valueBoolean") is True:
            yield _present([])
        if name == _LEAST_LENGTH and isinstance(least := one.get("valueInteger"), int):
            yield _no_shorter(least)
        if name == "valueAlternatives":
            alternatives.append(str(one.get("valueCanonical", "")))
    if alternatives:
        yield _present(alternatives)


def _present(alternatives: list[str]) -> Check:
    """Check that there is a value, or one of these extensions instead."""
    or_ = f", or one of the extensions {', '.join(alternatives)}" if alternatives else ""

    def check(item: Item, _walk: Walk) -> Findings | None:
        if item[1] is not None:
            return None
        extensions = (item[2] or {}).get("extension", ())
        if any(one.get("url") in alternatives for one in extensions):
            return None
        return error("required", f"a value must be given{or_[:_SHORT]}")

    return check


def same(left: Any, right: Any) -> bool:
    """Say whether two JSON values are equal; numbers are by their value."""
    if type(left) is str:
        return type(right) is str and left == right
    if decimals.is_number(left) and decimals.is_number(right):
        return decimals.equal(left, right)
    if type(left) is dict and type(right) is dict:
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and bool(left == right)


def fits(value: Any, pattern: Any) -> bool:
    """Say whether a value has everything a pattern has; arrays in any order, with more."""
    if type(pattern) is dict:
        return type(value) is dict and all(
            key in value and fits(value[key], inner) for key, inner in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(
            any(fits(one, inner) for one in value) for inner in pattern
        )
    return same(value, pattern)


@dataclass(frozen=True, slots=True, eq=False)
class Like:
    """Check that a value is the one that is wanted, if not `exact` that it has all of it."""

    wanted: Any
    exact: bool

    @property
    def compare(self) -> Callable[[Any, Any], bool]:
        """What tells whether a value is like what is wanted."""
        return same if self.exact else fits

    def __call__(self, item: Item, _walk: Walk) -> Findings | None:
        """Give what is wrong with an item."""
        return None if self.compare(item[1], self.wanted) else error("value", self._told())

    def _told(self) -> str:
        wanted = self.wanted
        how = "the value must be exactly" if self.exact else "the value must have"
        if isinstance(wanted, str):
            return f"{how} {wanted[:_SHORT]!r}"
        return f"{how} {dump(wanted).decode()[:_SHORT]}"


def _bounded(bound: Any, sign: int) -> Check:
    shown = bound if isinstance(bound, str) else dump(bound).decode()
    told = f"the value must be {'at least' if sign > 0 else 'at most'} {shown[:_SHORT]}"

    def check(item: Item, walk: Walk) -> Findings | None:
        order = _order(item[1], bound, walk)
        return error("value", told) if order is not None and order * sign < 0 else None

    return check


def _order(value: Any, bound: Any, walk: Walk) -> int | None:
    """Give -1, 0 or 1 as the value is below, at or above the bound; None if that cannot be told."""
    try:
        if isinstance(value, Mapping) and isinstance(bound, Mapping):
            return _order_of_quantities(value, bound, walk)
        if isinstance(value, str) and isinstance(bound, str):
            read = time_range if bound[2:3] == ":" else _dates
            (low, high), (least, most) = read(value), read(bound)
            return -1 if high <= least else 1 if low >= most else 0
        if decimals.is_number(value) and decimals.is_number(bound):
            left, right = decimals.decimal(value), decimals.decimal(bound)
            return int(Decimal.compare(left, right))
    except (Invalid, InvalidOperation):
        return None
    return None


def _order_of_quantities(
    value: Mapping[str, Any], bound: Mapping[str, Any], walk: Walk
) -> int | None:
    """Compare quantities of one unit, or of units of UCUM that measure the same."""
    if value.get("code") == bound.get("code") and value.get("system") == bound.get("system"):
        return _order(value.get("value"), bound.get("value"), walk)
    if not (value.get("system") == bound.get("system") == _UCUM):
        return None
    left, right = _in_base_units(value, walk), _in_base_units(bound, walk)
    if left is None or right is None or left[1] != right[1]:
        return None
    return int(Decimal.compare(left[0], right[0]))


def _in_base_units(quantity: Mapping[str, Any], walk: Walk) -> tuple[Decimal, str] | None:
    number, code = quantity.get("value"), quantity.get("code")
    if not decimals.is_number(number) or number is None or not isinstance(code, str):
        return None
    return walk.visit.definitions.canonical(decimals.decimal(number), code)


def _dates(text: str) -> tuple[int, int]:
    return date_range(text, UTC)


def _no_longer(length: int) -> Check:
    told = f"at most {length} characters may be given"

    def check(item: Item, _walk: Walk) -> Findings | None:
        is_long = isinstance(item[1], str) and len(item[1]) > length
        return error("too-long", told) if is_long else None

    return check


def _no_shorter(length: int) -> Check:
    told = f"at least {length} characters are needed"

    def check(item: Item, _walk: Walk) -> Findings | None:
        is_short = isinstance(item[1], str) and len(item[1]) < length
        return error("value", told) if is_short else None

    return check
