"""Values of answers: taken from their `value[x]`, compared, put in order, told."""

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_server.fhir import dates, decimals
from fhir_server.fhir.errors import Invalid

_SHORT = 60
_DATES = ("Date", "DateTime", "Instant")


def value_of(holder: Mapping[str, Any], name: str) -> tuple[str, Any] | None:
    """Give the type and value of `name[x]`: `("Integer", 5)`; None if there is none."""
    for key, value in holder.items():
        if key.startswith(name) and key[len(name) : len(name) + 1].isupper():
            return key[len(name) :], value
    return None


def same(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    """Say whether two values are equal; a Coding by system and code, a Reference by reference."""
    if one[0] != other[0]:
        return False
    left, right = one[1], other[1]
    if one[0] == "Coding":
        return _key(left, "system", "code") == _key(right, "system", "code")
    if one[0] == "Reference":
        return _key(left, "reference") == _key(right, "reference")
    if decimals.is_number(left) and decimals.is_number(right):
        return decimals.equal(left, right)
    return bool(left == right)


def _key(value: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(value.get(name) for name in names)


def ordered(type_: str, value: Any) -> Decimal | str | tuple[int, int] | None:
    """Give what a value is ordered by: a number, a span of time, a text; None if by nothing."""
    if type_ in _DATES:
        return span(value)
    if decimals.is_number(value):
        return number(value)
    if type_ == "Quantity":
        return number(value.get("value"))
    return value if isinstance(value, str) else None


def span(text: str) -> tuple[int, int] | None:
    """Give the microseconds a date lasts; None if it is none."""
    try:
        return dates.date_range(text, UTC)
    except Invalid:
        return None


def number(value: Any) -> Decimal | None:
    """Give a number's exact value; None for anything else."""
    try:
        return decimals.decimal(value) if decimals.is_number(value) else None
    except InvalidOperation:
        return None


def told(value: Any) -> str:
    """Give a value as a message shows it, short."""
    if isinstance(value, Mapping):
        parts = (value.get(name) for name in ("system", "code", "reference", "value", "unit"))
        return " ".join(told(part) for part in parts if part is not None) or "this answer"
    text = decimals.text(value) if decimals.is_number(value) else str(value)
    return text[:_SHORT]
